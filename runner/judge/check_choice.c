// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The choice of the victim, by the model, twice: before the fact from the tasks as they stood and from what the growing
 * one would have taken by then, in intervals; and after the fact, exactly, from the kernel's own table.
 */
#include <inttypes.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/scene.h"
#include "judge/trial.h"
#include "model/kill.h"

#define RANKING_MAX 30
#define HELD_BACK 64	/* pages, on up to 32 CPUs: mm/memory.c:TASK_RSS_EVENTS_THRESH, lib/percpu_counter.c:compute_batch_value */

static const char *name_in(const struct scene *s, int task)
{
	if (task < 0)
		return "nobody";
	const char *name = look_text(s->rows[task], "name");
	return name ? name : s->tasks[task].comm;
}

/* What dies gives back its pages, to the one that grows, all of them at the most; who shares its mm dies with it. */
static int64_t bury(struct scene *s, int task)
{
	struct model_task *m = &s->tasks[task];
	int64_t pages = m->pages.anon + m->pages.swap + m->pages.shmem;
	m->no_mm = true;
	m->origin = false;
	for (size_t i = 0; m->mm > 0 && i < s->model.n_tasks; i++)
		if (s->tasks[i].mm == m->mm)
			s->tasks[i].no_mm = true;
	return pages;
}


/* "a, b or c": the possible victims. */
static char *possible_names(const struct scene *s, const struct model_decision *d)
{
	char text[256] = "";
	size_t len = 0;
	for (size_t i = 0; i < d->n_possible && len < sizeof(text) - 32; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, i ? " or %s" : "%s", name_in(s, d->possible[i]));
	return xstrdup(*text ? text : "nobody");
}

static bool is_possible(const struct model_decision *d, int task)
{
	for (size_t i = 0; i < d->n_possible; i++)
		if (d->possible[i] == task)
			return true;
	return false;
}

static int by_points(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	return x->points != y->points ? (x->points > y->points ? -1 : 1) : (x->pid > y->pid) - (x->pid < y->pid);
}

/* The candidates of the decision, for people. */
static void rank(struct trial *t, const struct scene *s, const struct model_oom *oom, const struct model_decision *d)
{
	CLEANUP_FREE struct ranked *all = xcalloc(s->model.n_tasks, sizeof(*all));
	size_t n = 0;
	for (size_t i = 0; i < s->model.n_tasks; i++) {
		const struct model_task *m = &s->tasks[i];
		if (model_eligible(&t->era, &s->model, oom, d->constraint, m) != WHY_ELIGIBLE)
			continue;
		all[n++] = (struct ranked){
			.task = (char *)(uintptr_t)name_in(s, (int)i),
			.pid = (int)m->pid,
			.adj = m->adj,
			.points = model_points(&t->era, model_base(&t->era, &m->pages), m->adj, m->cap_sys_admin,
					       d->totalpages),
			.possible = is_possible(d, (int)i),
		};
	}
	if (n)
		qsort(all, n, sizeof(*all), by_points);
	for (size_t i = 0; i < n && i < RANKING_MAX; i++)
		result_rank(t->r, &all[i]);
}

static void remember_prediction(struct trial *t, const struct scene *s, const struct model_oom *oom,
				const struct model_decision *d)
{
	if (t->r->predicted || d->victim < 0)
		return;
	t->r->predicted = xstrdup(name_in(s, d->victim));
	t->r->margin_pages = d->margin_pages;
	rank(t, s, oom, d);
}

static void check_predicted(struct trial *t, const struct scene *s, const struct model_decision *d, int died,
			    const char *seen)
{
	CLEANUP_FREE char *names = possible_names(s, d);
	bool ok = d->outcome == OUTCOME_KILL ? is_possible(d, died) : false;
	trial_check(t, CHECK_PREDICTED, NULL, NULL, names, seen, ok);
}

/* Members of a group die in the order of the scan, as the lines of the log have it. */
static void check_group(struct trial *t, const struct episode *e, const struct scene *s, const struct model_decision *d,
			size_t report)
{
	/* The log of a machine that died may end between two lines. */
	if (trial_cut_short(e))
		return;
	const char *logged = e->reports[report]->group_memcg;
	trial_check_text(t, CHECK_GROUP, NULL, NULL, d->group < 0 ? "none" : look_text(s->cgroups[d->group], "path"),
			 logged ? logged : "none");
	if (d->group < 0)
		return;
	char want[512] = "", have[512] = "";
	size_t w = 0, h = 0;
	for (size_t i = 0; i < d->n_deaths && w < sizeof(want) - 64; i++)
		if (d->deaths[i].how == HOW_GROUP && d->deaths[i].task != d->victim)
			w += (size_t)snprintf(want + w, sizeof(want) - w, "%s ", name_in(s, d->deaths[i].task));
	for (size_t i = 0; i < e->n_deaths && h < sizeof(have) - 64; i++)
		if (e->deaths[i].by_group && !e->deaths[i].again && e->deaths[i].report == report)
			h += (size_t)snprintf(have + h, sizeof(have) - h, "%s ", e->deaths[i].name);
	trial_check_text(t, CHECK_GROUP_ORDER, NULL, NULL, want, have);
}

