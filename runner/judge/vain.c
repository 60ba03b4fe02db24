// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A wait passed its deadline and fewer were killed than should be: did the kernel know that memory was out, and kill nobody? Then
 * what never came is its fault, not the suite's impatience. The agent looks twice at such a moment (snapshots "late" and "later").
 */
#include <string.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

/* Less than these would be no habit: a single charge that fails counts as many passes as it has retries. */
#define ATTEMPTS_MIN 10
#define FAILURES_MIN 200
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
	const char *key;
	json_t *is;
	int64_t n = 0;
	json_object_foreach(json_object_get(to, "vmstat"), key, is)
		if (starts_with(key, begin))
			n += json_integer_value(is) - look_int(was, key, 0);
	return n;
}

/*
 * Between the two looks charges failed again and again (v2 counts the attempts to kill, v1 the failures), or for the
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
	return t->era.oom_per_attempt && rise(late, later, cgroup, "memory.events", "oom") >= ATTEMPTS_MIN;
}

bool trial_in_vain(const struct trial *t, const struct episode *e)
{
	size_t n = 0;
	if (!e->timed_out || e->expect->end == END_BLOCKED)
		return false;
	for (size_t i = 0; i < e->n_deaths; i++)
		n += !e->deaths[i].again;
	return n < e->expect->n_victims && ((!n && asked(t, e)) || asks_in_vain(t, e));
}
