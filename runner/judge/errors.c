// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/errors.h"

#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

/* Does the case say what the step must return? Then it is a check. */
static bool states_result(const struct trial *t, const json_t *step)
{
	int64_t src = look_int(trial_told(t, step), "src", -1);
	return src >= 0 && (size_t)src < t->test->n_steps && t->test->steps[src].result;
}

static bool ended_unfilled(const json_t *step)
{
	return streq(look_text(step, "op"), "fill") && json_is_true(json_object_get(step, "ended"));
}

/* It ended before it was asked, not by what it was asked for. */
static bool ended_unasked(const json_t *step)
{
	return json_is_true(json_object_get(step, "unasked"));
}

static bool ended_too_soon(const json_t *step)
{
	return ended_unfilled(step) || ended_unasked(step);
}

/* A step whose work was not done, though the agent went on: then what came after it had another scene. NULL: all were. */
static char *undone(const struct trial *t)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step) {
		const char *op = look_text(step, "op"), *e = look_text(step, "errno"), *answer = look_text(step, "answer");
		const char *task = look_text(trial_told(t, step), "task");
		if (ended_unfilled(step))
			return xasprintf("%s ended before it was filled", task ? task : "a task");
		if (ended_unasked(step))
			return xasprintf("%s had ended when it was to make a call", task ? task : "a task");
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
		int64_t end = look_number(gap, 0);
		if (end > from + 1 && seq_before(o, end) < to)
			return true;
	}
	return json_array_size(o->kmsg_gaps) == 0 || o->gap_open;	/* it is not known where */
}

/* Between the episodes it may be lost: there nothing is judged by it. */
bool judge_log_lost(const struct trial *t)
{
	bool lost = false;
	for (size_t k = 0; t->seen->kmsg_lost && k < t->n_episodes; k++)
		lost |= lost_in(t, &t->episodes[k]);
	return lost;
}

const char *judge_log_torn(const struct trial *t)
{
	for (size_t k = 0; k < t->n_episodes; k++)
		for (size_t i = t->episodes[k].first_record; i < t->episodes[k].last_record; i++) {
			const json_t *record = json_array_get(t->seen->kmsg, i);
			if (json_is_true(json_object_get(record, "torn")))
				return look_text(record, "text");
		}
	return NULL;
}

/*
 * Did the kernel refuse a workload with what is no word about memory? It was built without something (huge pages, a system
 * call), and what followed was not the scene.
 */
static bool refused(const struct trial *t)
{
	static const char *const words[] = { "EINVAL", "ENOSYS", "EOPNOTSUPP", "ENODEV", "ENOENT", "EPERM" };
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step) {
		const char *answer = look_text(step, "answer");
		if (!streq(look_text(step, "op"), "fill") || !answer || !starts_with(answer, "failed "))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			if (starts_with(answer + strlen("failed "), words[k]))
				return true;
	}
	return false;
}

/* Did a task end by itself too soon? It has said why on its way out: the kernel lacks what its kind needs. */
static bool gave_up(const struct trial *t)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step) {
		const json_t *exit = ended_too_soon(step) ? look_exit(t->seen, look_int(step, "pid", -1)) : NULL;
		if (json_is_integer(json_object_get(exit, "code")))
			return true;
	}
	return false;
}

/* Was somebody killed while the scene was made, so that it never was? There was less room than the case took for granted. */
bool judge_scene_lost(const struct trial *t)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step)
		if (t->outside && ended_too_soon(step))
			return true;
	return false;
}

/* What a workload says of an order that it does not understand or can't carry out: the case's fault, not the kernel's. NULL: none. */
static const char *order_error(const json_t *message, const char *member)
{
	const char *text = look_text(message, member);
	return text && starts_with(text, "error ") ? text + strlen("error ") : NULL;
}

/* The same as a sentence, with where the case gives the order; NULL: all orders were carried out. The caller frees. */
static char *misused(const struct trial *t)
{
	size_t i;
	json_t *message;
	json_array_foreach(t->seen->steps, i, message) {
		const json_t *told = trial_told(t, message);
		const char *text = order_error(message, "answer"), *task = look_text(told, "task");
		int64_t src = look_int(told, "src", -1);
		const char *where = src >= 0 && (size_t)src < t->test->n_steps ? trial_where(&t->test->steps[src].where) : NULL;
		if (text)
			return xasprintf("%s%s%s could not do as it was told: %s", where ? where : "", where ? ": " : "",
					 task ? task : "a task", text);
	}
	json_array_foreach(t->seen->answers, i, message) {	/* of a call in the background */
		const char *text = order_error(message, "text"), *task = look_text(message, "name");
		if (text)
			return xasprintf("%s could not do as it was told: %s", task ? task : "a task", text);
	}
	return NULL;
}

bool judge_setup_failed(const struct trial *t)
{
	CLEANUP_FREE char *order = misused(t);
	return json_array_size(t->seen->errors) > 0 || t->disturbed || order || refused(t) || gave_up(t);
}

void judge_errors(struct trial *t)
{
	const struct observation *o = t->seen;
	const json_t *first = json_array_get(o->errors, 0);
	CLEANUP_FREE char *order = misused(t);
	if (t->disturbed)
		result_say(t->r, VERDICT_ERROR, "%s: this machine is in use; try a guest (-t vm)", t->disturbed);
	if (first) {
		const char *what = look_text(first, "what"), *e = look_text(first, "errno");
		result_say(t->r, VERDICT_ERROR, "%s%s%s", what ? what : "the agent reported an error", e ? ": " : "",
			   e ? e : "");
	}
	if (t->outside)
		result_say(t->r, VERDICT_ERROR, "a process was killed before the case was ready for it: %s", t->outside);
	if (judge_log_lost(t))
		result_say(t->r, VERDICT_ERROR, "kernel records were overrun before they could be read: boot with a larger log_buf_len");
	if (judge_log_torn(t))
		result_say(t->r, VERDICT_ERROR, "other records tore a line of the log, and its rest is not there: %s", judge_log_torn(t));
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
	if (order)	/* it says best what all the others follow from */
		result_say(t->r, VERDICT_ERROR, "%s", order);
}
