// SPDX-License-Identifier: GPL-2.0-or-later
/* A wait passed its deadline: is what it waited for owed by the kernel? Each of these is evidence, not the suite's impatience. */
#include <string.h>

#include "base/util.h"
#include "case/kinds.h"
#include "judge/late.h"
#include "judge/look.h"
#include "judge/scene.h"
#include "judge/trial.h"

#define RATELIMIT_BURST 10	/* include/linux/ratelimit_types.h:DEFAULT_RATELIMIT_BURST */
#define CONTENT_MIN  100	/* kswapd looks once when it is woken, and once more when it sleeps; never of itself */
#define ENDLESS_MIN  3	/* where one attempt is the last; each may make a report, which takes its time */

/* Does the task sleep where v1 waits at a limit (mm/memcontrol-v1.c:mem_cgroup_oom_synchronize)? */
static bool sleeps_at_limit(const json_t *task)
{
	const char *wchan = look_text(task, "wchan");
	return wchan && strstr(wchan, "oom_synchronize");
}

/* The same rise in all cgroups of the scene together. */
static int64_t rise_of_all(const struct trial *t, const json_t *from, const json_t *to, const char *file, const char *field)
{
	int64_t n = 0;
	for (size_t i = 0; i < t->test->n_cgroups; i++)
		n += late_rise(from, to, t->test->cgroups[i].name, file, field);
	return n;
}

/* v1: how many charges failed, of either kind? */
static int64_t failures(const struct trial *t, const json_t *from, const json_t *to)
{
	return rise_of_all(t, from, to, "memory.failcnt", NULL) + rise_of_all(t, from, to, "memory.memsw.failcnt", NULL);
}

/*
 * Who waits at a limit on memory and swap is woken when it is raised (mm/memcontrol-v1.c:mem_cgroup_resize_max,
 * memcg1_oom_recover), and asks again. Where memory alone is still short, that is counted: who waits on and has not
 * asked was not woken.
 */
static bool slept_on(const struct trial *t, const struct episode *e, const json_t *later, const char *name, const char *path)
{
	size_t i;
	json_t *cgroup;
	if (!sleeps_at_limit(look_task(e->before, name)) || failures(t, e->before, later))
		return false;
	json_array_foreach(json_object_get(later, "cgroups"), i, cgroup) {
		const char *own = look_text(cgroup, "path"), *of = look_text(cgroup, "name");
		int64_t under, limit, used;
		if (own && of && path && trial_is_above(own, path) &&
		    look_counter(e->before, of, "memory.oom_control", "under_oom", &under) && under &&
		    late_rise(e->before, later, of, "memory.memsw.limit_in_bytes", NULL) > 0 &&
		    look_counter(later, of, "memory.memsw.limit_in_bytes", NULL, &limit) &&
		    look_counter(later, of, "memory.memsw.usage_in_bytes", NULL, &used) && limit - used > trial_stock_kb(t) * 1024)
			return true;
	}
	return false;
}

/* Who waits at a limit, twice in a row, must have a reason; and the cgroup says that somebody waits. */
static void check_sleepers(struct trial *t, const struct episode *e, const json_t *late, const json_t *later)
{
	size_t i;
	json_t *task;
	json_array_foreach(json_object_get(later, "tasks"), i, task) {
		const char *name = look_text(task, "name"), *path = look_text(task, "cgroup");
		int64_t under;
		if (!name || !sleeps_at_limit(task) || !sleeps_at_limit(look_task(late, name)) ||
		    !late_nobody_in_flight(t, e, late))
			continue;
		const json_t *why = trial_waits_for(t, later, path);
		bool reason = (why || trial_waits_for(t, late, path)) && !slept_on(t, e, later, name, path);
		trial_check_text(t, CHECK_SLEEPER, name, NULL, "for room, where nobody may be killed",
				 reason ? "for room, where nobody may be killed" : "for nothing");
		if (why && look_counter(later, look_text(why, "name"), "memory.oom_control", "under_oom", &under))
			trial_check_int(t, CHECK_UNDER_OOM, look_text(why, "name"), NULL, 1, under);
	}
}

/* Is a task awaited to be blocked? */
static bool should_block(const struct trial *t, const struct episode *e)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step) {
		const json_t *told = trial_told(t, step);
		if (look_int(told, "episode", -1) == (int64_t)e->k && json_is_true(json_object_get(step, "timeout")) &&
		    streq(look_text(told, "for"), "blocked"))
			return true;
	}
	return e->expect->end == END_BLOCKED;
}

