// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A wait passed its deadline and fewer were killed than should be: did the kernel know that memory was out, and kill nobody? Then
 * what never came is its fault, not the suite's impatience. The agent looks twice at such a moment (snapshots "late" and "later").
 */
#include <string.h>

#include "base/util.h"
#include "case/kinds.h"
#include "judge/look.h"
#include "judge/trial.h"

/* Less than these would be no habit: a single charge that fails counts as many passes as it has retries. */
#define ATTEMPTS_MIN 10
#define FAILURES_MIN 200
#define ENDLESS_MIN  3	/* where one attempt is the last; each may make a report, which takes its time */
#define STALLS_MIN   100
/* Three times as long as the reaper takes to have done it or to give up; a wait's deadline is never shorter. */
#define REAP_US	     9000000

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

/* "oom_reaper: reaped process 7 (big), …" */
static bool was_reaped(const struct trial *t, int64_t pid)
{
	size_t i;
	json_t *record;
	json_array_foreach(t->seen->kmsg, i, record) {
		const char *text = look_text(record, "text");
		long long reaped;
		if (text && sscanf(text, "oom_reaper: reaped process %lld (", &reaped) == 1 && reaped == pid)
			return true;
	}
	return false;
}

/* Is everybody who was killed out of the way: ended, or reaped? Until then nobody else may be killed (oom_evaluate_task). */
static bool nobody_in_flight(const struct trial *t, const struct episode *e, const json_t *late)
{
	for (size_t i = 0; i < e->n_deaths; i++) {
		const json_t *exit = look_exit(t->seen, e->deaths[i].tgid);
		bool ended = exit && look_int(exit, "t", INT64_MAX) <= look_int(late, "t", 0);
		if (!ended && !was_reaped(t, e->deaths[i].tgid))
			return false;
	}
	return true;
}

