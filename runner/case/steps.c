// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <signal.h>

#include "base/bytes.h"
#include "base/suggest.h"
#include "base/util.h"
#include "case/build.h"
#include "case/host.h"
#include "case/kinds.h"
#include "case/text.h"

static const char *const ends[] = { "any", "filled", "dead", "failed", "blocked" };

static struct step *add_step(struct build *b, enum step_op op)
{
	struct test *t = b->t;
	struct step *s = &t->steps[t->n_steps++];
	*s = (struct step){ .op = op, .cgroup = -1, .where = where_of(b, NULL) };
	return s;
}

static void set_task(struct build *b, struct step *s, const char *key, const char *raw)
{
	char *name = text_of(b, key, raw);
	(void)task_named(b, key, name);
	s->tasks = xcalloc(1, sizeof(*s->tasks));
	s->tasks[0] = name;
	s->n_tasks = 1;
}

static void set_tasks(struct build *b, struct step *s, const char *key, char *const *raw, size_t n)
{
	s->tasks = text_list(b, key, raw, n);
	s->n_tasks = n;
	for (size_t i = 0; i < n && !b->failed; i++) {
		char item[32];
		snprintf(item, sizeof(item), "%s[%zu]", key, i);
		(void)task_named(b, item, s->tasks[i]);
	}
}

/* The same for what is only looked at: a child, NAME/N, may be named too. */
static void set_members(struct build *b, struct step *s, const char *key, char *const *raw, size_t n)
{
	s->tasks = text_list(b, key, raw, n);
	s->n_tasks = n;
	check_names(b, key, s->tasks, n);
}

static void set_cgroup(struct build *b, struct step *s, const char *key, const char *raw)
{
	CLEANUP_FREE char *name = text_of(b, key, raw);
	s->cgroup = cgroup_named(b, key, name);
}

/* "ok" or the name of an errno. */
static void set_result(struct build *b, struct step *s, const char *raw)
{
	const char *words[140];
	size_t n = 0;
	words[n++] = "ok";
	words[n++] = "SIGBUS";	/* of a call that reads memory which can't be had */
	for (int e = 1; e < 134; e++) {
		if (strerrorname_np(e))
			words[n++] = strerrorname_np(e);
	}
	s->result = text_or_null(b, "result", raw);
	for (size_t i = 0; s->result && i < n; i++) {
		if (streq(words[i], s->result))
			return;
	}
	if (!s->result || b->failed)
		return;
	char shown[320];
	const char *near = suggest(s->result, words, n);
	bad(b, "result", "result: \"%s\" is neither ok nor the name of an errno%s%s%s", show_text(shown, s->result),
	    near ? "; did you mean \"" : ", like EBUSY", near ? near : "", near ? "\"?" : "");
}

static void set_signal(struct build *b, struct step *s, const char *raw)
{
	CLEANUP_FREE char *text = text_of(b, "signal", raw);
	const char *name = starts_with(text, "SIG") ? text + 3 : text;
	const char *words[64];
	size_t n = 0;
	for (int i = 1; i < 32; i++) {
		if (sigabbrev_np(i))
			words[n++] = sigabbrev_np(i);
	}
	for (size_t i = 0; i < n; i++) {
		if (streq(words[i], name))
			s->value = xasprintf("SIG%s", name);
	}
	if (!s->value && !b->failed)
		bad_word(b, "signal", "a signal", name, words, n);
}

static bool is_pattern(const char *text)
{
	regex_t re;
	if (strlen(text) > 1000 || regcomp(&re, text, REG_EXTENDED | REG_NOSUB))
		return false;
	regfree(&re);
	return true;
}

