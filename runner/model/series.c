// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A series of kills. The points of a task do not depend on who else is there (mm/oom_kill.c:oom_badness), so once
 * sorted the candidates die from the top; who dies with each is the kill's own business (kill.c). Where that is not
 * the whole rule, the decision is made anew for each step.
 */
#include "model/series.h"

#include "base/util.h"
#include "model/kill.h"
#include "model/select.h"

struct ranked {
	int task;
	size_t at;		/* place in the scan */
	int64_t low, points, high;
	int64_t high_below;	/* the largest `high` from here to the end */
};

struct state {
	const struct era *era;
	struct model_scene scene;	/* a copy, whose tasks lose their mm as they die */
	struct model_task *tasks;
	const struct model_oom *oom;
	struct model_series *series;
	size_t most, room;
};

void model_series_free(struct model_series *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->steps[i].deaths);
	free(s->steps);
	*s = (struct model_series){ 0 };
}

static void add_step(struct state *st, struct model_step step)
{
	struct model_series *s = st->series;
	if (s->n == st->room) {
		st->room = st->room ? 2 * st->room : 64;
		s->steps = xrealloc(s->steps, st->room, sizeof(*s->steps));
	}
	/* who died in an earlier step can't die again: tasks of a PID namespace are not asked for their mm */
	size_t kept = 0;
	for (size_t i = 0; i < step.n_deaths; i++)
		if (!st->tasks[step.deaths[i].task].no_mm)
			step.deaths[kept++] = step.deaths[i];
	step.n_deaths = kept;
	for (size_t i = 0; i < step.n_deaths; i++)
		st->tasks[step.deaths[i].task].no_mm = true;
	s->steps[s->n++] = step;
}

/* --- one decision a step ------------------------------------------------------------------------------------ */

static void decide_each(struct state *st)
{
	struct model_series *s = st->series;
	while (s->n < st->most) {
		struct model_decision d;
		model_out_of_memory(st->era, &st->scene, st->oom, &d);
		if (d.outcome == OUTCOME_ABORTED || d.outcome == OUTCOME_SILENT) {
			/* a task that is dying already: it goes first, without a kill */
			bool any = false;
			for (size_t i = 0; i < st->scene.n_tasks; i++) {
				bool goes = st->tasks[i].in_flight || st->tasks[i].exiting;
				any = any || (goes && !st->tasks[i].no_mm);
				if (goes)
					st->tasks[i] = (struct model_task){ .no_mm = true, .memcg = -1, .parent = -1 };
			}
			model_decision_free(&d);
			if (!any)
				return;
			continue;
		}
		if (d.outcome != OUTCOME_KILL) {
			s->all = true;
			s->end = d.outcome;
			s->panic = d.panic;
			model_decision_free(&d);
			return;
		}
		struct model_step step = {
			.victim = d.victim, .points = d.points, .runner_up = d.runner_up,
			.runner_up_points = d.runner_up_points, .certain = d.certain, .doubt = d.doubt,
			.group = d.group, .deaths = TAKE_PTR(d.deaths), .n_deaths = d.n_deaths,
		};
		model_decision_free(&d);
		add_step(st, step);
	}
}

/* --- sorted once -------------------------------------------------------------------------------------------- */

static bool is_plain(const struct state *st)
{
	if (st->era->child_sacrifice || st->era->ancient || st->scene.order == ORDER_UNKNOWN ||
	    model_choice_is_unsure(st->era, &st->scene))
		return false;
	for (size_t i = 0; i < st->scene.n_tasks; i++) {
		const struct model_task *t = &st->tasks[i];
		if (t->in_flight || t->exiting || t->in_exit || t->origin)
			return false;
	}
	return true;
}

static const struct era *sorting;

/* The next victim first. Of equals the kernel takes the last of the scan, or the first (era.ties_last). */
static int by_points(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->points != y->points)
		return x->points > y->points ? -1 : 1;
	int later = x->at > y->at ? -1 : 1;
	return sorting->ties_last ? later : -later;
}

static size_t rank(const struct state *st, enum constraint constraint, uint64_t totalpages, struct ranked *all)
{
	CLEANUP_FREE int *order = xcalloc(st->scene.n_tasks, sizeof(*order));
	size_t scanned = model_scan_order(&st->scene, st->oom->memcg, order), n = 0;
	for (size_t i = 0; i < scanned; i++) {
		const struct model_task *t = &st->tasks[order[i]];
		if (model_eligible(st->era, &st->scene, st->oom, constraint, t) != WHY_ELIGIBLE)
			continue;
		int64_t base = model_base(st->era, &t->pages);
		all[n++] = (struct ranked){
			.task = order[i], .at = i,
			.low = model_points(st->era, base - t->less, t->adj, t->cap_sys_admin, totalpages),
			.points = model_points(st->era, base, t->adj, t->cap_sys_admin, totalpages),
			.high = model_points(st->era, base + t->more, t->adj, t->cap_sys_admin, totalpages),
		};
	}
	sorting = st->era;
	if (n)
		qsort(all, n, sizeof(*all), by_points);
	int64_t high = INT64_MIN;
	for (size_t i = n; i-- > 0;) {
		high = all[i].high > high ? all[i].high : high;
		all[i].high_below = high;
	}
	return n;
}

