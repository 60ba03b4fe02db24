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

/* Who has died in an earlier report of the episode, or with somebody there, or in an earlier one, may still be in the table, or not. */
static bool died_before(const struct trial *t, const struct episode *e, const struct oom_report *report, int64_t pid)
{
	if (trial_killed_earlier(t, e, look_task_pid(e->before, pid)))
		return true;
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

static void check_value(struct trial *t, enum check_id id, const struct oom_row *row, enum oom_column c,
			const char *who, int64_t min, int64_t max)
{
	if (row->value[c] != OOM_UNKNOWN)
		trial_check_range(t, id, who, NULL, min > 0 ? min : 0, max, row->value[c]);
}

static void check_exact(struct trial *t, enum check_id id, const struct oom_row *row, enum oom_column c,
			const char *who, int64_t value)
{
	if (row->value[c] != OOM_UNKNOWN)
		trial_check_int(t, id, who, NULL, value, row->value[c]);
}

/*
 * A task that holds still has the pages that it had. Anonymous ones may go to swap, and are in swapents then; tmpfs
 * pages may go there too and leave its rss; a file's may be dropped.
 */
static void check_still(struct trial *t, const struct oom_row *row, const struct scene *s, int i, const char *who,
			int64_t error)
{
	const struct model_pages *p = &s->tasks[i].pages;
	int64_t all = p->anon + p->file + p->shmem, gone = s->model.machine.total_swap ? p->shmem : 0;
	int64_t swapped = row->value[OOM_COL_SWAPENTS] == OOM_UNKNOWN ? 0 : row->value[OOM_COL_SWAPENTS] - p->swap;
	bool swaps = s->model.machine.total_swap > 0;
	int64_t held = model_rss_held(&t->era, 1);
	check_value(t, CHECK_ROW_RSS, row, OOM_COL_RSS, who, all - p->file - gone - (swapped > 0 ? swapped : 0) - error,
		    all + p->swap + error);
	check_value(t, CHECK_ROW_ANON, row, OOM_COL_RSS_ANON, who, swaps ? 0 : p->anon - error,
		    p->anon + p->swap + error);
	check_value(t, CHECK_ROW_FILE, row, OOM_COL_RSS_FILE, who, 0, p->file + error);
	check_value(t, CHECK_ROW_SHMEM, row, OOM_COL_RSS_SHMEM, who, swaps ? 0 : p->shmem - error, p->shmem + error);
	check_value(t, CHECK_ROW_SWAP, row, OOM_COL_SWAPENTS, who, 0, swaps ? p->swap + p->anon + held + error : 0);
	check_exact(t, CHECK_ROW_PGTABLES, row, OOM_COL_PGTABLES_BYTES, who, p->ptes * s->page_kb * 1024);
	check_exact(t, CHECK_ROW_TOTAL_VM, row, OOM_COL_TOTAL_VM, who, look_int(s->rows[i], "vm_kb", 0) / s->page_kb);
}

/* A task that grows has what it had, and more. */
static void check_growing(struct trial *t, const struct oom_row *row, const struct scene *s, int i, const char *who,
			  int64_t error)
{
	const struct model_pages *p = &s->tasks[i].pages;
	int64_t gone = p->file + (s->model.machine.total_swap ? p->shmem : 0);
	int64_t swapents = row->value[OOM_COL_SWAPENTS] == OOM_UNKNOWN ? 0 : row->value[OOM_COL_SWAPENTS];
	int64_t had = p->anon + p->file + p->shmem + p->swap;
	/* What a thread holds back may have left the mm's own counter below 0, which reads as 0 (get_mm_counter()). */
	int64_t hidden = p->anon ? 0 : model_rss_held(&t->era, 1);
	check_value(t, CHECK_ROW_RSS, row, OOM_COL_RSS, who, had - gone - swapents - hidden - error, INT64_MAX);
	check_value(t, CHECK_ROW_PGTABLES, row, OOM_COL_PGTABLES_BYTES, who, p->ptes * s->page_kb * 1024, INT64_MAX);
	check_value(t, CHECK_ROW_TOTAL_VM, row, OOM_COL_TOTAL_VM, who, look_int(s->rows[i], "vm_kb", 0) / s->page_kb,
		    INT64_MAX);
}

/* rss is the sum of its kinds (mm/oom_kill.c:dump_task), to the page where nobody touches the mm meanwhile. */
static void check_sum(struct trial *t, const struct oom_row *row, const char *who)
{
	int64_t anon = row->value[OOM_COL_RSS_ANON], file = row->value[OOM_COL_RSS_FILE];
	int64_t shmem = row->value[OOM_COL_RSS_SHMEM];
	if (anon != OOM_UNKNOWN && file != OOM_UNKNOWN && shmem != OOM_UNKNOWN)
		check_exact(t, CHECK_ROW_SUM, row, OOM_COL_RSS, who, anon + file + shmem);
}

static void check_row(struct trial *t, const struct episode *e, const struct oom_report *r, const struct scene *s,
		      int i, const struct oom_row *row)
{
	const json_t *task = s->rows[i];
	CLEANUP_FREE char *name = look_bytes(look_text(task, "name"));
	const char *who = name ? name : s->tasks[i].comm;
	const json_t *shown = look_shown(task);
	bool single = look_int(task, "threads", 1) == 1;
	if (row->value[OOM_COL_PID] == look_int(shown ? shown : task, "pid", -1))
		trial_check_comm(t, CHECK_ROW_NAME, NULL, look_text(shown ? shown : task, "comm"), row->name);
	check_exact(t, CHECK_ROW_UID, row, OOM_COL_UID, who, look_int(task, "uid", -1));
	check_exact(t, CHECK_ROW_ADJ, row, OOM_COL_OOM_SCORE_ADJ, who, look_int(task, "adj", 0));
	if (shown)
		check_exact(t, CHECK_ROW_PID, row, OOM_COL_PID, who, look_int(shown, "pid", -1));
	if (!name || !single || trial_sizes_move(t, e, look_text(task, "name")))
		return;	/* not ours, or of several threads, told to shrink, or beside init: its sizes may be on the move */
	bool grows = trial_grows(t, e, look_text(task, "name"));
	int64_t error = model_rss_error(&t->era, SOURCE_STATUS, t->ncpus, 1);
	if (grows)
		check_growing(t, row, s, i, who, error);
	else
		check_still(t, row, s, i, who, error);
	if (!grows || r->trigger.pid == s->tasks[i].pid)
		check_sum(t, row, who);
}

/* Does the case move it while somebody asks for memory? Where it is at a report, no snapshot tells. */
static bool moves_meanwhile(const struct trial *t, const struct episode *e, const json_t *row)
{
	bool asked = false;
	for (size_t i = e->first_step; i < e->last_step; i++) {
		const struct step *step = &t->test->steps[i];
		asked |= scene_asks(step);
		if (asked && step->op == STEP_MOVE && look_same(step->tasks[0], look_text(row, "name")))
			return true;
	}
	return false;
}

/* "name (pid n)" into a buffer. */
static void name_row(char *buf, size_t size, const char *comm, int64_t pid)
{
	snprintf(buf, size, "%s (pid %" PRId64 ")", comm, pid);
}

/* The same set of processes; then row by row. */
static void check_members(struct trial *t, const struct episode *e, const struct oom_report *r, const struct scene *s,
			  const struct model_oom *oom, enum constraint constraint)
{
	char missing[256] = "none", extra[256] = "none", twice[256] = "none";
	for (size_t i = 0; i < s->model.n_tasks; i++) {
		const struct model_task *task = &s->tasks[i];
		if (!s->rows[i])
			continue;	/* not born when the snapshot was taken */
		const struct oom_row *row = oom_report_row(r, task->pid);
		/* who is not of the scene comes, goes and moves as it likes on a machine in use */
		if (!trial_own_machine(t) && !look_text(s->rows[i], "name"))
			continue;
		if (moves_meanwhile(t, e, s->rows[i]))
			continue;
		bool member = belongs(model_eligible(&t->era, &s->model, oom, constraint, task));
		if (member && !row && !died_before(t, e, r, task->pid))
			name_row(missing, sizeof(missing), task->comm, task->pid);
		if (!member && row)
			name_row(extra, sizeof(extra), task->comm, task->pid);
		if (member && row && !died_before(t, e, r, task->pid))
			check_row(t, e, r, s, (int)i, row);
	}
	for (size_t i = 0; i < r->n_rows; i++) {
		int64_t tgid = r->rows[i].value[OOM_COL_TGID];
		/* Who was born since is the scene's, if somebody told of it. */
		if (tgid != OOM_UNKNOWN && scene_task(s, tgid) < 0 && !look_name(t->seen, tgid) && trial_own_machine(t) &&
		    !trial_stress_ng(t) && !streq(r->rows[i].name, "oomagent"))
			name_row(extra, sizeof(extra), r->rows[i].name, tgid);
		for (size_t k = 0; k < i; k++)
			if (tgid != OOM_UNKNOWN && r->rows[k].value[OOM_COL_TGID] == tgid)
				name_row(twice, sizeof(twice), r->rows[i].name, tgid);
	}
	trial_check_text(t, CHECK_TABLE_MISSING, NULL, NULL, "none", missing);
	trial_check_text(t, CHECK_TABLE_EXTRA, NULL, NULL, "none", extra);
	trial_check_text(t, CHECK_TABLE_TWICE, NULL, NULL, "none", twice);
}

/* The place of a task of the scene in an order, or -1. */
static int place_in(const int *order, size_t n, int task)
{
	for (size_t i = 0; i < n; i++)
		if (order[i] == task)
			return (int)i;
	return -1;
}

static bool any_moves(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_steps; i++)
		if (t->test->steps[i].op == STEP_MOVE)
			return true;
	return false;
}

