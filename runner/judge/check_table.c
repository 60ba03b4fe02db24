// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The task table of a report (mm/oom_kill.c:dump_tasks) against the tasks of the OOM domain as they were seen from
 * outside just before: everybody who belongs there, nobody else, each row with the right numbers.
 */
#include <inttypes.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/scene.h"
#include "judge/trial.h"

/* Who has died in an earlier report of the episode, or with somebody there, may still be in the table, or not. */
static bool died_before(const struct episode *e, const struct oom_report *report, int64_t pid)
{
	const char *name = look_text(look_task_pid(e->before, pid), "name");
	for (size_t i = 0; report != e->reports[0] && i < e->expect->n_also_die; i++)
		if (look_same(e->expect->also_die[i], name))
			return true;
	for (size_t i = 0; i < e->n_deaths; i++)
		if (e->deaths[i].tgid == pid && e->reports[e->deaths[i].report] != report)
			return true;
	return false;
}

/* dump_task() leaves out what can't be a candidate by its nature or domain, and lists adj -1000 and reaped ones. */
static bool belongs(enum model_why why)
{
	return why == WHY_ELIGIBLE || why == WHY_ADJ || why == WHY_SKIP || why == WHY_VFORK;
}

static void check_value(struct trial *t, enum check_id id, const struct oom_row *row, enum oom_column c, const char *who,
			int64_t min, int64_t max)
{
	if (row->value[c] == OOM_UNKNOWN)
		return;
	trial_check_range(t, id, who, NULL, min, max, row->value[c]);
}

static void check_row(struct trial *t, const struct episode *e, const struct scene *s, int i, const struct oom_row *row)
{
	const json_t *task = s->rows[i];
	const char *who = look_text(task, "name");
	if (!who)
		return;	/* not ours: it may do as it likes */
	bool still = !trial_grows(t, e, who) && look_int(task, "threads", 1) == 1;
	int64_t k = s->page_kb, vm = look_int(task, "vm_kb", 0) / k;
	int64_t error = model_rss_error(&t->era, SOURCE_STATUS, t->ncpus, 1);
	const struct model_pages *p = &s->tasks[i].pages;
	int64_t rss = p->anon + p->file + p->shmem;
	check_value(t, CHECK_ROW_UID, row, OOM_COL_UID, who, look_int(task, "uid", -1), look_int(task, "uid", -1));
	check_value(t, CHECK_ROW_ADJ, row, OOM_COL_OOM_SCORE_ADJ, who, look_int(task, "adj", 0), look_int(task, "adj", 0));
	if (!still)
		return;
	check_value(t, CHECK_ROW_TOTAL_VM, row, OOM_COL_TOTAL_VM, who, vm, vm);
	/* File pages of a quiet task may be dropped, anonymous ones swapped: then they are in swapents. */
	int64_t swapped = row->value[OOM_COL_SWAPENTS] != OOM_UNKNOWN ? row->value[OOM_COL_SWAPENTS] - p->swap : 0;
	int64_t least = rss - p->file - (swapped > 0 ? swapped : 0) - error;
	check_value(t, CHECK_ROW_RSS, row, OOM_COL_RSS, who, least > 0 ? least : 0, rss + p->swap + error);
	check_value(t, CHECK_ROW_PGTABLES, row, OOM_COL_PGTABLES_BYTES, who, p->ptes * k * 1024, p->ptes * k * 1024);
}

/* The same set of processes; then row by row. */
static void check_members(struct trial *t, const struct episode *e, const struct oom_report *r, const struct scene *s,
			  const struct model_oom *oom, enum constraint constraint)
{
	char missing[256] = "none", extra[256] = "none";
	for (size_t i = 0; i < s->model.n_tasks; i++) {
		const struct model_task *task = &s->tasks[i];
		if (!s->rows[i])
			continue;	/* not born when the snapshot was taken */
		const struct oom_row *row = oom_report_row(r, task->pid);
		bool member = belongs(model_eligible(&t->era, &s->model, oom, constraint, task));
		if (member && !row && !died_before(e, r, task->pid))
			snprintf(missing, sizeof(missing), "%s (pid %" PRId64 ")", task->comm, task->pid);
		if (!member && row)
			snprintf(extra, sizeof(extra), "%s (pid %" PRId64 ")", task->comm, task->pid);
		if (member && row && !died_before(e, r, task->pid))
			check_row(t, e, s, (int)i, row);
	}
	for (size_t i = 0; i < r->n_rows && !trial_stress_ng(t); i++) {
		int64_t tgid = r->rows[i].value[OOM_COL_TGID];
		if (tgid != OOM_UNKNOWN && scene_task(s, tgid) < 0)
			snprintf(extra, sizeof(extra), "%s (pid %" PRId64 ")", r->rows[i].name, tgid);
	}
	trial_check_text(t, CHECK_TABLE_MISSING, NULL, NULL, "none", missing);
	trial_check_text(t, CHECK_TABLE_EXTRA, NULL, NULL, "none", extra);
}

void check_table(struct trial *t, struct episode *e, const struct oom_report *report, size_t index)
{
	(void)index;
	int64_t dump = look_int(json_object_get(e->before, "sysctl"), "vm.oom_dump_tasks", 1);
	trial_check_text(t, CHECK_TABLE, NULL, NULL, dump ? "there" : "not there", report->has_table ? "there" : "not there");
	/* A host's snapshot holds the scene's tasks only: enough for a memcg OOM, which the host target is confined to. */
	if (!report->has_table || !dump || !e->before)
		return;
	struct scene s;
	struct model_oom oom;
	uint64_t totalpages;
	scene_open(&s, t, e->before);
	scene_oom(&s, t, e, report, &oom);
	enum constraint constraint = model_constraint(&t->era, &s.model, &oom, &totalpages);
	check_members(t, e, report, &s, &oom, constraint);
	scene_close(&s);
}