/* ">= 5", "!=max", "5": the comparison, and the value, put into *to. */
static void set_comparison(struct build *b, struct step *s, const char *raw, char **to)
{
	static const char *const operators[] = { ">=", "<=", "!=", "~" };
	CLEANUP_FREE char *text = text_of(b, "is", raw);
	const char *value = text;
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (!starts_with(text, operators[i]))
			continue;
		s->compare = xstrdup(operators[i]);
		value = text + strlen(operators[i]);
		value += strspn(value, " ");
	}
	s->compare = s->compare ? s->compare : xstrdup("=");
	*to = xstrdup(value);
	int64_t number;
	uint64_t size;
	if (s->compare[0] == '~' && (s->op != STEP_READ || !is_pattern(value)))
		bad(b, "is", "is: ~ needs an extended regular expression behind it, and stands in a `read` only");
	if (!b->failed && (s->compare[0] == '<' || s->compare[0] == '>') &&
	    (strlen(value) > 40 || (parse_int(value, INT64_MIN, INT64_MAX, &number, NULL) < 0 &&
				    parse_size(value, &size, NULL) < 0)))
		bad(b, "is", "is: %s needs a whole number or a size behind it", s->compare);
}

/* A cgroup's file, or an absolute path. */
static void set_source(struct build *b, struct step *s, const struct raw_target *raw)
{
	if (!raw->path == !(raw->cgroup || raw->file) || !raw->cgroup != !raw->file)
		bad(b, NULL, "%s `cgroup` and `file`, or `path`", raw->path ? "give either" : "give");
	if (b->failed)
		return;
	if (raw->cgroup)
		set_cgroup(b, s, "cgroup", raw->cgroup);
	s->file = text_of(b, raw->path ? "path" : "file", raw->path ? raw->path : raw->file);
	s->field = text_or_null(b, "field", raw->field);
	if (raw->path && s->file[0] != '/')
		bad(b, "path", "path: it must be absolute, like /proc/meminfo");
	if (raw->file && (!s->file[0] || strchr(s->file, '/')))
		bad(b, "file", "file: a cgroup's file is a name without /, like memory.events");
	if (s->field && (!s->field[0] || strpbrk(s->field, " \n\t")))
		bad(b, "field", "field: the first word of a line of the file, like oom_kill");
	if (raw->is)
		set_comparison(b, s, raw->is, &s->value);
}

static void build_grow(struct build *b, const struct raw_step *raw)
{
	struct step *s = add_step(b, STEP_GROW);
	uint64_t memory = b->t->shape.memory;
	set_task(b, s, "grow", raw->grow);
	int i = b->failed ? -1 : find_task(b->t, s->tasks[0]);
	s->step_bytes = size_of(b, "step", raw->step, i < 0 ? 1 : b->t->tasks[i].step, memory, false);
	s->bytes = size_of(b, "to", raw->to, i < 0 ? 0 : b->t->tasks[i].to, memory, true);
	if (s->step_bytes == 0)
		bad(b, "step", "step: 0 would never get anywhere");
}

static void build_wait(struct build *b, const struct raw_target *raw)
{
	struct step *s = add_step(b, STEP_WAIT);
	const char *base = b->at + strlen(b->at);
	size_t here = (size_t)(base - b->at);
	snprintf(b->at + here, sizeof(b->at) - here, ".wait");
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
		set_task(b, s, "task", raw->task);
	else
		set_source(b, s, raw);
	s->until = (enum grow_end)choice_of(b, "for", raw->until, END_ANY, ends, ARRAY_SIZE(ends));
	b->at[here] = '\0';
}

static void set_call(struct build *b, struct step *s, const char *raw, const char *is)
{
	size_t n;
	const char *const *names = call_names(&n);
	s->value = text_of(b, "what", raw);
	char word[64];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(s->value, " "), s->value);
	if (!call_facts(s->value) && !b->failed)
		bad_word(b, "what", "a call of oomload", word, names, n);
	if (strchr(s->value, '\n'))
		bad(b, "what", "what: a line break in a call");
	if (is)
		set_comparison(b, s, is, &s->number);
	int64_t number;
	if (s->number && !b->failed && parse_int(s->number, INT64_MIN, INT64_MAX, &number, NULL) < 0)
		bad(b, "is", "is: a call's result is a whole number");
}

