// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/steps.h"

#include <ctype.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/util.h"
#include "case/host.h"
#include "case/step_values.h"

static const char *const ends[] = { "any", "filled", "dead", "failed", "blocked" };

/* Which companions a step may have: bits in the order of the array in check_companions(). */
enum { STEP = 1, TO = 2, RESULT = 4, NONBLOCK = 8, BACKGROUND = 16, OWED = 32 };

/* One way to write a step. */
struct form {
	const char *key;
	size_t at;		/* of its value in struct raw_step: a pointer, NULL where the key is not there */
	unsigned companions;
	enum step_op op;
	void (*build)(struct build *b, const struct form *form, const struct raw_step *raw);
};

static const void *value_of(const struct form *form, const struct raw_step *raw)
{
	return *(const void *const *)((const char *)raw + form->at);
}

/* Goes into the step's mapping: "steps[3]" becomes "steps[3].wait". What leave() is to be given. */
static size_t enter(struct build *b, const char *key)
{
	size_t here = strlen(b->at);
	snprintf(b->at + here, sizeof(b->at) - here, ".%s", key);
	return here;
}

static void leave(struct build *b, size_t here)
{
	b->at[here] = '\0';
}

struct step *step_add(struct build *b, enum step_op op)
{
	struct test *t = b->t;
	struct step *s = &t->steps[t->n_steps++];
	*s = (struct step){ .op = op, .cgroup = -1, .where = where_of(b, NULL) };
	return s;
}

/* start, fill, commit, score: several tasks, or one. */
static void build_list(struct build *b, const struct form *form, const struct raw_step *raw)
{
	struct step *s = step_add(b, form->op);
	if (form->op == STEP_START)
		step_set_tasks(b, s, form->key, raw->start, raw->n_start);
	else if (form->op == STEP_FILL)
		step_set_tasks(b, s, form->key, raw->fill, raw->n_fill);
	else if (form->op == STEP_COMMIT)
		step_set_tasks(b, s, form->key, &raw->commit, 1);
	else
		step_set_members(b, s, form->key, raw->score, raw->n_score);
}

static void build_grow(struct build *b, const struct form *form, const struct raw_step *raw)
{
	struct step *s = step_add(b, form->op);
	uint64_t memory = b->t->shape.memory;
	step_set_task(b, s, form->key, raw->grow);
	int i = b->failed ? -1 : find_task(b->t, s->tasks[0]);
	s->step_bytes = size_of(b, "step", raw->step, i < 0 ? 1 : b->t->tasks[i].step, memory, false);
	s->bytes = size_of(b, "to", raw->to, i < 0 ? 0 : b->t->tasks[i].to, memory, true);
	if (s->step_bytes == 0)
		bad(b, "step", "step: 0 would never get anywhere");
}

static void build_wait(struct build *b, const struct form *form, const struct raw_step *raw_step)
{
	struct step *s = step_add(b, form->op);
	const struct raw_target *raw = value_of(form, raw_step);
	size_t here = enter(b, form->key);
	bool file = raw->cgroup || raw->file || raw->path;
	if (raw->task && !raw->until)
		bad(b, NULL, "`for` is missing; allowed: filled, dead, failed, blocked");
	else if (raw->task && (file || raw->is || raw->field))
		bad(b, NULL, "wait for a task or for a file, not both; use two steps");
	else if (raw->until && !raw->task)
		bad(b, NULL, "`for` goes with `task`; a file is waited for by `is`");
	else if (!raw->task && !raw->is)
		bad(b, NULL, "give `task` and `for`, or a file and what it `is`");
	else if (raw->task)
		step_set_task(b, s, "task", raw->task);
	else
		step_set_source(b, s, raw);
	s->until = (enum grow_end)choice_of(b, "for", raw->until, END_ANY, ends, ARRAY_SIZE(ends));
	leave(b, here);
}