/* Which task of the scene it was. */
static int died_of(const struct trial *t, const struct scene *s, const struct death *d)
{
	const struct test_task *stress = trial_stress_ng(t);
	if (stress && !d->ours && streq(d->name, stress->name))
		return scene_task(s, -1);
	return scene_task(s, d->tgid);
}

/* Does the case allow v1's killer on the way? Then the snapshot before, in which it is disabled, is not all that counts. */
static bool allows_kills(const struct trial *t, const struct episode *e)
{
	for (size_t i = e->first_step; i < e->last_step; i++) {
		const struct step *s = &t->test->steps[i];
		if (s->op == STEP_SET && streq(s->file, "memory.oom_control") && streq(s->value, "0"))
			return true;
	}
	return false;
}

/* Where several may be chosen: who dies with the one that was. */
static void choose(const struct trial *t, const struct scene *s, const struct model_oom *oom, struct model_decision *d, int victim)
{
	free(d->deaths);
	d->victim = victim;
	model_kill(&t->era, &s->model, oom, d);
}

/* Pages of those that were killed in earlier episodes and are on their way out: they may come back at any time. */
static int64_t still_to_come(const struct scene *s, const struct trial *t, const struct episode *e)
{
	int64_t pages = 0;
	for (size_t i = 0; i < s->model.n_tasks; i++)
		if (s->rows[i] && trial_killed_earlier(t, e, s->rows[i]))
			pages += s->tasks[i].pages.anon + s->tasks[i].pages.swap + s->tasks[i].pages.shmem;
	return pages;
}

/*
 * Before the fact. Each chosen victim of the episode is predicted in turn, the ones before it gone. Where the episode
 * has no kill, the model can't say whether memory will run out, and says nothing.
 */
static void predict(struct trial *t, struct episode *e)
{
	int64_t freed_min = 0, freed_max = 0;
	CLEANUP_FREE int *buried = xcalloc(e->n_deaths, sizeof(*buried));
	size_t n_buried = 0;
	for (size_t i = 0; i < e->n_deaths; i++) {
		if (e->deaths[i].by_group || e->deaths[i].again)
			continue;
		struct scene s;
		struct model_oom oom;
		struct model_decision d = { 0 };
		scene_open(&s, t, e);
		s.model.machine.total_swap = (uint64_t)(scene_swap_total_kb(t, e) / s.page_kb);
		scene_oom(&s, t, e, e->reports[e->deaths[i].report], &oom);
		if (oom.memcg >= 0 && allows_kills(t, e))
			s.memcgs[oom.memcg].oom_kill_disable = false;
		for (size_t j = 0; j < n_buried; j++)
			bury(&s, buried[j]);
		scene_project(&s, t, e, e->reports[e->deaths[i].report], freed_min, freed_max + still_to_come(&s, t, e));
		model_out_of_memory(&t->era, &s.model, &oom, &d);
		int died = died_of(t, &s, &e->deaths[i]);
		remember_prediction(t, &s, &oom, &d);
		if (died >= 0) {
			check_predicted(t, &s, &d, died, e->deaths[i].name);
			if (died != d.victim && is_possible(&d, died))
				choose(t, &s, &oom, &d, died);
			check_group(t, e, &s, &d, e->deaths[i].report);
			freed_min += scene_frees(&s, died);
			freed_max += bury(&s, died);
			buried[n_buried++] = died;
		}
		model_decision_free(&d);
		scene_close(&s);
	}
}

/* A model task from a row of the table: the numbers that the kernel compared. */
static void task_of_row(struct model_task *m, const struct oom_row *row, int64_t page_kb)
{
	model_task_init(m);
	m->pid = row->value[OOM_COL_TGID];
	m->comm = row->name;
	m->pages.anon = row->value[OOM_COL_RSS];
	m->pages.swap = row->value[OOM_COL_SWAPENTS] == OOM_UNKNOWN ? 0 : row->value[OOM_COL_SWAPENTS];
	if (row->value[OOM_COL_PGTABLES_BYTES] != OOM_UNKNOWN) {
		m->pages.ptes = row->value[OOM_COL_PGTABLES_BYTES] / (page_kb * 1024);
	} else {
		m->pages.ptes = row->value[OOM_COL_NR_PTES] == OOM_UNKNOWN ? 0 : row->value[OOM_COL_NR_PTES];
		m->pages.pmds = row->value[OOM_COL_NR_PMDS] == OOM_UNKNOWN ? 0 : row->value[OOM_COL_NR_PMDS];
	}
	m->adj = (int)row->value[OOM_COL_OOM_SCORE_ADJ];
	m->memcg = -1;
}

