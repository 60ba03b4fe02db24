// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every counter of every cgroup of the scene, its root and a bystander, against the rules: exactly where the kernel is
 * exact, a stated bound where it is not. The kills themselves are counted from the log: each "Killed process" line is
 * one __oom_kill_process() (mm/oom_kill.c), which raises vmstat oom_kill and the memcg's oom_kill just before it prints,
 * so lines and counters must agree to the last one, a group kill's second line for its first victim included.
 */
#include "base/util.h"
#include "case/files.h"
#include "case/kinds.h"
#include "judge/look.h"
#include "judge/trial.h"
#include "model/counters.h"

#define SOME INT64_MAX		/* no upper bound */

struct bound {
	int64_t min, max;
};

/* Is the cgroup at this path, or (where events are hierarchical) an ancestor of it? */
static bool covers(const char *path, const char *other, bool hierarchical)
{
	size_t len = strlen(path);
	if (!other)
		return false;
	if (!hierarchical)
		return streq(path, other);
	return strncmp(path, other, len) == 0 && (!len || !other[len] || other[len] == '/' || streq(path, "/"));
}

static int64_t kills_in(const struct episode *e, const char *path, bool hierarchical)
{
	int64_t n = 0;
	for (size_t i = 0; i < e->n_deaths; i++)
		n += covers(path, e->deaths[i].cgroup, hierarchical);
	return n;
}

/* Reports whose limit was this cgroup's (or, hierarchically, one below it); NULL-limit reports are global. */
static int64_t ooms_of(const struct episode *e, const char *path, bool hierarchical)
{
	int64_t n = 0;
	for (size_t i = 0; i < e->n_reports; i++)
		n += covers(path, e->reports[i]->oom_memcg, hierarchical);
	return n;
}

/* Are all the kills explained by reports with a memcg of their own? Otherwise `oom` can't be bounded from the log. */
static bool all_reported(const struct episode *e)
{
	for (size_t i = 0; i < e->n_deaths; i++)
		if (!e->deaths[i].reported)
			return false;
	return true;
}

static bool asks_in_kernel(const struct trial *t, const struct episode *e)
{
	for (size_t i = 0; e->expect->trigger && i < t->test->n_tasks; i++)
		if (streq(t->test->tasks[i].name, e->expect->trigger))
			return kind_facts(t->test->tasks[i].kind)->in_kernel;
	return false;
}

/*
 * memory.events oom: one for each mem_cgroup_oom() of order <= 3 (mm/memcontrol.c), so at least one for each report with
 * this limit, and more when the charge comes back while a victim is dying. It is exact when the only allocator is itself
 * the only victim: killed in a page fault it never comes back, while a system call may charge again on its way out (a dying
 * task's attempt counts too). A limit that nobody reached has none. While the killer is off, for all are frozen, attempts are
 * counted and nobody is told (mm/oom_kill.c:out_of_memory).
 */
static struct bound oom_bound(const struct trial *t, const struct episode *e, const char *path, bool hierarchical)
{
	int64_t n = ooms_of(e, path, hierarchical);
	bool quiet = !all_reported(e) || e->expect->no_report || trial_logged(t, e->first_record, e->last_record, "OOM killer disabled");
	if (!n && !quiet)
		return (struct bound){ 0, 0 };
	if (quiet)
		return (struct bound){ 0, SOME };
	bool alone = n == 1 && !asks_in_kernel(t, e) && e->n_deaths == 1 && t->ncpus == 1 && e->expect->end == END_DEAD &&
		     e->expect->trigger && streq(e->deaths[0].name, e->expect->trigger);
	return (struct bound){ n, alone ? n : SOME };
}

/* A file that bounds memory, by v2's name, and its short form in a case. */
struct knob {
	const char *file;
	uint64_t (*value)(const struct test_cgroup *);
};