static bool killed_since(const struct trial *t, const json_t *late)
{
	size_t i;
	json_t *record;
	json_array_foreach(t->seen->kmsg, i, record) {
		const char *text = look_text(record, "text");
		if (text && strstr(text, "Killed process") && look_int(record, "seq", 0) > look_int(late, "kmsg_seq", INT64_MAX))
			return true;
	}
	return false;
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

/* By how much did a counter of the cgroup rise? 0 when it is not there. */
static int64_t rise(const json_t *from, const json_t *to, const char *cgroup, const char *file, const char *field)
{
	int64_t was, is;
	return look_counter(from, cgroup, file, field, &was) && look_counter(to, cgroup, file, field, &is) ? is - was : 0;
}

/* The same of all fields of /proc/vmstat that begin so. */
static int64_t vm_rise(const json_t *from, const json_t *to, const char *begin)
{
	const json_t *was = json_object_get(from, "vmstat");
	json_t *is = json_object_get(to, "vmstat"), *value;
	const char *key;
	int64_t n = 0;
	json_object_foreach(is, key, value)
		if (starts_with(key, begin))
			n += look_int(is, key, 0) - look_int(was, key, 0);
	return n;
}

/*
 * Between the two looks charges failed again and again (v2 counts the attempts to kill and the passes, v1 the failures), or for the
 * machine direct reclaim was called and gave nothing (mm/page_alloc.c:should_reclaim_retry gives up after 16 times), and nobody was
 * killed, nobody is about to end, and nobody got anything.
 */
static bool asks_in_vain(const struct trial *t, const struct episode *e)
{
	const json_t *late = look_snapshot(t->seen, "late"), *later = look_snapshot(t->seen, "later");
	if (!late || !later || !nobody_in_flight(t, e, late) || killed_since(t, late) || held_kb(late) != held_kb(later))
		return false;
	if (e->expect->memcg < 0)
		return vm_rise(late, later, "allocstall_") >= STALLS_MIN && !vm_rise(late, later, "pgsteal_");
	const char *cgroup = t->test->cgroups[e->expect->memcg].name;
	if (t->v1)
		return rise(late, later, cgroup, "memory.failcnt", NULL) + rise(late, later, cgroup, "memory.memsw.failcnt", NULL) >=
		       FAILURES_MIN;
	if (!t->era.oom_per_attempt)
		return false;
	int64_t attempts = rise(late, later, cgroup, "memory.events", "oom");
	/* Who never asks for a kill: where nothing can be reclaimed a charge does so after 16 passes (try_charge_memcg). */
	bool never_asks = !attempts && rise(late, later, cgroup, "memory.events", "max") >= FAILURES_MIN && !vm_rise(late, later, "pgsteal_");
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
			 look_int(step, "t", INT64_MAX) <= late - REAP_US;
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

/* Does the task sleep where v1 waits at a limit (mm/memcontrol-v1.c:mem_cgroup_oom_synchronize)? */
static bool sleeps_at_limit(const json_t *task)
{
	const char *wchan = look_text(task, "wchan");
	return wchan && strstr(wchan, "oom_synchronize");
}

/* Who waits at a limit, twice in a row, must have a reason; and the cgroup says that somebody waits. */
static void check_sleepers(struct trial *t, const struct episode *e, const json_t *late, const json_t *later)
{
	size_t i;
	json_t *task;
	json_array_foreach(json_object_get(later, "tasks"), i, task) {
		const char *name = look_text(task, "name"), *path = look_text(task, "cgroup");
		int64_t under;
		if (!name || !sleeps_at_limit(task) || !sleeps_at_limit(look_task(late, name)) || !nobody_in_flight(t, e, late))
			continue;
		const json_t *why = trial_waits_for(t, later, path);
		bool reason = why || trial_waits_for(t, late, path);
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
	int64_t failed = 0;
	for (size_t i = 0; i < t->test->n_cgroups; i++)
		failed += rise(late, later, t->test->cgroups[i].name, "memory.failcnt", NULL) +
			  rise(late, later, t->test->cgroups[i].name, "memory.memsw.failcnt", NULL);
	if (t->v1 && should_block(t, e) && failed >= FAILURES_MIN)
		trial_check_text(t, CHECK_GROW_END, NULL, &e->expect->where, "blocked", "asks again and again");
}

/* How often was it tried between the looks to kill somebody in the cgroups of the scene? Each has its own count (era events_local). */
static int64_t attempts(const struct trial *t, const json_t *late, const json_t *later)
{
	int64_t n = 0;
	for (size_t i = 0; i < t->test->n_cgroups; i++)
		n += rise(late, later, t->test->cgroups[i].name, "memory.events.local", "oom");
	return n;
}

/* Do all that grow in the episode ask inside of system calls? */
static bool asks_in_calls(const struct trial *t, const struct episode *e)
{
	bool any = false;
	for (size_t i = 0, k = 0; i < t->test->n_steps && k <= e->k; i++) {
		const struct step *s = &t->test->steps[i];
		const struct test_task *task = s->op == STEP_GROW && k == e->k ? trial_task(t, s->tasks[0]) : NULL;
		if (task && !kind_facts(task->kind)->in_kernel)
			return false;
		any |= task != NULL;
		k += s->op == STEP_EXPECT;
	}
	return any;
}

/*
 * Where nobody can be killed an attempt to is the last: a charge in a system call fails (mm/memcontrol.c:try_charge_memcg), and a write
 * of a limit lets it be (memory_max_write). Only page faults come back.
 */
static void check_endless(struct trial *t, const struct episode *e, const json_t *late, const json_t *later)
{
	size_t i;
	json_t *step;
	if (t->v1 || !t->era.oom_per_attempt || killed_since(t, late) || attempts(t, late, later) < ENDLESS_MIN)
		return;
	if (e->expect->end == END_FAILED && asks_in_calls(t, e))
		trial_check_text(t, CHECK_GROW_END, NULL, &e->expect->where, "failed", "asks again and again");
	json_array_foreach(t->seen->steps, i, step) {
		const json_t *told = trial_told(t, step);
		if (json_is_true(json_object_get(step, "timeout")) && streq(look_text(told, "op"), "write") &&
		    streq(look_text(told, "file"), "memory.max"))
			trial_check_text(t, CHECK_WRITE, "memory.max", NULL, "ok", "tries to kill again and again");
	}
}

/* Does a record begin so, with this pid next? Its time in us; -1: none. */
static int64_t told_of(const struct trial *t, const char *words, int64_t pid)
{
	size_t i;
	json_t *record;
	json_array_foreach(t->seen->kmsg, i, record) {
		const char *text = look_text(record, "text"), *p = text ? strstr(text, words) : NULL;
		if (p && strtoll(p + strlen(words), NULL, 10) == pid)
			return look_int(record, "t", -1);
	}
	return -1;
}

/*
 * A victim that does not end is reaped after two seconds, or a second later it is said that it can't be (mm/oom_kill.c:oom_reap_task).
 * "pinned by": the reaper keeps its hands off memory that PID 1 uses, too.
 */
static void check_unreaped(struct trial *t, const struct episode *e, const json_t *late)
{
	for (size_t i = 0; i < e->n_deaths; i++) {
		const struct death *d = &e->deaths[i];
		const json_t *exit = look_exit(t->seen, d->tgid);
		int64_t now = look_int(late, "t", 0), killed = told_of(t, "Killed process ", d->pid);
		if (d->again || killed < 0 || now - killed < REAP_US || (exit && look_int(exit, "t", 0) <= now) ||
		    told_of(t, "unable to reap pid:", d->pid) >= 0 || told_of(t, "oom killer ", d->pid) >= 0)
			continue;
		trial_check_text(t, CHECK_REAPED, NULL, NULL, "the victim ended or was reaped",
				 was_reaped(t, d->pid) || was_reaped(t, d->tgid) ? "the victim ended or was reaped" : "neither");
	}
}

/* Does a record of the episode have these words? */
static bool logged(const struct trial *t, const struct episode *e, const char *words)
{
	for (size_t i = e->first_record; i < json_array_size(t->seen->kmsg); i++) {
		const char *text = look_text(json_array_get(t->seen->kmsg, i), "text");
		if (text && strstr(text, words))
			return true;
	}
	return false;
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
 * A sysrq f that neither kills nor says that there is nobody has chosen who is on its way out already (mm/oom_kill.c:oom_kill_process:
 * task_will_free_mem), and that one is reaped as any victim is.
 */
static void check_silent_sysrq(struct trial *t, const struct episode *e, const json_t *late)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step) {
		int64_t when = look_int(step, "t", INT64_MAX);
		if (!streq(look_text(step, "op"), "sysrq") || look_int(trial_told(t, step), "episode", -1) != (int64_t)e->k ||
		    look_int(late, "t", 0) - REAP_US < when || !t->era.reaper || e->n_reports || e->n_deaths ||
		    logged(t, e, "OOM request ignored") || anybody_ended_since(t, when))
			continue;
		trial_check_text(t, CHECK_REAPED, NULL, NULL, "the victim ended or was reaped",
				 logged(t, e, "oom_reaper: ") ? "the victim ended or was reaped" : "neither");
	}
}

void check_late(struct trial *t, const struct episode *e)
{
	const json_t *late = look_snapshot(t->seen, "late"), *later = look_snapshot(t->seen, "later");
	if (!e->timed_out || !late || !later)
		return;
	check_unreaped(t, e, late);
	check_sleepers(t, e, late, later);
	check_no_wait(t, e, late, later);
	check_endless(t, e, late, later);
	check_silent_sysrq(t, e, late);
}