/* Does this process die with a victim whose memory the reaper has taken by the time of a report? Then so it has its own. */
static bool reaped_with(const struct trial *t, const struct episode *e, const struct oom_report *r, int64_t pid)
{
	const char *name = look_text(look_task_pid(e->before, pid), "name");
	bool dies = false;
	for (size_t i = 0; i < e->expect->n_also_die; i++)
		dies |= look_same(e->expect->also_die[i], name);
	for (size_t i = e->first_record; dies && i < e->last_record; i++) {
		const json_t *record = json_array_get(t->seen->kmsg, i);
		if (look_int(record, "seq", INT64_MAX) < r->seq_first && starts_with(look_text(record, "text"), "oom_reaper: reaped"))
			return true;
	}
	return false;
}

/* What a row does not say: capabilities, vfork; and that who died before in this episode no longer counts. */
static void add_hidden(struct model_task *m, const struct trial *t, const struct episode *e, const struct scene *s,
		       size_t report)
{
	int i = scene_task(s, m->pid);
	m->skip = report > 0 && reaped_with(t, e, e->reports[report], m->pid);
	if (i >= 0) {
		m->skip |= s->tasks[i].skip;
		m->cap_sys_admin = s->tasks[i].cap_sys_admin;
		m->in_vfork = s->tasks[i].in_vfork;
		m->joined = s->tasks[i].joined;
		m->origin = s->tasks[i].origin && !s->tasks[i].skip;	/* the scan passes over it before it asks */
	}
	for (size_t j = 0; j < e->n_deaths; j++)
		if (e->deaths[j].tgid == m->pid && e->deaths[j].report < report) {
			m->skip = true;
			m->origin = false;
		}
}

/* Was it said before a report that a victim's memory was taken, or could not be? MMF_OOM_SKIP is set then (mm/oom_kill.c). */
static bool is_given_up(const struct trial *t, const struct oom_report *r, int64_t pid)
{
	static const char *const words[] = { "oom_reaper: reaped process ", "oom_reaper: unable to reap pid:", "oom killer " };
	for (size_t i = 0; i < json_array_size(t->seen->kmsg); i++) {
		const json_t *record = json_array_get(t->seen->kmsg, i);
		const char *text = look_text(record, "text");
		for (size_t w = 0; text && look_int(record, "seq", INT64_MAX) < r->seq_first && w < ARRAY_SIZE(words); w++)
			if (starts_with(text, words[w]) && strtoll(text + strlen(words[w]), NULL, 10) == pid)
				return true;
	}
	return false;
}

/*
 * An earlier victim for which the scan has to wait: its row in the table, which is printed behind the scan, says that
 * it had its mm then (mm/oom_kill.c:oom_evaluate_task, dump_task). NULL: there is none. A kernel that does not see who
 * is inside do_exit() in a memcg is not asked, nor one without MMF_OOM_SKIP.
 */
static const char *must_wait_for(const struct trial *t, const struct episode *e, size_t index)
{
	const struct oom_report *r = e->reports[index];
	if (!t->era.skip_flag || t->era.dying_hidden || r->sysrq)
		return NULL;
	for (size_t i = 0; i < e->n_deaths; i++) {
		const struct death *d = &e->deaths[i];
		if (d->report < index && oom_report_row(r, d->tgid) && !is_given_up(t, r, d->pid) && !is_given_up(t, r, d->tgid))
			return d->name;
	}
	return NULL;
}

/*
 * The table is printed behind the scan. Others who grow may do so in between (not who asked, it waits): in a memcg that is
 * full, by what their CPU has in stock and no further, with a page table for it and what was not counted yet; elsewhere
 * by all that they have now and had not before.
 */
static int64_t grown_since(const struct trial *t, const struct episode *e, const struct scene *s, const struct oom_report *r,
			   const struct model_task *m, bool memcg)
{
	int i = scene_task(s, m->pid);
	if (i < 0 || !trial_is_rival(t, e, r, m->pid))
		return 0;
	int64_t all = model_base(&t->era, &m->pages) - model_base(&t->era, &s->tasks[i].pages);
	int64_t most = HELD_BACK + trial_stock_kb(t) / t->ncpus / s->page_kb + 2;
	return all < 0 ? 0 : memcg && all > most ? most : all;
}