static bool share(const struct state *st, int a, int b)
{
	return st->tasks[a].mm > 0 && st->tasks[a].mm == st->tasks[b].mm;
}

/* Does nothing but its own death follow from killing this task? */
static bool dies_alone(const struct state *st, int task)
{
	const struct model_task *t = &st->tasks[task];
	if (t->mm > 0 || t->pidns_init)
		return false;
	for (int g = st->era->group_kill && !st->scene.v1 ? t->memcg : -1; g >= 0; g = st->scene.memcgs[g].parent)
		if (st->scene.memcgs[g].group)
			return false;
	return true;
}

static void who_dies(const struct state *st, struct model_step *step)
{
	struct model_decision d = { .victim = step->victim, .group = -1 };
	if (dies_alone(st, step->victim)) {
		step->deaths = xcalloc(1, sizeof(*step->deaths));
		step->deaths[0] = (struct model_death){ step->victim, HOW_CHOSEN, false };
		step->n_deaths = 1;
		return;
	}
	model_kill(st->era, &st->scene, st->oom, &d);
	step->group = d.group;
	step->deaths = d.deaths;
	step->n_deaths = d.n_deaths;
}

/* Can nobody below be the victim, whatever the sizes' bounds allow? Sharers with the victim's own adj are one with
 * it. */
static bool is_certain(const struct state *st, const struct ranked *all, size_t n, size_t i)
{
	const struct model_task *victim = &st->tasks[all[i].task];
	size_t next = i + 1;
	for (; next < n; next++) {
		const struct model_task *t = &st->tasks[all[next].task];
		if (!t->no_mm && !(share(st, all[next].task, all[i].task) && t->adj == victim->adj))
			break;
	}
	if (next == n)
		return true;
	bool exact = all[i].low == all[i].high && all[next].high_below == all[next].points;
	return exact || all[next].high_below < all[i].low;
}

static void take_from_top(struct state *st, enum constraint constraint, uint64_t totalpages)
{
	CLEANUP_FREE struct ranked *all = xcalloc(st->scene.n_tasks, sizeof(*all));
	size_t n = rank(st, constraint, totalpages, all);
	for (size_t i = 0; i < n && st->series->n < st->most; i++) {
		if (st->tasks[all[i].task].no_mm)
			continue;
		struct model_step step = {
			.victim = all[i].task, .points = all[i].points, .runner_up = -1, .certain = true, .group = -1,
		};
		size_t next = i + 1;
		while (next < n && (st->tasks[all[next].task].no_mm || share(st, all[next].task, step.victim)))
			next++;
		if (next < n) {
			step.runner_up = all[next].task;
			step.runner_up_points = all[next].points;
		}
		step.certain = is_certain(st, all, n, i);
		step.doubt = step.certain ? NULL : "sizes";
		who_dies(st, &step);
		add_step(st, step);
	}
}

/* What comes when nobody is left; it is the same whoever died before. */
static void find_end(struct state *st)
{
	CLEANUP_FREE struct model_task *gone = xcalloc(st->scene.n_tasks, sizeof(*gone));
	for (size_t i = 0; i < st->scene.n_tasks; i++)
		gone[i] = (struct model_task){ .no_mm = true, .memcg = -1, .parent = -1 };
	struct model_scene empty = st->scene;
	empty.tasks = gone;
	struct model_decision d;
	model_out_of_memory(st->era, &empty, st->oom, &d);
	st->series->end = d.outcome;
	st->series->panic = d.panic;
	model_decision_free(&d);
}

void model_series(const struct era *era, const struct model_scene *scene, const struct model_oom *oom, size_t most,
		  struct model_series *series)
{
	*series = (struct model_series){ 0 };
	CLEANUP_FREE struct model_task *tasks = xcalloc(scene->n_tasks, sizeof(*tasks));
	if (scene->n_tasks)
		memcpy(tasks, scene->tasks, scene->n_tasks * sizeof(*tasks));
	struct state st = { .era = era, .scene = *scene, .tasks = tasks, .oom = oom, .series = series, .most = most };
	st.scene.tasks = tasks;
	st.scene.machine.panic_on_oom = 0;
	st.scene.machine.kill_allocating_task = false;

	struct model_decision first;
	model_out_of_memory(era, &st.scene, oom, &first);
	bool plain = first.outcome == OUTCOME_KILL && is_plain(&st);
	enum constraint constraint = first.constraint;
	uint64_t totalpages = first.totalpages;
	model_decision_free(&first);
	if (!plain) {
		decide_each(&st);
		return;
	}
	take_from_top(&st, constraint, totalpages);
	series->all = series->n < most;
	if (series->all)
		find_end(&st);
}
