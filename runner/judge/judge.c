// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From checks to a verdict. `fail` blames the kernel, so it needs evidence against it: a check that saw the wrong thing, a
 * panic, a splat. What was not set up, not seen or not finished is an error, whatever it was.
 */
#include "judge/judge.h"

#include "base/util.h"
#include "judge/errors.h"
#include "judge/fate.h"
#include "judge/trial.h"

/* All that is missing, however much it is. */
static void say_missing(struct result *r, const json_t *missing)
{
	CLEANUP_FREE char *text = missing_sentences(missing);
	result_say(r, VERDICT_SKIP, "%s", text);
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
	const char *fix = t->test->bug_commit;
	if (t->test->bug_here)
		result_say(t->r, VERDICT_XFAIL, "kernel bug, fixed by %s (%s)", streq(fix, "none") ? "nobody so far" : fix,
			   t->test->bug_when ? t->test->bug_when : "this kernel has it");
	else
		result_say(t->r, VERDICT_PASS, "%s", "");
}

/* With all of the log: nothing is held against the kernel that a lost record, or a piece of one, would explain. */
static void judge_episode(struct trial *t, struct episode *e)
{
	if (e->before)
		check_log(t, e);
	if (!e->before || e->expect->panic)
		return;
	check_deaths(t, e);
	check_late(t, e);
	check_reports(t, e);
	check_leaks(t, e);
	check_choice(t, e);
	check_scores_before(t, e);
	check_zones(t, e);
	check_counters(t, e);
}

static void judge_once(const struct test *test, const struct observation *seen, const char *kernel_release, const struct era *era,
		       struct result *r)
{
	struct trial t;
	if (json_array_size(seen->missing) && seen->fate != FATE_PANIC) {
		say_missing(r, seen->missing);
		return;
	}
	if (trial_open(&t, test, seen, kernel_release, era, r) < 0) {
		result_say(r, VERDICT_ERROR, "%s", seen->fate_text ? seen->fate_text : "the agent never answered");
		trial_close(&t);
		return;
	}
	judge_fate(&t);
	bool setup_failed = judge_setup_failed(&t), blind = judge_log_lost(&t) || judge_log_torn(&t);
	if (!setup_failed && !seen->kmsg_lost)
		check_outside(&t);
	setup_failed = setup_failed || judge_scene_lost(&t);
	for (size_t k = 0; k < t.n_episodes && !setup_failed; k++) {
		check_endless(&t, &t.episodes[k]);
		if (!blind)
			judge_episode(&t, &t.episodes[k]);
	}
	if (!setup_failed && !blind)
		check_steps(&t);
	check_after(&t);
	take_victims(&t);
	if (result_failed_checks(r)) {
		result_say(r, VERDICT_FAIL, "%s", "");
	} else if (t.known_bug) {
		result_say(r, VERDICT_XFAIL, "%s", t.known_bug);
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

static void judge_by(const struct test *test, const struct observation *seen, const char *kernel_release, const struct era *era,
		     struct result *r)
{
	judge_once(test, seen, kernel_release, era, r);
	if (!test->bug_here || !test->bug_right || r->verdict != VERDICT_FAIL)
		return;
	struct test fixed = without_bug(test);
	struct result *other = result_new(r->id, r->title, r->kernel, r->target);
	judge_once(&fixed, seen, kernel_release, era, other);
	if (other->verdict == VERDICT_PASS) {
		struct result broken = *r;
		*r = *other;
		*other = broken;
	}
	result_free(other);
	free(fixed.steps);
}

/* How many checks fail by other rules. */
static size_t failed_by(const struct test *test, const struct observation *seen, const char *kernel_release, const struct era *era,
			const struct result *r)
{
	struct result *other = result_new(r->id, r->title, r->kernel, r->target);
	judge_by(test, seen, kernel_release, era, other);
	size_t n = other->verdict == VERDICT_FAIL ? result_failed_checks(other) : 0;
	result_free(other);
	return n;
}

/* Of the rules that are not known for sure, the one without which the fewest checks fail is turned round, if it helps at all. Returns its
 * name, or NULL: none does. */
static const char *turn_one(const struct test *test, const struct observation *seen, const char *kernel_release, const struct result *r,
			    struct era *era, size_t *failed)
{
	size_t n;
	const struct era_behaviour *rules = era_table(&n), *best = NULL;
	struct era found = *era;
	for (size_t i = 0; i < n && *failed; i++) {
		struct era other = *era;
		bool value;
		if (!era_unsure(era, rules[i].name) || era_find_behaviour(era, rules[i].name, &value) < 0)
			continue;
		era_override(&other, rules[i].name, !value);
		size_t now = failed_by(test, seen, kernel_release, &other, r);
		if (now >= *failed)
			continue;
		*failed = now;
		best = &rules[i];
		found = other;
	}
	*era = found;
	return best ? best->name : NULL;
}

/* A failure that is none if the kernel has the other rule, where nobody knows which it has, is not the kernel's. */
static void excuse_unsure(const struct test *test, const struct observation *seen, const char *kernel_release, struct result *r)
{
	CLEANUP_FREE char *names = NULL;
	size_t failed = result_failed_checks(r);
	struct era era;
	const char *name;
	trial_era(seen, kernel_release, &era);
	while (failed && (name = turn_one(test, seen, kernel_release, r, &era, &failed))) {
		char *longer = xasprintf("%s%s%s", names ? names : "", names ? ", " : "", name);
		free(names);
		names = longer;
	}
	if (failed || !names)
		return;
	r->verdict = VERDICT_ERROR;	/* nothing stands for a fail any more */
	result_say(r, VERDICT_ERROR,
		   "not known of this kernel, and all would be right the other way round: %s (docs/eras.md says what that is)", names);
}

void judge(const struct test *test, const struct observation *seen, const char *kernel_release, struct result *r)
{
	judge_by(test, seen, kernel_release, NULL, r);
	if (r->verdict == VERDICT_FAIL)
		excuse_unsure(test, seen, kernel_release, r);
}
