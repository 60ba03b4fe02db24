// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From checks to a verdict. `fail` blames the kernel, so it needs evidence against it: a check that saw the wrong thing, a
 * panic, a splat. What was not set up, not seen or not finished is an error, whatever it was.
 */
#include "judge/judge.h"

#include <string.h>

#include "base/util.h"
#include "case/plan.h"
#include "model/model.h"
#include "judge/look.h"
#include "judge/trial.h"

/* All that is missing, however much it is. */
static void say_missing(struct result *r, const json_t *missing)
{
	CLEANUP_FREE char *text = missing_sentences(missing);
	result_say(r, VERDICT_SKIP, "%s", text);
}

/* The line of the panic, without the console's time stamp. */
static char *panic_text(const char *console)
{
	const char *p = console ? console_panic(console) : NULL;
	return p ? strndup(p, strcspn(p, "\r\n")) : NULL;
}

/* Is a task of the scene left that the killer could take? By the last snapshot there is, less those that ended since. */
static bool victim_left(const struct trial *t)
{
	const json_t *snapshot = json_array_get(t->seen->snapshots, json_array_size(t->seen->snapshots) - 1);
	size_t i;
	json_t *task;
	json_array_foreach(json_object_get(snapshot, "tasks"), i, task) {
		int64_t pid = look_int(task, "pid", -1);
		bool gone = look_exit(t->seen, pid) != NULL;
		for (size_t k = 0; k < t->n_episodes; k++)
			for (size_t j = 0; j < t->episodes[k].n_deaths; j++)
				gone |= t->episodes[k].deaths[j].tgid == pid;
		if (!gone && look_text(task, "name") && look_int(task, "adj", 0) != ADJ_MIN)
			return true;
	}
	return false;
}

/* Only an OOM of the machine panics for want of a victim, not a memcg's, nor sysrq (mm/oom_kill.c:out_of_memory). */
static bool may_deadlock(const struct trial *t)
{
	const struct episode *last = NULL;
	for (size_t k = 0; k < t->n_episodes; k++)
		if (t->episodes[k].before)
			last = &t->episodes[k];
	if (!last || last->expect->constraint == CONSTRAINT_MEMCG)
		return !last;
	size_t k = 0, asks = 0, sysrqs = 0;
	for (size_t i = 0; i < t->test->n_steps && k <= last->k; i++) {
		const struct step *s = &t->test->steps[i];
		asks += k == last->k && (s->op == STEP_GROW || s->op == STEP_CALL);
		sysrqs += k == last->k && s->op == STEP_SYSRQ;
		k += s->op == STEP_EXPECT;
	}
	return asks || !sysrqs;
}

/*
 * Whoever panics because memory is out tells first how it ran out, past every rate limit (mm/oom_kill.c:check_panic_on_oom,
 * out_of_memory: dump_header). A report that a kill follows is of another OOM.
 */
static bool panic_has_report(const char *console)
{
	const char *panic = console_panic(console);
	bool reported = false;
	for (const char *line = console; line < panic; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, "\n");
		if (memmem(line, len, " invoked oom-killer: ", strlen(" invoked oom-killer: ")))
			reported = true;
		else if (memmem(line, len, "Killed process ", strlen("Killed process ")))
			reported = false;
	}
	return reported;
}

/*
 * A panic that nobody expected is the kernel's fault, but for two: PID 1 ended (then the agent crashed), or the scene left
 * nobody to kill (mm/oom_kill.c:out_of_memory; the words changed with 4.20).
 */
static void judge_panic(struct trial *t)
{
	const struct expectation *x = test_expected_panic(t->test);
	CLEANUP_FREE char *text = panic_text(t->seen->console);
	if (x) {
		char want[256];
		snprintf(want, sizeof(want), "Kernel panic - not syncing: %s", x->panic);
		trial_check(t, CHECK_PANIC, NULL, &x->where, want, text ? text : "no panic", text && strstr(text, x->panic));
		if (text && strstr(text, "memory"))
			trial_check_text(t, CHECK_PANIC_REPORT, NULL, NULL, "there", panic_has_report(t->seen->console) ? "there" : "missing");
		return;
	}
	if (text && strstr(text, "Attempted to kill init"))
		result_say(t->r, VERDICT_ERROR, "the agent ended inside the machine: %s", text);
	else if (text && (strstr(text, "System is deadlocked on memory") || strstr(text, "no killable processes")) &&
		 may_deadlock(t) && !victim_left(t))
		result_say(t->r, VERDICT_ERROR, "the scene left nobody to kill: %s", text);
	else
		trial_check_text(t, CHECK_NO_PANIC, NULL, NULL, "none", text ? text : "none");
}

