// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole of a test: its steps from the short form or the long one, a known bug in the place of what is right. */
#include "base/util.h"
#include "case/step_values.h"
#include "case/steps.h"

/* The short form: fill all, grow the trigger, the first expectation that applies. */
static void build_short(struct build *b)
{
	struct test *t = b->t;
	at(b, "%s", "");
	if (b->raw->n_expect == 0) {
		bad(b, "trigger", "a trigger without `expect`; say what must happen");
		return;
	}
	at(b, "%s", b->raw->n_tasks ? "tasks" : "");
	struct step *fill = step_add(b, STEP_FILL);
	at(b, "trigger");
	struct step *grow = step_add(b, STEP_GROW);
	at(b, "%s", "");
	step_set_task(b, grow, "trigger", b->raw->trigger);
	int trigger = b->failed ? -1 : find_task(t, grow->tasks[0]);
	if (trigger < 0)
		return;
	grow->bytes = t->tasks[trigger].to;
	grow->step_bytes = t->tasks[trigger].step;
	fill->tasks = xcalloc(t->n_tasks, sizeof(*fill->tasks));
	for (size_t i = 0; i < t->n_tasks; i++)
		fill->tasks[fill->n_tasks++] = xstrdup(t->tasks[i].name);
	for (size_t i = 0; i < b->raw->n_expect; i++) {
		at(b, "expect[%zu]", i);
		struct step *s = step_add(b, STEP_EXPECT);
		s->expect = xcalloc(1, sizeof(*s->expect));
		build_expectation(b, &b->raw->expect[i], s->expect);
		bool holds = condition_of(b, "when", b->raw->expect[i].when);
		if (!holds || t->n_steps > 3) { /* only the first that applies stays; all are read */
			step_clear(s);
			t->n_steps--;
		}
	}
	at(b, "expect");
	if (t->n_steps < 3)
		bad(b, NULL, "no expectation applies to %s%s%s; add one without `when`", t->id,
		    b->context.release ? " on kernel " : "", b->context.release ? b->context.release : "");
}

/* A stated kernel bug takes the place of the last expectation where its condition holds. */
static void build_bug(struct build *b)
{
	const struct raw_bug *raw = b->raw->bug;
	struct test *t = b->t;
	if (!raw)
		return;
	at(b, "bug");
	t->bug_commit = text_of(b, "commit", raw->commit);
	t->bug_when = text_of(b, "when", raw->when);
	t->bug_here = condition_of(b, "when", raw->when);
	if (!t->bug_commit[0])
		bad(b, "commit", "commit: the commit that fixes the bug");
	if (raw->expect->when)
		bad(b, "expect.when", "`when` stands beside `expect` here, not in it");
	struct expectation *e = xcalloc(1, sizeof(*e));
	at(b, "bug.expect");
	build_expectation(b, raw->expect, e);
	struct step broken = { .op = STEP_EXPECT, .cgroup = -1, .expect = e };
	struct step *last = NULL;
	for (size_t i = 0; i < t->n_steps; i++) {
		if (t->steps[i].op == STEP_EXPECT)
			last = &t->steps[i];
	}
	if (!last)
		bad(b, NULL, "a bug without an expectation that it breaks");
	if (last && t->bug_here) {
		t->bug_right = last->expect;
		last->expect = e;
		broken.expect = NULL;
	}
	step_clear(&broken);
}

void build_steps(struct build *b)
{
	const struct raw_case *raw = b->raw;
	struct test *t = b->t;
	at(b, "%s", "");
	t->steps = xcalloc(raw->n_steps + raw->n_expect + 3, sizeof(*t->steps));
	if (raw->trigger && raw->n_steps)
		bad(b, "steps",
		    "both `trigger` and `steps`; the short form is trigger and expect, the long form is steps");
	else if (!raw->trigger && !raw->n_steps)
		bad(b, NULL, "neither `trigger` nor `steps`; a case must do something");
	else if (raw->n_steps && raw->n_expect)
		bad(b, "expect", "`expect` beside `steps`; make it a step: `- expect: {…}`");
	if (b->failed)
		return;
	if (raw->trigger)
		build_short(b);
	for (size_t i = 0; i < raw->n_steps && !b->failed; i++) {
		at(b, "steps[%zu]", i);
		build_step(b, &raw->steps[i]);
	}
	if (!b->failed)
		build_bug(b);
}