/*
 * The rows stand in the order of the scan: that of creation, in a memcg by the tree first (mm/oom_kill.c:dump_tasks).
 * A task that was moved joins its cgroup's list anew, which no snapshot tells.
 */
static void check_order(struct trial *t, const struct oom_report *r, const struct scene *s, int memcg)
{
	if (any_moves(t) || !t->era.table_scan_order)
		return;
	CLEANUP_FREE int *order = xcalloc(s->model.n_tasks, sizeof(*order));
	size_t n = model_scan_order(&s->model, memcg, order);
	int last = -1;
	char seen[128] = "in order";
	for (size_t i = 0; i < r->n_rows; i++) {
		int64_t tgid = r->rows[i].value[OOM_COL_TGID];
		/* A process whose first thread has ended is on another list (kernel/cgroup/cgroup.c: dying_tasks). */
		int task = tgid == OOM_UNKNOWN || tgid != r->rows[i].value[OOM_COL_PID] ? -1 : scene_task(s, tgid);
		int place = task < 0 ? -1 : place_in(order, n, task);
		if (place >= 0 && place < last)
			snprintf(seen, sizeof(seen), "%s (pid %" PRId64 ") too late", r->rows[i].name, tgid);
		if (place > last)
			last = place;
	}
	trial_check_text(t, CHECK_TABLE_ORDER, NULL, NULL, "in order", seen);
}

