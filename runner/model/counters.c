// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/counters.h"

#include "base/util.h"

static void add(struct model_range *r, int64_t min, int64_t max)
{
	r->min += min;
	if (__builtin_add_overflow(r->max, max, &r->max))
		r->max = INT64_MAX;
}

/* memory.events of each memcg from memory.events.local of it and of all below it. */
static void sum_up(struct model_counters *c, const struct model_scene *scene, bool hierarchical)
{
	memcpy(c->events, c->local, c->n * sizeof(*c->events));
	for (size_t i = hierarchical ? c->n : 0; i-- > 0;) {	/* children stand behind their parents */
		int p = scene->memcgs[i].parent;
		if (p < 0)
			continue;
		const struct model_events *e = &c->events[i];
		add(&c->events[p].oom, e->oom.min, e->oom.max);
		add(&c->events[p].oom_kill, e->oom_kill.min, e->oom_kill.max);
		add(&c->events[p].oom_group_kill, e->oom_group_kill.min, e->oom_group_kill.max);
		add(&c->events[p].max, e->max.min, e->max.max);
	}
}

void model_counters_init(struct model_counters *c, const struct model_scene *scene)
{
	*c = (struct model_counters){ .n = scene->n_memcgs };
	c->events = xcalloc(c->n, sizeof(*c->events));
	c->local = xcalloc(c->n, sizeof(*c->local));
	for (size_t i = 0; i < c->n; i++) {
		bool limited = scene->memcgs[i].limit != MODEL_NO_LIMIT ||
			       scene->memcgs[i].memsw_limit != MODEL_NO_LIMIT;
		c->local[i].max.max = limited ? INT64_MAX : 0;
	}
	/* whether events are hierarchical is the era's to say; what is 0 stays 0 either way, `max` is widened */
	sum_up(c, scene, !scene->v1);
}

void model_counters_free(struct model_counters *c)
{
	free(c->events);
	free(c->local);
	*c = (struct model_counters){ 0 };
}

int model_max_passes(const struct era *era)
{
	/* mm/memcontrol.c:try_charge_memcg(): one pass, one after the stocks are drained, then the retries */
	return 1 + 1 + (era->retries_16 ? 16 : 5);
}

/* One __oom_kill_process() of a task, or between min and max of them. */
static void count_kill(struct model_counters *c, const struct era *era, const struct model_scene *scene, int task,
		       int64_t min, int64_t max)
{
	const struct model_task *t = &scene->tasks[task];
	int owner = t->owner_memcg == MODEL_SAME ? t->memcg : t->owner_memcg;
	if (era->oom_kill_counter)
		add(&c->vmstat_oom_kill, min, max);
	if (owner >= 0 && (scene->v1 ? era->v1_oom_kill_counter : era->oom_kill_counter))
		add(&c->local[owner].oom_kill, min, max);
}

static void count_kills(struct model_counters *c, const struct era *era, const struct model_scene *scene,
			const struct model_decision *d)
{
	for (size_t i = 0; i < d->n_deaths; i++) {
		const struct model_death *death = &d->deaths[i];
		int64_t threads = scene->tasks[death->task].threads;
		/* a group scan that goes by threads may come by for each of them, as long as one has the mm */
		int64_t visits = era->group_scans_threads && threads > 1 ? threads : 1;
		if (death->how == HOW_CHOSEN)
			count_kill(c, era, scene, death->task, 1, 1);
		else if (death->how == HOW_GROUP)
			count_kill(c, era, scene, death->task, 1, visits);
		if (death->again)
			count_kill(c, era, scene, death->task, 0, visits);
	}
}

/* `oom` of the memcg at its limit. */
static struct model_range attempts(const struct model_scene *scene, const struct model_oom *oom,
				   const struct model_decision *d)
{
	bool charge = oom->trigger == TRIGGER_FAULT || oom->trigger == TRIGGER_SYSCALL;
	if (d->outcome == OUTCOME_SILENT)
		return (struct model_range){ 0, INT64_MAX };
	if (d->outcome == OUTCOME_FAILS && oom->trigger == TRIGGER_LIMIT_WRITE)
		return (struct model_range){ 0, 0 };
	/* a lone single-threaded task that kills itself asks once; whoever waits for another to die asks again and
	 * again */
	if (d->outcome == OUTCOME_KILL && charge && oom->sole_charger && d->victim == oom->current && d->victim >= 0 &&
	    scene->tasks[d->victim].threads == 1)
		return (struct model_range){ 1, 1 };
	return (struct model_range){ 1, INT64_MAX };
}

void model_counters_add(struct model_counters *c, const struct era *era, const struct model_scene *scene,
			const struct model_oom *oom, const struct model_decision *d)
{
	count_kills(c, era, scene, d);
	if (oom->memcg >= 0 && !scene->v1) {
		struct model_events *e = &c->local[oom->memcg];
		struct model_range oom_rise = attempts(scene, oom, d);
		add(&e->oom, oom_rise.min, oom_rise.max);
		/* several kills may answer one and the same charge, so the bound is not multiplied */
		bool charge = oom->trigger == TRIGGER_FAULT || oom->trigger == TRIGGER_SYSCALL;
		if (charge && d->outcome != OUTCOME_SILENT && e->max.min < model_max_passes(era))
			e->max.min = model_max_passes(era);
		e->max.max = INT64_MAX;
	}
	if (d->group >= 0 && d->n_deaths && era->oom_group_kill_counter)
		add(&c->local[d->group].oom_group_kill, 1, 1);
	/* memory_localevents is an option of cgroup2's mount, and v1's events looked at it too */
	sum_up(c, scene, !scene->localevents && (scene->v1 ? era->v1_events_hierarchical : era->events_hierarchical));
}