static void recompute(struct trial *t, struct episode *e, size_t index)
{
	const struct oom_report *r = e->reports[index];
	int64_t selected = r->has_selected ? r->selected.pid : r->choice.present ? r->choice.pid : OOM_UNKNOWN;
	if (!r->has_table || r->table_cut || selected == OOM_UNKNOWN || e->expect->allocating_task)
		return;
	struct scene s;
	struct model_oom oom;
	uint64_t totalpages;
	scene_open(&s, t, e);
	s.model.machine.total_swap = (uint64_t)(scene_swap_total_kb(t, e) / s.page_kb);
	scene_oom(&s, t, e, r, &oom);
	oom.constraint = model_constraint(&t->era, &s.model, &oom, &totalpages);
	/* A limit that the trigger itself wrote is not yet in the snapshot: the report has it. */
	int64_t limit_kb = r->counter[OOM_COUNTER_MEMORY].present ? r->counter[OOM_COUNTER_MEMORY].limit_kb : OOM_UNKNOWN;
	if (oom.constraint == CONSTRAINT_MEMCG && oom.trigger == TRIGGER_LIMIT_WRITE && limit_kb >= 0) {
		s.memcgs[oom.memcg].limit = (uint64_t)(limit_kb / s.page_kb);
		totalpages = model_memcg_totalpages(&t->era, &s.model.machine, t->v1, &s.memcgs[oom.memcg]);
	}
	bool memcg = oom.memcg >= 0;
	oom.totalpages = totalpages;
	oom.memcg = -1;
	oom.current = -1;

	CLEANUP_FREE struct model_task *tasks = xcalloc(r->n_rows, sizeof(*tasks));
	for (size_t i = 0; i < r->n_rows; i++) {
		task_of_row(&tasks[i], &r->rows[i], s.page_kb);
		add_hidden(&tasks[i], t, e, &s, index);
		tasks[i].less = grown_since(t, e, &s, r, &tasks[i], memcg);
	}
	struct model_scene rows = s.model;
	rows.tasks = tasks;
	rows.n_tasks = r->n_rows;
	rows.n_memcgs = 0;
	rows.machine.panic_on_oom = 0;
	rows.machine.kill_allocating_task = false;
	/* Before 5.3 the rows of a memcg OOM stood in global order while the scan followed the tree. */
	rows.order = oom.constraint == CONSTRAINT_MEMCG && !t->era.table_scan_order ? ORDER_UNKNOWN : ORDER_GIVEN;
	struct model_decision d = { 0 };
	model_out_of_memory(&t->era, &rows, &oom, &d);
	char want[96] = "nobody", have[96];
	if (d.chosen >= 0)
		snprintf(want, sizeof(want), "%s (pid %" PRId64 ")", tasks[d.chosen].comm, tasks[d.chosen].pid);
	const struct oom_row *row = oom_report_row(r, selected);
	snprintf(have, sizeof(have), "%s (pid %" PRId64 ")", row ? row->name : "?", selected);
	bool ok = false;
	for (size_t i = 0; i < d.n_possible; i++)
		ok |= tasks[d.possible[i]].pid == selected;
	if (d.certain)
		ok = d.chosen >= 0 && tasks[d.chosen].pid == selected;
	const char *waits_for = must_wait_for(t, e, index);
	if (waits_for) {
		snprintf(want, sizeof(want), "nobody, %s has its memory still", waits_for);
		ok = false;
	}
	trial_check(t, CHECK_RECOMPUTED, NULL, NULL, want, have, ok);
	model_decision_free(&d);
	scene_close(&s);
}

/* "Out of memory and no killable processes...": then the table has nobody who could be. */
static void check_nobody(struct trial *t, const struct episode *e, size_t index)
{
	const struct oom_report *r = e->reports[index];
	char seen[96] = "nobody";
	struct scene s;
	scene_open(&s, t, e);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct oom_row *row = &r->rows[i];
		int task = scene_task(&s, row->value[OOM_COL_TGID]);
		bool out = row->value[OOM_COL_OOM_SCORE_ADJ] == ADJ_MIN ||
			   (task >= 0 && (s.tasks[task].in_vfork || s.tasks[task].skip));
		for (size_t j = 0; j < e->n_deaths && !out; j++)
			out = e->deaths[j].tgid == row->value[OOM_COL_TGID] && e->deaths[j].report <= index;
		if (!out)
			snprintf(seen, sizeof(seen), "%s (pid %" PRId64 ")", row->name, row->value[OOM_COL_TGID]);
	}
	trial_check_text(t, CHECK_NO_KILLABLE, NULL, NULL, "nobody", seen);
	scene_close(&s);
}

void check_choice(struct trial *t, struct episode *e)
{
	if (!e->before || trial_bug_victims(t, e))
		return;
	predict(t, e);
	for (size_t i = 0; i < e->n_reports; i++) {
		if (e->reports[i]->has_header && e->reports[i]->n_kills)
			recompute(t, e, i);
		if (e->reports[i]->no_killable && e->reports[i]->has_table && !e->reports[i]->n_kills)
			check_nobody(t, e, i);
	}
}