static uint64_t limit_of(const struct test_cgroup *c) { return c->limit; }
static uint64_t high_of(const struct test_cgroup *c) { return c->high; }
static uint64_t low_of(const struct test_cgroup *c) { return c->low; }
static uint64_t swap_limit_of(const struct test_cgroup *c) { return c->swap_limit; }

static const struct knob limit_knob = { "memory.max", limit_of }, high_knob = { "memory.high", high_of },
			 low_knob = { "memory.low", low_of }, swap_knob = { "memory.swap.max", swap_limit_of };

/* Is the file another name of the knob? */
static bool turns(const struct trial *t, const struct knob *k, const char *file)
{
	return streq(file, k->file) || (t->v1 && starts_with(file, "memory."));
}

static bool sets(const struct trial *t, size_t i, const struct knob *k)
{
	const struct test_cgroup *c = &t->test->cgroups[i];
	if (k->value(c) != UNSET && k->value(c) != NO_LIMIT)
		return true;
	for (size_t j = 0; j < c->n_settings; j++)
		if (turns(t, k, c->settings[j].file))
			return true;
	for (size_t j = 0; j < t->test->n_steps; j++) {
		const struct step *s = &t->test->steps[j];
		if (s->op == STEP_SET && s->cgroup == (int)i && turns(t, k, s->file))
			return true;
	}
	return false;
}

/* Whether the scene sets this knob of the cgroup (or, hierarchically, of one below it): then its counter may rise. */
static bool configured(const struct trial *t, const char *cgroup, const struct knob *k, bool hierarchical)
{
	for (size_t i = 0; i < t->test->n_cgroups; i++)
		if (covers(cgroup, t->test->cgroups[i].name, hierarchical) && sets(t, i, k))
			return true;
	return false;
}

/* Has the cgroup a memory.low, whoever has written it? */
static bool has_own_low(const struct episode *e, const char *cgroup)
{
	int64_t before, after;
	return look_counter(e->before, cgroup, "memory.low", NULL, &before) &&
	       look_counter(e->after, cgroup, "memory.low", NULL, &after) && (before || after);
}

/* The same of it and, hierarchically, of those below it; the scene's root is none of the test's own cgroups. */
static bool has_low(const struct trial *t, const struct episode *e, const char *cgroup, bool hierarchical)
{
	if (has_own_low(e, cgroup))
		return true;
	for (size_t i = 0; hierarchical && i < t->test->n_cgroups; i++)
		if (covers(cgroup, t->test->cgroups[i].name, true) && has_own_low(e, t->test->cgroups[i].name))
			return true;
	return false;
}

/* What a cgroup is called in a check. */
static const char *called(const char *cgroup)
{
	return *cgroup ? cgroup : "the scene's root";
}

/* Is this counter one that a kernel of this era has, for sure? */
static bool must_have(const struct trial *t, const char *file, const char *field)
{
	const char *behaviour = streq(field, "oom_group_kill") ? "oom_group_kill_counter" :
				streq(file, "memory.oom_control") ? "v1_oom_kill_counter" :
				streq(field, "oom_kill")	 ? "oom_kill_counter" : NULL;
	bool has = true;
	if (streq(file, "memory.events.local") && (!t->era.events_local || era_unsure(&t->era, "events_local")))
		return false;
	if (behaviour && (era_find_behaviour(&t->era, behaviour, &has) < 0 || era_unsure(&t->era, behaviour)))
		return false;
	return has;
}

static void check_rise(struct trial *t, const struct episode *e, enum check_id id, const char *cgroup, const char *file,
		       const char *field, struct bound b)
{
	int64_t was, is;
	if (trial_bug_counts(t, e, field))
		return;
	if (!look_counter(e->before, cgroup, file, field, &was) || !look_counter(e->after, cgroup, file, field, &is)) {
		if (must_have(t, file, field))
			trial_check_text(t, id, called(cgroup), NULL, "a number", "not there");
		return;
	}
	trial_check_range(t, id, called(cgroup), NULL, b.min, b.max, is - was);
}

