// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From checks to a verdict. `fail` blames the kernel, so it needs evidence against it: a check that saw the wrong thing, a
 * panic, a splat. What was not set up, not seen or not finished is an error, whatever it was.
 */
#include "judge/judge.h"

#include <string.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

/* "memory.oom.group: no such file (Linux 4.19 has it); zram: …" */
static void say_missing(struct result *r, const json_t *missing)
{
	char text[1024] = "";
	size_t n = 0, i;
	json_t *m;
	json_array_foreach(missing, i, m) {
		const char *need = look_text(m, "need"), *why = look_text(m, "why"), *how = look_text(m, "how");
		if (n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s: %s%s%s", i ? "; " : "", need ? need : "?",
					      why ? why : "missing", how ? "; " : "", how ? how : "");
	}
	result_say(r, VERDICT_SKIP, "%s", text);
}

static const struct expectation *expected_panic(const struct test *test)
{
	for (size_t i = 0; i < test->n_steps; i++)
		if (test->steps[i].op == STEP_EXPECT && test->steps[i].expect->panic)
			return test->steps[i].expect;
	return NULL;
}

/* The line of the panic, without the console's time stamp. */
static char *panic_text(const char *console)
{
	const char *p = console ? console_panic(console) : NULL;
	return p ? strndup(p, strcspn(p, "\r\n")) : NULL;
}

/*
 * A panic that nobody expected is the kernel's fault, but for two: PID 1 ended (then the agent crashed), or the scene left
 * nobody to kill.
 */
static void judge_panic(struct trial *t)
{
	const struct expectation *x = expected_panic(t->test);
	CLEANUP_FREE char *text = panic_text(t->seen->console);
	if (x) {
		char want[256];
		snprintf(want, sizeof(want), "Kernel panic - not syncing: %s", x->panic);
		result_check(t->r, "panic", text && strstr(text, x->panic), trial_where(&x->where), want,
			     text ? text : "no panic");
		return;
	}
	if (text && strstr(text, "Attempted to kill init"))
		result_say(t->r, VERDICT_ERROR, "the agent ended inside the machine: %s", text);
	else
		trial_check_text(t, "no panic", NULL, "none", text ? text : "none");
}

/* A panic was due and the machine lives: the kernel's fault only if it was out of memory, as a kill proves. */
static void judge_no_panic(struct trial *t)
{
	const struct expectation *x = expected_panic(t->test);
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

/* Things the suite could not do, or not see. They are an error unless something has failed on evidence. */
static void judge_errors(struct trial *t)
{
	const struct observation *o = t->seen;
	const json_t *first = json_array_get(o->errors, 0);
	if (first) {
		const char *what = look_text(first, "what"), *e = look_text(first, "errno");
		result_say(t->r, VERDICT_ERROR, "%s%s%s", what ? what : "the agent reported an error", e ? ": " : "",
			   e ? e : "");
	}
	if (o->kmsg_lost)
		result_say(t->r, VERDICT_ERROR, "kernel records were overrun before they could be read: boot with a larger log_buf_len");
	for (size_t k = 0; k < t->n_episodes; k++) {
		struct episode *e = &t->episodes[k];
		if (o->fate == FATE_ENDED && !first && (!e->before || !e->after) && !e->expect->panic)
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
	if (t->test->bug_commit)
		result_say(t->r, VERDICT_XFAIL, "kernel bug, fixed by %s (%s)", t->test->bug_commit,
			   t->test->bug_when ? t->test->bug_when : "this kernel has it");
	else
		result_say(t->r, VERDICT_PASS, "%s", "");
}

void judge(const struct test *test, const struct observation *seen, const char *kernel_release, struct result *r)
{
	struct trial t;
	if (json_array_size(seen->missing)) {
		say_missing(r, seen->missing);
		return;
	}
	if (trial_open(&t, test, seen, kernel_release, r) < 0) {
		result_say(r, VERDICT_ERROR, "%s", seen->fate_text ? seen->fate_text : "the agent never answered");
		trial_close(&t);
		return;
	}
	judge_fate(&t);
	bool setup_failed = json_array_size(seen->errors) > 0;
	for (size_t k = 0; k < t.n_episodes && !setup_failed; k++) {
		struct episode *e = &t.episodes[k];
		if (!e->before || e->expect->panic)
			continue;
		check_deaths(&t, e);
		check_reports(&t, e);
		check_choice(&t, e);
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