/* A panic was due and the machine lives: the kernel's fault only if it was out of memory, as a kill proves. */
static void judge_no_panic(struct trial *t)
{
	const struct expectation *x = test_expected_panic(t->test);
	if (!x)
		return;
	for (size_t k = 0; k < t->n_episodes; k++) {
		if (t->episodes[k].expect == x && t->episodes[k].n_reports) {
			judge_panic(t);
			return;
		}
	}
	result_say(t->r, VERDICT_ERROR, "no panic, and no sign that memory ran out");
}

/* What ended the machine before the agent could say so. */
static void judge_fate(struct trial *t)
{
	const struct observation *o = t->seen;
	switch (o->fate) {
	case FATE_ENDED:
		judge_no_panic(t);
		break;
	case FATE_PANIC:
		judge_panic(t);
		break;
	case FATE_SILENT:
		result_say(t->r, VERDICT_ERROR, "no end within the deadline: %s",
			   o->fate_text ? o->fate_text : "the machine said nothing more");
		break;
	case FATE_DIED:
		result_say(t->r, VERDICT_ERROR, "the machine ended by itself: %s",
			   o->fate_text ? o->fate_text : "no panic on its console");
		break;
	case FATE_NOT_STARTED:
		result_say(t->r, VERDICT_ERROR, "%s", o->fate_text ? o->fate_text : "the machine did not start");
		break;
	}
}

/* Does the case say what the step must return? Then it is a check. */
static bool states_result(const struct trial *t, const json_t *step)
{
	int64_t src = look_int(trial_told(t, step), "src", -1);
	return src >= 0 && (size_t)src < t->test->n_steps && t->test->steps[src].result;
}

/* A step whose work was not done, though the agent went on: then what came after it had another scene. NULL: all were. */
static char *undone(const struct trial *t)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step) {
		const char *op = look_text(step, "op"), *e = look_text(step, "errno"), *answer = look_text(step, "answer");
		const char *task = look_text(trial_told(t, step), "task");
		if (streq(op, "fill") && json_is_true(json_object_get(step, "ended")))
			return xasprintf("%s ended before it was filled", task ? task : "a task");
		if (streq(op, "fill") && answer && !starts_with(answer, "filled "))
			return xasprintf("%s was not filled: %s", task ? task : "a task", answer);
		if (e && streq(op, "move") && states_result(t, step))
			continue;
		if (e && (streq(op, "move") || streq(op, "signal") || streq(op, "sysrq")))
			return xasprintf("%s failed: %s", op, e);
	}
	return NULL;
}

/* A plan that came to its end answered every step. */
static bool all_answered(const struct trial *t)
{
	size_t n = json_array_size(json_object_get(t->plan, "steps")), i;
	json_t *step;
	CLEANUP_FREE bool *seen = xcalloc(n + 1, sizeof(*seen));
	json_array_foreach(t->seen->steps, i, step) {
		int64_t k = look_int(step, "i", -1);
		if (k >= 0 && (size_t)k < n)
			seen[k] = true;
	}
	for (i = 0; i < n && seen[i];)
		i++;
	return i == n;
}

static bool any_timeout(const struct trial *t)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step)
		if (json_is_true(json_object_get(step, "timeout")))
			return true;
	return false;
}

/* A task of the plan that the log says was killed, and whose end nobody told: a wait status is missing. Children are their
 * parents' to wait for. NULL: none. */
static const char *untold(const struct trial *t)
{
	for (size_t k = 0; k < t->n_episodes; k++)
		for (size_t i = 0; i < t->episodes[k].n_deaths; i++) {
			const struct death *d = &t->episodes[k].deaths[i];
			if (d->ours && trial_task(t, d->name) && !look_exit(t->seen, d->tgid))
				return d->name;
		}
	return NULL;
}