/* set, write, read, signal, move, call: `op` tells which, `raw` is its mapping, `key` its name. */
static void build_action(struct build *b, enum step_op op, const char *key, const struct raw_target *raw)
{
	struct step *s = add_step(b, op);
	size_t here = strlen(b->at);
	snprintf(b->at + here, sizeof(b->at) - here, ".%s", key);
	if (op == STEP_SIGNAL || op == STEP_CALL)
		set_task(b, s, "task", raw->task);
	if (op == STEP_MOVE)
		set_members(b, s, "task", &raw->task, 1);
	if (op == STEP_MOVE)
		set_cgroup(b, s, "cgroup", raw->cgroup);
	if (op == STEP_SET || op == STEP_WRITE || op == STEP_READ)
		set_source(b, s, raw);
	if (op == STEP_SET || op == STEP_WRITE)
		s->value = text_of(b, "value", raw->value);
	if (op == STEP_SIGNAL)
		set_signal(b, s, raw->signal);
	if (op == STEP_CALL)
		set_call(b, s, raw->what, raw->is);
	b->at[here] = '\0';
}

static void build_sysrq(struct build *b, const char *raw)
{
	struct step *s = add_step(b, STEP_SYSRQ);
	s->value = text_of(b, "sysrq", raw);
	if (!isalnum((unsigned char)s->value[0]) || s->value[1])
		bad(b, "sysrq", "sysrq: one letter or digit, like f");
}

/* The host needs something to act on: `machine` says what is there. */
static void check_host_order(struct build *b, const struct host_order *order)
{
	const struct shape *shape = &b->t->shape;
	char size[32];
	if (order->deed == HOST_PLUG && order->bytes > shape->plug)
		bad(b, "host", "host: there is no room for %s more memory; say `machine: {plug: SIZE}`",
		    format_size(order->bytes, size));
	else if (order->deed == HOST_UNPLUG && !shape->plug)
		bad(b, "host", "host: nothing can be unplugged; say `machine: {plug: SIZE}`, and plug something in");
	else if (order->deed == HOST_BALLOON && shape->balloon == BALLOON_NONE)
		bad(b, "host", "host: the machine has no balloon; say `machine: {balloon: plain}` or `deflates`");
	else if (order->deed == HOST_BALLOON && order->bytes > shape->memory)
		bad(b, "host", "host: a balloon leaves no more than the machine has, %s", format_size(shape->memory, size));
	else if (starts_with(b->t->steps[b->t->n_steps - 1].value, "disk ") && !shape->disk)
		bad(b, "host", "host: the machine has no disk; say `swap: disk` or `machine: {disk: SIZE}`");
}

static void build_host(struct build *b, const char *raw)
{
	struct step *s = add_step(b, STEP_HOST);
	struct host_order order;
	struct error err;
	s->value = text_of(b, "host", raw);
	if (b->failed)
		return;
	if (host_order_parse(s->value, &order, &err) < 0)
		bad(b, "host", "host: %s", err.text);
	else
		check_host_order(b, &order);
}

static void build_expect_step(struct build *b, const struct raw_expect *raw)
{
	struct step *s = add_step(b, STEP_EXPECT);
	size_t here = strlen(b->at);
	snprintf(b->at + here, sizeof(b->at) - here, ".expect");
	s->expect = xcalloc(1, sizeof(*s->expect));
	build_expectation(b, raw, s->expect);
	if (raw->when)
		bad(b, "when", "in a step `when` stands beside `expect`, not in it");
	b->at[here] = '\0';
}

/* Which of the companions the step understands: bits in the order of the array in check_companions(). */
enum { STEP = 1, TO = 2, RESULT = 4, NONBLOCK = 8, BACKGROUND = 16 };

static void check_companions(struct build *b, const struct raw_step *raw, const char *op, unsigned allowed)
{
	const struct {
		const char *key, *value;
	} companions[] = {
		{ "step", raw->step },
		{ "to", raw->to },
		{ "result", raw->result },
		{ "nonblock", raw->nonblock },
		{ "background", raw->background },
	};
	for (size_t i = 0; i < ARRAY_SIZE(companions); i++) {
		if (companions[i].value && !(allowed >> i & 1))
			bad(b, companions[i].key, "%s says nothing beside %s", companions[i].key, op);
	}
}