#define COLUMN(c) (UINT32_C(1) << OOM_COL_##c)

/* The names of these columns, in the order of enum oom_column. The caller frees it. */
static char *name_columns(uint32_t columns)
{
	char *names = xstrdup("");
	for (enum oom_column c = OOM_COL_PID; c <= OOM_COL_NAME; c++) {
		if (!(columns & UINT32_C(1) << c))
			continue;
		char *longer = xasprintf("%s%s%s", names, *names ? " " : "", oom_column_name(c));
		free(names);
		names = longer;
	}
	return names;
}

/* The header names the numbers of the rows (mm/oom_kill.c:dump_tasks): who reads the table finds them by it. */
static void check_columns(struct trial *t, const struct oom_report *r)
{
	uint32_t want = COLUMN(PID) | COLUMN(UID) | COLUMN(TGID) | COLUMN(TOTAL_VM) | COLUMN(RSS) | COLUMN(PGTABLES_BYTES) |
			COLUMN(SWAPENTS) | COLUMN(OOM_SCORE_ADJ) | COLUMN(NAME);
	if (r->header_guessed || era_unsure(&t->era, "table_rss_kinds") || !t->era.pgtables_bytes)
		return;
	if (t->era.table_rss_kinds)
		want |= COLUMN(RSS_ANON) | COLUMN(RSS_FILE) | COLUMN(RSS_SHMEM);
	CLEANUP_FREE char *wanted = name_columns(want), *named = name_columns(r->columns);
	trial_check_text(t, CHECK_TABLE_COLUMNS, NULL, NULL, wanted, named);
}

void check_table(struct trial *t, struct episode *e, const struct oom_report *report)
{
	int64_t dump = look_int(json_object_get(e->before, "sysctl"), "vm.oom_dump_tasks", 1);
	trial_check_text(t, CHECK_TABLE, NULL, NULL, dump ? "there" : "not there",
			 report->has_table ? "there" : "not there");
	/* A host's snapshot holds the scene's tasks only: enough for a memcg OOM, which the host target is confined
	 * to. */
	if (!report->has_table || !dump || !e->before)
		return;
	check_columns(t, report);
	struct scene s;
	struct model_oom oom;
	uint64_t totalpages;
	scene_open(&s, t, e);
	scene_oom(&s, t, e, report, &oom);
	enum constraint constraint = model_constraint(&t->era, &s.model, &oom, &totalpages);
	check_members(t, e, report, &s, &oom, constraint);
	check_order(t, report, &s, constraint == CONSTRAINT_MEMCG ? oom.memcg : -1);
	scene_close(&s);
}