/* set, write, read: a file, and what it is given. */
static void build_file(struct build *b, const struct form *form, const struct raw_step *raw_step)
{
	struct step *s = step_add(b, form->op);
	const struct raw_target *raw = value_of(form, raw_step);
	size_t here = enter(b, form->key);
	step_set_source(b, s, raw);
	if (form->op != STEP_READ)
		s->value = written_of(b, "value", raw->value);
	leave(b, here);
}

/* signal, call, move: something done to a task. */
static void build_deed(struct build *b, const struct form *form, const struct raw_step *raw_step)
{
	struct step *s = step_add(b, form->op);
	const struct raw_target *raw = value_of(form, raw_step);
	size_t here = enter(b, form->key);
	if (form->op == STEP_CALL)
		step_set_task(b, s, "task", raw->task);
	else
		step_set_members(b, s, "task", &raw->task, 1);
	if (form->op == STEP_MOVE)
		step_set_cgroup(b, s, "cgroup", raw->cgroup);
	else if (form->op == STEP_SIGNAL)
		step_set_signal(b, s, raw->signal);
	else
		step_set_call(b, s, raw->what, raw->is);
	leave(b, here);
}

/* freeze, thaw, rmdir */
static void build_cgroup(struct build *b, const struct form *form, const struct raw_step *raw)
{
	step_set_cgroup(b, step_add(b, form->op), form->key, value_of(form, raw));
}

static void build_sysrq(struct build *b, const struct form *form, const struct raw_step *raw)
{
	struct step *s = step_add(b, form->op);
	s->value = text_of(b, form->key, raw->sysrq);
	if (!isalnum((unsigned char)s->value[0]) || s->value[1])
		bad(b, form->key, "sysrq: one letter or digit, like f");
}

/* The host needs something to act on: `machine` says what is there. */
static void check_host_order(struct build *b, const struct host_order *order)
{
	const struct shape *shape = &b->t->shape;
	char size[32];
	if (order->deed == HOST_PLUG && order->bytes > shape->plug)
		bad(b, "host", "host: there is no room for %s more memory; say `machine: {plug: SIZE}`",
		    format_size(order->bytes, size));
	else if (order->deed == HOST_PLUG && order->node >= shape->nodes)
		bad(b, "host", "host: the machine has no node %d; say `machine: {nodes: [SIZE, …]}`", order->node);
	else if (order->deed == HOST_UNPLUG && !shape->plug)
		bad(b, "host", "host: nothing can be unplugged; say `machine: {plug: SIZE}`, and plug something in");
	else if ((order->deed == HOST_BALLOON || order->deed == HOST_BALLOON_SHOWS) && shape->balloon == BALLOON_NONE)
		bad(b, "host", "host: the machine has no balloon; say `machine: {balloon: plain}` or `deflates`");
	else if (order->deed == HOST_BALLOON && order->bytes > shape->memory)
		bad(b, "host", "host: a balloon leaves no more than the machine has, %s", format_size(shape->memory, size));
	else if (starts_with(b->t->steps[b->t->n_steps - 1].value, "disk ") && !shape->disk)
		bad(b, "host", "host: the machine has no disk; say `swap: disk` or `machine: {disk: SIZE}`");
}

static void build_host(struct build *b, const struct form *form, const struct raw_step *raw)
{
	struct step *s = step_add(b, form->op);
	struct host_order order;
	struct error err;
	s->value = text_of(b, form->key, raw->host);
	if (b->failed)
		return;
	if (host_order_parse(s->value, &order, &err) < 0)
		bad(b, form->key, "host: %s", err.text);
	else
		check_host_order(b, &order);
}

static void build_expect(struct build *b, const struct form *form, const struct raw_step *raw)
{
	struct step *s = step_add(b, form->op);
	size_t here = enter(b, form->key);
	s->expect = xcalloc(1, sizeof(*s->expect));
	build_expectation(b, raw->expect, s->expect);
	if (raw->expect->when)
		bad(b, "when", "in a step `when` stands beside `expect`, not in it");
	leave(b, here);
}