/* The group whose members this episode killed, by the log's own line; NULL: none. */
static int64_t group_kills(const struct episode *e, const char *path, bool hierarchical)
{
	int64_t n = 0;
	for (size_t i = 0; i < e->n_reports; i++)
		n += covers(path, e->reports[i]->group_memcg, hierarchical);
	return n;
}

/*
 * memory.events max: one for each pass of the charge loop that starts reclaim. Before it asks for a kill a charge drains
 * the per-CPU stock once and then uses up its retries: 2 + 5, since 5.9 2 + 16 (mm/memcontrol.c:try_charge,
 * MAX_RECLAIM_RETRIES). A write below the usage reclaims without a charge, and counts none. More when something could be
 * reclaimed, so this is the lower bound of a first OOM.
 */
static void check_events_file(struct trial *t, const struct episode *e, const char *cgroup, const char *path,
			      const char *file, bool hierarchical)
{
	static const enum check_id ids[2][6] = {
		{ CHECK_LOCAL_OOM_KILL, CHECK_LOCAL_OOM, CHECK_LOCAL_GROUP, CHECK_LOCAL_MAX, CHECK_LOCAL_HIGH,
		  CHECK_LOCAL_LOW },
		{ CHECK_EVENTS_OOM_KILL, CHECK_EVENTS_OOM, CHECK_EVENTS_GROUP, CHECK_EVENTS_MAX, CHECK_EVENTS_HIGH,
		  CHECK_EVENTS_LOW },
	};
	const enum check_id *id = ids[streq(file, "memory.events")];
	struct bound oom = oom_bound(t, e, path, hierarchical);
	int64_t kills = kills_in(e, path, hierarchical), groups = group_kills(e, path, hierarchical);
	check_rise(t, e, id[0], cgroup, file, "oom_kill", (struct bound){ kills, kills });
	check_rise(t, e, id[1], cgroup, file, "oom", oom);
	if (all_reported(e))
		check_rise(t, e, id[2], cgroup, file, "oom_group_kill", (struct bound){ groups, groups });
	if (oom.min && !(e->expect->trigger && streq(e->expect->trigger, "agent")))
		check_rise(t, e, id[3], cgroup, file, "max", (struct bound){ model_max_passes(&t->era), SOME });
	else if (!configured(t, cgroup, &limit_knob, hierarchical))
		check_rise(t, e, id[3], cgroup, file, "max", (struct bound){ 0, 0 });
	if (!configured(t, cgroup, &high_knob, hierarchical))
		check_rise(t, e, id[4], cgroup, file, "high", (struct bound){ 0, 0 });
	if (!configured(t, cgroup, &low_knob, hierarchical) && !has_low(t, e, cgroup, hierarchical))
		check_rise(t, e, id[5], cgroup, file, "low", (struct bound){ 0, 0 });
}

/*
 * v1: each pass of the charge loop fails on the counter of memory or on that of memory and swap, so only their sum is
 * bounded by the number of passes (mm/page_counter.c:page_counter_try_charge). Where the second may not be counted,
 * the first may stay 0: a charge asks the counter of memory and swap first (mm/memcontrol.c:try_charge_memcg).
 */
static void check_failcnt(struct trial *t, const struct episode *e, const char *cgroup)
{
	static const char *const files[] = { "memory.failcnt", "memory.memsw.failcnt" };
	int64_t rise = 0, was, is;
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (!look_counter(e->before, cgroup, files[i], NULL, &was) ||
		    !look_counter(e->after, cgroup, files[i], NULL, &is))
			continue;
		rise += is - was;
		n++;
	}
	bool lost = t->era.memsw_failcnt_lost || era_unsure(&t->era, "memsw_failcnt_lost");
	bool all_counted = !lost || !configured(t, cgroup, &swap_knob, false);
	if (n)
		trial_check_range(t, CHECK_V1_FAILCNTS, called(cgroup), NULL,
				  all_counted ? model_max_passes(&t->era) : 0, SOME, rise);
}

