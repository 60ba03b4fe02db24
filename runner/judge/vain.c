// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A wait passed its deadline and fewer were killed than should be: did the kernel know that memory was out, and kill nobody? Then
 * what never came is its fault, not the suite's impatience. The agent looks twice at such a moment (snapshots "late" and "later").
 */
#include <string.h>

#include "base/util.h"
#include "case/kinds.h"
#include "judge/late.h"
#include "judge/look.h"
#include "judge/trial.h"

/* Less than these would be no habit: a single charge that fails counts as many passes as it has retries. */
#define ATTEMPTS_MIN 10
#define STALLS_MIN   100

/*
 * A report was begun, or the memcg's `oom` rose, which counts attempts to kill (era oom_per_attempt), while the case has
 * victims to offer and nobody has died yet. "No killable processes" is no excuse where the first of them lives and
 * may be killed.
 */
static bool asked(const struct trial *t, const struct episode *e)
{
	int64_t was, is;
	const json_t *victim = e->expect->n_victims ? look_task(e->before, e->expect->victims[0]) : NULL;
	bool killable = victim && look_int(victim, "adj", -1000) != -1000;
	for (size_t i = 0; i < e->n_reports; i++)
		if (e->reports[i]->has_header && (killable || !e->reports[i]->no_killable))
			return true;
	if (t->v1 || !t->era.oom_per_attempt || e->expect->memcg < 0)
		return false;
	const char *cgroup = t->test->cgroups[e->expect->memcg].name;
	return look_counter(e->before, cgroup, "memory.events", "oom", &was) &&
	       look_counter(look_snapshot(t->seen, "end"), cgroup, "memory.events", "oom", &is) && is > was;
}

/* What the tasks of the plan hold: nobody grows who only asks. */
static int64_t held_kb(const json_t *snapshot)
{
	int64_t kb = 0;
	size_t i;
	json_t *task;
	json_array_foreach(json_object_get(snapshot, "tasks"), i, task)
		if (look_text(task, "name"))
			kb += look_int(task, "anon_kb", 0) + look_int(task, "shmem_kb", 0) + look_int(task, "swap_kb", 0);
	return kb;
}

/*
 * Between the two looks charges failed again and again (v2 counts the attempts to kill and the passes, v1 the failures), or for the
 * machine direct reclaim was called and gave nothing (mm/page_alloc.c:should_reclaim_retry gives up after 16 times), and nobody was
 * killed, nobody is about to end, and nobody got anything.
 */
static bool asks_in_vain(const struct trial *t, const struct episode *e)
{
	const json_t *late = look_snapshot(t->seen, "late"), *later = look_snapshot(t->seen, "later");
	if (!late || !later || !late_nobody_in_flight(t, e, late) || late_killed_since(t, late) || held_kb(late) != held_kb(later))
		return false;
	if (e->expect->memcg < 0)
		return late_vm_rise(late, later, "allocstall_") >= STALLS_MIN && !late_vm_rise(late, later, "pgsteal_");
	const char *cgroup = t->test->cgroups[e->expect->memcg].name;
	if (t->v1)
		return late_rise(late, later, cgroup, "memory.failcnt", NULL) + late_rise(late, later, cgroup, "memory.memsw.failcnt", NULL) >=
		       LATE_FAILURES_MIN;
	if (!t->era.oom_per_attempt)
		return false;
	int64_t attempts = late_rise(late, later, cgroup, "memory.events", "oom");
	/* Who never asks for a kill: where nothing can be reclaimed a charge does so after 16 passes (try_charge_memcg). */
	bool never_asks = !attempts && late_rise(late, later, cgroup, "memory.events", "max") >= LATE_FAILURES_MIN && !late_vm_rise(late, later, "pgsteal_");
	return attempts >= ATTEMPTS_MIN || never_asks;
}

/* Each sysrq f of the episode was to kill one, and fewer were killed, long after the last of them. */
static bool sysrq_in_vain(const struct trial *t, const struct episode *e, size_t killed)
{
	int64_t late = look_int(look_snapshot(t->seen, "late"), "t", 0);
	size_t asked = 0, i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step)
		asked += streq(look_text(step, "op"), "sysrq") && look_int(trial_told(t, step), "episode", -1) == (int64_t)e->k &&
			 look_int(step, "t", INT64_MAX) <= late - LATE_REAP_US;
	return streq(e->expect->trigger, "kworker") && asked >= e->expect->n_victims && asked > killed;
}

bool trial_in_vain(const struct trial *t, const struct episode *e)
{
	size_t n = 0;
	if (!e->timed_out || e->expect->end == END_BLOCKED)
		return false;
	for (size_t i = 0; i < e->n_deaths; i++)
		n += !e->deaths[i].again;
	return n < e->expect->n_victims && ((!n && asked(t, e)) || asks_in_vain(t, e) || sysrq_in_vain(t, e, n));
}