/* It asks again and again instead: its charges fail all the time. */
static void check_no_wait(struct trial *t, const struct episode *e, const json_t *late, const json_t *later)
{
	if (t->v1 && should_block(t, e) && failures(t, late, later) >= LATE_FAILURES_MIN)
		trial_check_text(t, CHECK_GROW_END, NULL, &e->expect->where, "blocked", "asks again and again");
}

/* Does anybody grow in the episode, or in an earlier one who may not be done yet? With @faults only those count who ask
 * by page faults. */
static bool grows(const struct trial *t, const struct episode *e, bool faults)
{
	for (size_t i = 0; i < e->last_step; i++) {
		const struct step *s = &t->test->steps[i];
		const struct test_task *task = s->op == STEP_GROW ? trial_task(t, s->tasks[0]) : NULL;
		if (task && !(faults && kind_facts(task->kind)->in_kernel))
			return true;
	}
	return false;
}

/*
 * Where nobody can be killed an attempt to is the last: a charge in a system call fails
 * (mm/memcontrol.c:try_charge_memcg), and a write of a limit lets it be (memory_max_write). Only page faults come back.
 * Each cgroup has its own count (era events_local).
 */
void check_endless(struct trial *t, const struct episode *e)
{
	const json_t *late = look_snapshot(t->seen, "late"), *later = look_snapshot(t->seen, "later");
	size_t i;
	json_t *step;
	if (!e->timed_out || !late || !later || t->v1 || !t->era.oom_per_attempt || grows(t, e, true) ||
	    rise_of_all(t, late, later, "memory.events.local", "oom_kill") ||
	    rise_of_all(t, late, later, "memory.events.local", "oom") < ENDLESS_MIN)
		return;
	if (grows(t, e, false) && e->expect->end == END_FAILED)
		trial_check_text(t, CHECK_GROW_END, NULL, &e->expect->where, "failed", "asks again and again");
	json_array_foreach(t->seen->steps, i, step) {
		const json_t *told = trial_told(t, step);
		if (json_is_true(json_object_get(step, "timeout")) && streq(look_text(told, "op"), "write") &&
		    streq(look_text(told, "file"), "memory.max"))
			trial_check_text(t, CHECK_WRITE, "memory.max", NULL, "ok", "tries to kill again and again");
	}
}

/*
 * A victim that does not end is reaped after two seconds, or a second later it is said that it can't be
 * (mm/oom_kill.c:oom_reap_task). "pinned by": the reaper keeps its hands off memory that PID 1 uses, too.
 */
static void check_unreaped(struct trial *t, const struct episode *e, const json_t *late)
{
	for (size_t i = 0; i < e->n_deaths; i++) {
		const struct death *d = &e->deaths[i];
		const json_t *exit = look_exit(t->seen, d->tgid);
		int64_t now = look_int(late, "t", 0), killed = late_told_of(t, "Killed process ", d->pid);
		if (d->again || killed < 0 || now - killed < LATE_REAP_US || (exit && look_int(exit, "t", 0) <= now) ||
		    late_told_of(t, "unable to reap pid:", d->pid) >= 0 || late_told_of(t, "oom killer ", d->pid) >= 0)
			continue;
		if (!trial_check_text(t, CHECK_REAPED, NULL, NULL, "the victim ended or was reaped",
				      late_was_reaped(t, d->pid) || late_was_reaped(t, d->tgid) ? "the victim ended or was reaped" : "neither"))
			return;	/* one says it: there may be hundreds */
	}
}

/*
 * A huge page that can't be had is a SIGBUS (mm/hugetlb.c:hugetlb_no_page). Told that memory is out, the fault comes
 * again and again, where it is not, and as often as the rate limit lets it the log says so
 * (mm/oom_kill.c:pagefault_out_of_memory).
 */
static void check_huge_fault(struct trial *t, const struct episode *e)
{
	const struct step *asks = scene_trigger(t, e);
	const struct test_task *task = asks && asks->op == STEP_GROW ? trial_task(t, asks->tasks[0]) : NULL;
	if (task && streq(task->kind, "hugetlb") && e->expect->end == END_FAILED && !e->n_reports &&
	    trial_times_logged(t, e->first_record, e->last_record, "VM_FAULT_OOM leaked out") >= RATELIMIT_BURST)
		trial_check_text(t, CHECK_GROW_END, NULL, &e->expect->where, "failed", "asks again and again");
}