static void build_step(struct build *b, size_t i)
{
	const struct raw_step *raw = &b->raw->steps[i];
	const struct {
		const char *key;
		const void *value;
		unsigned companions;
	} ops[] = {
		{ "start", raw->start, 0 },
		{ "fill", raw->fill, 0 },
		{ "grow", raw->grow, STEP | TO },
		{ "set", raw->set, RESULT | NONBLOCK | BACKGROUND },
		{ "write", raw->write, RESULT | BACKGROUND },
		{ "read", raw->read, 0 },
		{ "signal", raw->signal, 0 },
		{ "move", raw->move, RESULT },
		{ "freeze", raw->freeze, 0 },
		{ "thaw", raw->thaw, 0 },
		{ "rmdir", raw->rmdir, RESULT },
		{ "sysrq", raw->sysrq, 0 },
		{ "host", raw->host, RESULT },
		{ "call", raw->call, RESULT | BACKGROUND },
		{ "score", raw->score, 0 },
		{ "commit", raw->commit, 0 },
		{ "wait", raw->wait, 0 },
		{ "expect", raw->expect, 0 },
	};
	at(b, "steps[%zu]", i);
	size_t n = 0, which = 0;
	for (size_t j = 0; j < ARRAY_SIZE(ops); j++) {
		if (!ops[j].value)
			continue;
		if (n++)
			bad(b, ops[j].key, "%s and %s in one step; make two steps of them", ops[which].key, ops[j].key);
		which = j;
	}
	if (n == 0)
		bad(b, NULL,
		    "a step that does nothing; allowed: start, fill, grow, set, write, read, signal, move, freeze, thaw, rmdir, sysrq, host, call, score, commit, wait, expect");
	if (b->failed)
		return;
	check_companions(b, raw, ops[which].key, ops[which].companions);
	bool holds = condition_of(b, "when", raw->when);
	struct step *s = &b->t->steps[b->t->n_steps];
	if (raw->start)
		set_tasks(b, add_step(b, STEP_START), "start", raw->start, raw->n_start);
	else if (raw->fill)
		set_tasks(b, add_step(b, STEP_FILL), "fill", raw->fill, raw->n_fill);
	else if (raw->score)
		set_members(b, add_step(b, STEP_SCORE), "score", raw->score, raw->n_score);
	else if (raw->commit)
		set_tasks(b, add_step(b, STEP_COMMIT), "commit", &raw->commit, 1);
	else if (raw->grow)
		build_grow(b, raw);
	else if (raw->set)
		build_action(b, STEP_SET, "set", raw->set);
	else if (raw->write)
		build_action(b, STEP_WRITE, "write", raw->write);
	else if (raw->read)
		build_action(b, STEP_READ, "read", raw->read);
	else if (raw->signal)
		build_action(b, STEP_SIGNAL, "signal", raw->signal);
	else if (raw->move)
		build_action(b, STEP_MOVE, "move", raw->move);
	else if (raw->call)
		build_action(b, STEP_CALL, "call", raw->call);
	else if (raw->freeze)
		set_cgroup(b, add_step(b, STEP_FREEZE), "freeze", raw->freeze);
	else if (raw->thaw)
		set_cgroup(b, add_step(b, STEP_THAW), "thaw", raw->thaw);
	else if (raw->rmdir)
		set_cgroup(b, add_step(b, STEP_RMDIR), "rmdir", raw->rmdir);
	else if (raw->sysrq)
		build_sysrq(b, raw->sysrq);
	else if (raw->host)
		build_host(b, raw->host);
	else if (raw->wait)
		build_wait(b, raw->wait);
	else
		build_expect_step(b, raw->expect);
	set_result(b, s, raw->result);
	s->nonblock = flag_of(b, "nonblock", raw->nonblock, false);
	s->background = flag_of(b, "background", raw->background, false);
	if (!holds && !b->failed) { /* read all the same, so that what is wrong in it is found on every kernel */
		step_clear(s);
		b->t->n_steps--;
		b->skipped_steps = true;
	}
}

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
	struct step *fill = add_step(b, STEP_FILL);
	at(b, "trigger");
	struct step *grow = add_step(b, STEP_GROW);
	at(b, "%s", "");
	set_task(b, grow, "trigger", b->raw->trigger);
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
		struct step *s = add_step(b, STEP_EXPECT);
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
	for (size_t i = 0; i < raw->n_steps && !b->failed; i++)
		build_step(b, i);
	if (!b->failed)
		build_bug(b);
}