/* A step whose check has nothing to compare, or NULL. */
static const char *incomparable(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_steps; i++)
		if (t->test->steps[i].op == STEP_COMMIT && !commit_seen(t, &t->test->steps[i], i))
			return "the largest mapping granted was not seen";
	return NULL;
}

/* What an observation that came to its end must have, so that no check is left out for want of it. */
static void judge_gaps(struct trial *t)
{
	const struct observation *o = t->seen;
	CLEANUP_FREE char *not_done = undone(t);
	const char *who = untold(t);
	if (o->fate == FATE_ENDED && who)
		result_say(t->r, VERDICT_ERROR, "the agent did not tell how %s ended", who);
	if (not_done)
		result_say(t->r, VERDICT_ERROR, "%s", not_done);
	if (o->fate != FATE_ENDED)
		return;
	if (!look_snapshot(o, "begin") || !look_snapshot(o, "end"))
		result_say(t->r, VERDICT_ERROR, "the agent sent no snapshot of the %s",
			   look_snapshot(o, "begin") ? "end" : "beginning");
	if (incomparable(t))
		result_say(t->r, VERDICT_ERROR, "%s", incomparable(t));
	if (!o->end)
		result_say(t->r, VERDICT_ERROR, "the agent sent no end");
	if (!all_answered(t))
		result_say(t->r, VERDICT_ERROR, "the agent left steps of the plan unanswered");
}

/* The number of the record that was read before this one, or -1. */
static int64_t seq_before(const struct observation *o, int64_t seq)
{
	int64_t last = -1;
	size_t i;
	json_t *record;
	json_array_foreach(o->kmsg, i, record) {
		int64_t this = look_int(record, "seq", -1);
		if (this >= seq)
			break;
		last = this;
	}
	return last;
}

/* May a record of this episode be among those that were overrun? */
static bool lost_in(const struct trial *t, const struct episode *e)
{
	const struct observation *o = t->seen;
	int64_t from = look_int(e->before, "kmsg_seq", -1), to = look_int(e->after, "kmsg_seq", INT64_MAX);
	size_t i;
	json_t *gap;
	json_array_foreach(o->kmsg_gaps, i, gap) {
		int64_t end = json_integer_value(gap);
		if (end > from + 1 && seq_before(o, end) < to)
			return true;
	}
	return json_array_size(o->kmsg_gaps) == 0 || o->gap_open;	/* it is not known where */
}

/* Is a part of the log missing that a verdict needs? Between the episodes it may be: there nothing is judged by it. */
static bool log_is_lost(const struct trial *t)
{
	bool lost = false;
	for (size_t k = 0; t->seen->kmsg_lost && k < t->n_episodes; k++)
		lost |= lost_in(t, &t->episodes[k]);
	return lost;
}

/* Things the suite could not do, or not see. They are an error unless something has failed on evidence. */
static void judge_errors(struct trial *t)
{
	const struct observation *o = t->seen;
	const json_t *first = json_array_get(o->errors, 0);
	if (t->disturbed)
		result_say(t->r, VERDICT_ERROR, "%s: this machine is in use; try a guest (-t vm)", t->disturbed);
	if (first) {
		const char *what = look_text(first, "what"), *e = look_text(first, "errno");
		result_say(t->r, VERDICT_ERROR, "%s%s%s", what ? what : "the agent reported an error", e ? ": " : "",
			   e ? e : "");
	}
	if (t->outside)
		result_say(t->r, VERDICT_ERROR, "a process was killed before the case was ready for it: %s", t->outside);
	if (log_is_lost(t))
		result_say(t->r, VERDICT_ERROR, "kernel records were overrun before they could be read: boot with a larger log_buf_len");
	bool timeout = any_timeout(t);
	if (!first && !timeout)
		judge_gaps(t);
	for (size_t k = 0; k < t->n_episodes; k++) {
		struct episode *e = &t->episodes[k];
		if (o->fate == FATE_ENDED && !first && !timeout && (!e->before || !e->after) && !e->expect->panic)
			result_say(t->r, VERDICT_ERROR, "the agent sent no snapshots for expectation %zu", k + 1);
		if (e->no_oom && !e->timed_out)
			result_say(t->r, VERDICT_ERROR, "memory did not run out: this machine has more room than the case fills");
		if (e->timed_out)
			result_say(t->r, VERDICT_ERROR, "%s passed its deadline without evidence%s",
				   e->timed_out_op ? e->timed_out_op : "a step",
				   e->n_deaths ? "" : ": memory did not run out");
	}
}