static bool anybody_ended_since(const struct trial *t, int64_t since)
{
	size_t i;
	json_t *exit;
	json_array_foreach(t->seen->exits, i, exit)
		if (look_int(exit, "t", 0) >= since && !json_is_true(json_object_get(exit, "by_agent")))
			return true;
	return false;
}

/*
 * A sysrq f that neither kills nor says that there is nobody has chosen who is on its way out already
 * (mm/oom_kill.c:oom_kill_process: task_will_free_mem), and that one is reaped as any victim is.
 */
static void check_silent_sysrq(struct trial *t, const struct episode *e, const json_t *late)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step) {
		int64_t when = look_int(step, "t", INT64_MAX);
		if (!streq(look_text(step, "op"), "sysrq") || look_int(trial_told(t, step), "episode", -1) != (int64_t)e->k ||
		    look_int(late, "t", 0) - LATE_REAP_US < when || !t->era.reaper || e->n_reports || e->n_deaths ||
		    trial_logged(t, e->first_record, SIZE_MAX, "OOM request ignored") || anybody_ended_since(t, when))
			continue;
		trial_check_text(t, CHECK_REAPED, NULL, NULL, "the victim ended or was reaped",
				 trial_logged(t, e->first_record, SIZE_MAX, "oom_reaper: ") ? "the victim ended or was reaped" : "neither");
	}
}

/*
 * Who asks when the reserves are low sleeps until kswapd has made room (mm/vmscan.c:throttle_direct_reclaim). Here it slept from
 * one look to the other, and all that time kswapd looked again and again, found its node balanced (pgdat_balanced) and
 * did nothing: nobody will make room. Where the kernel is known for it (era held_back_for_ever) that is no news.
 */
static void check_held_back(struct trial *t, const json_t *late, const json_t *later)
{
	size_t i;
	json_t *task;
	if (late_vm_rise(late, later, "pgscan_direct_throttle") || late_vm_rise(late, later, "pgscan_kswapd") ||
	    late_vm_rise(late, later, "pageoutrun") < CONTENT_MIN)
		return;
	json_array_foreach(json_object_get(later, "tasks"), i, task) {
		const char *name = look_text(task, "name"), *wchan = look_text(task, "wchan");
		if (!name || !wchan || !strstr(wchan, "throttle_direct_reclaim"))
			continue;
		if (!t->era.held_back_for_ever)
			trial_check_text(t, CHECK_HELD_BACK, name, NULL, "while kswapd makes room", "while kswapd has nothing to do");
		else if (!t->known_bug)
			t->known_bug = xasprintf("kernel bug, of 4bd22a7ae574: %s is held back while kswapd has nothing to do", name);
	}
}

/*
 * Who is above memory.high sleeps two seconds at most before it goes on (mm/memcontrol.c:mem_cgroup_handle_over_high,
 * MEMCG_MAX_HIGH_DELAY_JIFFIES). Here it has not woken between two looks that are further apart.
 */
static void check_high_sleep(struct trial *t, const json_t *late, const json_t *later)
{
	size_t i;
	json_t *task;
	int64_t first = look_int(late, "t", -1), second = look_int(later, "t", -1);
	if (first < 0 || second < first || second - first < LATE_APART_US)
		return;
	json_array_foreach(json_object_get(later, "tasks"), i, task) {
		const char *name = look_text(task, "name"), *wchan = look_text(task, "wchan");
		int64_t switches = look_int(task, "switches", -1);
		if (name && wchan && strstr(wchan, "handle_over_high") && switches >= 0 &&
		    switches == look_int(look_task(late, name), "switches", -1))
			trial_check_text(t, CHECK_HIGH_SLEEP, name, NULL, "two seconds at a time", "longer");
	}
}

void check_late(struct trial *t, const struct episode *e)
{
	const json_t *late = look_snapshot(t->seen, "late"), *later = look_snapshot(t->seen, "later");
	if (!e->timed_out || !late || !later)
		return;
	check_unreaped(t, e, late);
	check_sleepers(t, e, late, later);
	check_held_back(t, late, later);
	check_high_sleep(t, late, later);
	check_no_wait(t, e, late, later);
	check_silent_sysrq(t, e, late);
	check_huge_fault(t, e);
}