#define AT(key) #key, offsetof(struct raw_step, key)

static const struct form forms[] = {
	{ AT(start), 0, STEP_START, build_list },
	{ AT(fill), 0, STEP_FILL, build_list },
	{ AT(grow), STEP | TO, STEP_GROW, build_grow },
	{ AT(set), RESULT | NONBLOCK | BACKGROUND, STEP_SET, build_file },
	{ AT(write), RESULT | BACKGROUND, STEP_WRITE, build_file },
	{ AT(read), 0, STEP_READ, build_file },
	{ AT(signal), 0, STEP_SIGNAL, build_deed },
	{ AT(move), RESULT, STEP_MOVE, build_deed },
	{ AT(freeze), 0, STEP_FREEZE, build_cgroup },
	{ AT(thaw), 0, STEP_THAW, build_cgroup },
	{ AT(rmdir), RESULT, STEP_RMDIR, build_cgroup },
	{ AT(sysrq), 0, STEP_SYSRQ, build_sysrq },
	{ AT(host), RESULT, STEP_HOST, build_host },
	{ AT(call), RESULT | BACKGROUND, STEP_CALL, build_deed },
	{ AT(score), 0, STEP_SCORE, build_list },
	{ AT(commit), 0, STEP_COMMIT, build_list },
	{ AT(wait), OWED, STEP_WAIT, build_wait },
	{ AT(expect), 0, STEP_EXPECT, build_expect },
};

static void check_companions(struct build *b, const struct raw_step *raw, const struct form *form)
{
	const struct {
		const char *key, *value;
	} companions[] = {
		{ "step", raw->step },
		{ "to", raw->to },
		{ "result", raw->result },
		{ "nonblock", raw->nonblock },
		{ "background", raw->background },
		{ "owed", raw->owed },
	};
	for (size_t i = 0; i < ARRAY_SIZE(companions); i++) {
		if (companions[i].value && !(form->companions >> i & 1))
			bad(b, companions[i].key, "%s says nothing beside %s", companions[i].key, form->key);
	}
}

/* "start, fill, …" Malloced. */
static char *all_keys(void)
{
	char *keys = xstrdup(forms[0].key);
	for (size_t i = 1; i < ARRAY_SIZE(forms); i++) {
		char *more = xasprintf("%s, %s", keys, forms[i].key);
		free(keys);
		keys = more;
	}
	return keys;
}

/* The one way in which this step is written, or NULL after a complaint. */
static const struct form *form_of(struct build *b, const struct raw_step *raw)
{
	const struct form *form = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!value_of(&forms[i], raw))
			continue;
		if (form)
			bad(b, forms[i].key, "%s and %s in one step; make two steps of them", form->key, forms[i].key);
		form = &forms[i];
	}
	if (!form) {
		CLEANUP_FREE char *keys = all_keys();
		bad(b, NULL, "a step that does nothing; allowed: %s", keys);
	}
	return b->failed ? NULL : form;
}

void build_step(struct build *b, const struct raw_step *raw)
{
	const struct form *form = form_of(b, raw);
	if (!form)
		return;
	check_companions(b, raw, form);
	bool holds = condition_of(b, "when", raw->when);
	struct step *s = &b->t->steps[b->t->n_steps];
	form->build(b, form, raw);
	step_set_result(b, s, raw->result);
	s->nonblock = flag_of(b, "nonblock", raw->nonblock, false);
	s->background = flag_of(b, "background", raw->background, false);
	s->owed = flag_of(b, "owed", raw->owed, false);
	if (s->owed && s->n_tasks)
		bad(b, "owed", "what is owed is told by a file: cgroup and file, or path, and what it `is`");
	if (!holds && !b->failed) { /* read all the same, so that what is wrong in it is found on every kernel */
		step_clear(s);
		b->t->n_steps--;
		b->skipped_steps = true;
	}
}