static void take_victims(struct trial *t)
{
	for (size_t k = 0; k < t->n_episodes; k++) {
		struct episode *e = &t->episodes[k];
		for (size_t i = 0; i < e->n_deaths; i++) {
			if (e->deaths[i].again)
				continue;
			result_victim(t->r, e->deaths[i].name, (int)e->deaths[i].tgid);
		}
	}
}

/* A case that expects a kernel's bug passes as xfail: it saw exactly the broken behaviour it names. */
static void say_good(struct trial *t)
{
	if (t->test->bug_here)
		result_say(t->r, VERDICT_XFAIL, "kernel bug, fixed by %s (%s)", t->test->bug_commit,
			   t->test->bug_when ? t->test->bug_when : "this kernel has it");
	else
		result_say(t->r, VERDICT_PASS, "%s", "");
}

static void judge_once(const struct test *test, const struct observation *seen, const char *kernel_release,
		       struct result *r)
{
	struct trial t;
	if (json_array_size(seen->missing) && seen->fate != FATE_PANIC) {
		say_missing(r, seen->missing);
		return;
	}
	if (trial_open(&t, test, seen, kernel_release, r) < 0) {
		result_say(r, VERDICT_ERROR, "%s", seen->fate_text ? seen->fate_text : "the agent never answered");
		trial_close(&t);
		return;
	}
	judge_fate(&t);
	/* Without all of the log, nothing can be held against the kernel that the log would explain; nor where others interfere. */
	bool setup_failed = json_array_size(seen->errors) > 0 || log_is_lost(&t) || t.disturbed;
	if (!setup_failed && !seen->kmsg_lost)
		check_outside(&t);
	for (size_t k = 0; k < t.n_episodes && !setup_failed; k++) {
		struct episode *e = &t.episodes[k];
		if (e->before)
			check_log(&t, e);
		if (!e->before || e->expect->panic)
			continue;
		check_deaths(&t, e);
		check_late(&t, e);
		check_reports(&t, e);
		check_choice(&t, e);
		check_scores_before(&t, e);
		check_counters(&t, e);
	}
	if (!setup_failed)
		check_steps(&t);
	check_after(&t);
	take_victims(&t);
	if (result_failed_checks(r)) {
		result_say(r, VERDICT_FAIL, "%s", "");
	} else {
		judge_errors(&t);
		if (!r->why && r->n_checks)
			say_good(&t);
		else if (!r->why)
			result_say(r, VERDICT_ERROR, "nothing was checked");
	}
	trial_close(&t);
}

/*
 * The same test for a kernel that has the fix after all (a distribution's backport): with the right expectation in place of
 * the broken one. The steps belong to the original.
 */
static struct test without_bug(const struct test *test)
{
	struct test fixed = *test;
	struct step *last = NULL;
	fixed.bug_here = false;
	fixed.steps = xcalloc(test->n_steps, sizeof(*fixed.steps));
	for (size_t i = 0; i < test->n_steps; i++) {
		fixed.steps[i] = test->steps[i];
		if (test->steps[i].op == STEP_EXPECT)
			last = &fixed.steps[i];
	}
	if (last)
		last->expect = test->bug_right;
	return fixed;
}

void judge(const struct test *test, const struct observation *seen, const char *kernel_release, struct result *r)
{
	judge_once(test, seen, kernel_release, r);
	if (!test->bug_here || !test->bug_right || r->verdict != VERDICT_FAIL)
		return;
	struct test fixed = without_bug(test);
	struct result *other = result_new(r->id, r->title, r->kernel, r->target);
	judge_once(&fixed, seen, kernel_release, other);
	if (other->verdict == VERDICT_PASS) {
		struct result broken = *r;
		*r = *other;
		*other = broken;
	}
	result_free(other);
	free(fixed.steps);
}