/* v1: memory.oom_control oom_kill counts in the victim's own memcg only; failcnt in the one that hit its limit. */
static void check_v1(struct trial *t, const struct episode *e, const char *cgroup, const char *path)
{
	bool asked = e->expect->trigger && streq(e->expect->trigger, "agent");
	if (ooms_of(e, path, false) && !asked)
		check_failcnt(t, e, cgroup);
	int64_t kills = kills_in(e, path, false);
	check_rise(t, e, CHECK_V1_OOM_KILL, cgroup, "memory.oom_control", "oom_kill", (struct bound){ kills, kills });
	if (!configured(t, cgroup, &limit_knob, false))
		check_rise(t, e, CHECK_V1_FAILCNT, cgroup, "memory.failcnt", NULL, (struct bound){ 0, 0 });
}

/* By a step of the case: its files are gone. */
static bool removed(const struct trial *t, const struct episode *e, const char *name)
{
	if (look_cgroup(e->after, name))
		return false;
	for (size_t i = 0; i < t->test->n_steps; i++)
		if (t->test->steps[i].op == STEP_RMDIR && streq(t->test->cgroups[t->test->steps[i].cgroup].name, name))
			return true;
	return false;
}

static void check_cgroup(struct trial *t, const struct episode *e, const json_t *cgroup)
{
	const char *name = look_text(cgroup, "name"), *path = look_text(cgroup, "path");
	if (!name || !path || removed(t, e, name))
		return;
	if (t->v1) {
		check_v1(t, e, name, path);
		return;
	}
	check_events_file(t, e, name, path, "memory.events", !t->local_events);
	check_events_file(t, e, name, path, "memory.events.local", false);
}

/* Counters that the case itself states. */
static void check_claims(struct trial *t, const struct episode *e)
{
	for (size_t i = 0; i < e->expect->n_counters; i++) {
		const struct counter_claim *c = &e->expect->counters[i];
		const char *cgroup = c->cgroup >= 0 ? t->test->cgroups[c->cgroup].name : NULL;
		const char *file = "/proc/vmstat", *field = c->field;
		if (cgroup)
			cgroup_file_name(t->test->hierarchy, c->file, c->field, &file, &field, NULL);
		int64_t was, is;
		char what[160];
		snprintf(what, sizeof(what), "%s %s of %s", file, field ? field : "", cgroup ? cgroup : "the machine");
		if (cgroup) {
			if (!look_counter(e->before, cgroup, file, field, &was) ||
			    !look_counter(e->after, cgroup, file, field, &is)) {
				trial_check_text(t, CHECK_CLAIM, what, &c->where, "a number", "not there");
				continue;
			}
		} else {
			was = look_int(json_object_get(e->before, "vmstat"), field, 0);
			is = look_int(json_object_get(e->after, "vmstat"), field, 0);
		}
		trial_check_range(t, CHECK_CLAIM, what, &c->where, c->at_least, c->at_most, is - was);
	}
}

void check_counters(struct trial *t, struct episode *e)
{
	if (!e->before || !e->after || e->timed_out)
		return;
	int64_t was = look_int(json_object_get(e->before, "vmstat"), "oom_kill", -1);
	int64_t is = look_int(json_object_get(e->after, "vmstat"), "oom_kill", -1);
	if (trial_bug_counts(t, e, "oom_kill"))
		;
	else if (was >= 0 && is >= 0 && trial_own_machine(t))
		trial_check_int(t, CHECK_VMSTAT_OOM_KILL, NULL, NULL, (int64_t)e->n_deaths, is - was);
	else if (must_have(t, "vmstat", "oom_kill") && trial_own_machine(t))
		trial_check_text(t, CHECK_VMSTAT_OOM_KILL, NULL, NULL, "a number", "not there");
	size_t i;
	json_t *cgroup;
	json_array_foreach(json_object_get(e->before, "cgroups"), i, cgroup)
		check_cgroup(t, e, cgroup);
	check_levels(t, e);
	check_claims(t, e);
}
