// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>

#include "base/bytes.h"
#include "base/util.h"
#include "case/files.h"
#include "case/kinds.h"
#include "case/plan_parts.h"

/* Deadlines at scale 1, in milliseconds. They end what hangs; nothing is ever paced by them. */
#define START_MS 10000
#define WAIT_MS 30000
#define CALL_MS 60000
#define SETTLE_MS 20000
#define PING_MS 10000
#define BYTES_PER_SECOND ((uint64_t)16 << 20) /* of filling, on the slowest machine that counts as alive */

struct planner {
	const struct test *t;
	json_t *steps;
	int src, episode; /* of the steps that are being added */
};

static int64_t time_for(uint64_t bytes)
{
	return (int64_t)(bytes / BYTES_PER_SECOND * 1000);
}

/* Adds a step; the caller adds its members to what is returned (borrowed). deadline_ms 0: none. */
static json_t *add(struct planner *p, const char *op, int64_t deadline_ms)
{
	json_t *step = json_pack("{s:s, s:i, s:i}", "op", op, "src", p->src, "episode", p->episode);
	if (deadline_ms)
		json_object_set_new(step, "deadline_ms", json_integer(deadline_ms));
	json_array_append_new(p->steps, step);
	return step;
}

static void set(json_t *step, const char *key, const char *text)
{
	json_object_set_new(step, key, plan_text(text));
}

static json_t *names(char *const *list, size_t n)
{
	json_t *array = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, plan_text(list[i]));
	return array;
}

static const struct test_task *task_of(const struct test *t, const char *name)
{
	for (size_t i = 0; i < t->n_tasks; i++) {
		if (streq(t->tasks[i].name, name))
			return &t->tasks[i];
	}
	return NULL;
}

/* memory.stat is long: it is in the snapshots only where a case asks for it. */
static bool wants_stat(const struct test *t)
{
	for (size_t i = 0; i < t->n_steps; i++) {
		const struct expectation *e = t->steps[i].op == STEP_EXPECT ? t->steps[i].expect : NULL;
		for (size_t j = 0; e && j < e->n_counters; j++) {
			if (streq(e->counters[j].file, "memory.stat"))
				return true;
		}
	}
	return false;
}

static void snapshot(struct planner *p, const char *label, int number)
{
	json_t *step = add(p, "snapshot", 0);
	char text[32];
	snprintf(text, sizeof(text), number < 0 ? "%s" : "%s-%d", label, number);
	set(step, "label", text);
	if (wants_stat(p->t))
		json_object_set_new(step, "stat", json_true());
}

int plan_snapshot_step(const struct test *t, size_t from)
{
	int perhaps = -1, surely = -1;
	for (size_t i = from; i < t->n_steps; i++) {
		if (t->steps[i].op == STEP_EXPECT)
			return surely >= 0 ? surely : perhaps >= 0 ? perhaps : (int)from;
		int can = step_can_oom(&t->steps[i]);
		if (can == OOM_SURELY && surely < 0)
			surely = (int)i;
		if (can == OOM_PERHAPS && perhaps < 0)
			perhaps = (int)i;
	}
	return -1;
}

static const char *const ends[] = { "any", "filled", "dead", "failed", "blocked" };

static void await(struct planner *p, const char *task, uint64_t bytes, enum grow_end end)
{
	uint64_t all = p->t->shape.memory + (p->t->swap == SWAP_NONE ? 0 : p->t->swap_size);
	json_t *step = add(p, "await", WAIT_MS + time_for(bytes < all ? bytes : all));
	set(step, "task", task);
	json_object_set_new(step, "for", json_string(ends[end]));
}

/* Closes the episode that began at step `from`. */
static void plan_expect(struct planner *p, size_t from, size_t at)
{
	const struct test *t = p->t;
	const struct expectation *e = t->steps[at].expect;
	size_t last = at;
	for (size_t i = from; i < at; i++)
		last = t->steps[i].op == STEP_GROW ? i : last;
	for (size_t i = from; i < at; i++) {
		const struct step *s = &t->steps[i];
		if (s->op == STEP_GROW)
			await(p, s->tasks[0], s->bytes, i == last ? e->end : END_ANY);
	}
	json_t *settle = add(p, "settle", SETTLE_MS), *dead = names(e->victims, e->n_victims);
	json_t *others = names(e->also_die, e->n_also_die);
	json_array_extend(dead, others);
	json_decref(others);
	json_object_set_new(settle, "dead", dead);
	add(p, "ping", PING_MS);
	snapshot(p, "after", p->episode);
}

static void plan_tasks(struct planner *p, const struct step *s, bool fill)
{
	for (size_t i = 0; i < s->n_tasks; i++) {
		uint64_t bytes = fill ? task_of(p->t, s->tasks[i])->size : 0;
		json_t *step = add(p, fill ? "fill" : "start", START_MS + time_for(bytes));
		set(step, "task", s->tasks[i]);
		if (fill)
			json_object_set_new(step, "bytes", json_integer((json_int_t)bytes));
	}
}

/* A cgroup's file by the name it has there, or a path. */
static void set_file(const struct test *t, json_t *step, const struct step *s)
{
	if (s->cgroup < 0) {
		set(step, "path", s->file);
		return;
	}
	set(step, "cgroup", t->cgroups[s->cgroup].name);
	set(step, "file", plan_file(t, s->file, s->field));
}

/* "max" is -1 in v1's limits. */
static const char *value_for(const struct test *t, const struct step *s)
{
	bool limit_v1 = s->op == STEP_SET && t->hierarchy == HIERARCHY_V1 && streq(s->value, "max") &&
			strstr(plan_file(t, s->file, NULL), "limit_in_bytes");
	return limit_v1 ? "-1" : s->value;
}

static void plan_write(struct planner *p, const struct step *s)
{
	json_t *step = add(p, "write", CALL_MS);
	set_file(p->t, step, s);
	set(step, "value", value_for(p->t, s));
	json_object_set_new(step, "nonblock", json_boolean(s->nonblock));
	json_object_set_new(step, "background", json_boolean(s->background));
}

/* The agent compares plain numbers: a size is spelled out for it. */
static void set_number(json_t *step, const struct step *s)
{
	uint64_t bytes;
	bool size = (s->compare[0] == '>' || s->compare[0] == '<') && parse_size(s->value, &bytes, NULL) == 0;
	CLEANUP_FREE char *value = size ? xasprintf("%" PRIu64, bytes) : xstrdup(s->value);
	set(step, "value", value);
}

static void plan_wait(struct planner *p, const struct step *s)
{
	if (s->n_tasks) {
		await(p, s->tasks[0], NO_LIMIT, s->until);
		return;
	}
	json_t *step = add(p, "poll", WAIT_MS);
	const char *field = s->field;
	set_file(p->t, step, s);
	if (s->cgroup >= 0)
		(void)cgroup_file_name(p->t->hierarchy, s->file, s->field, NULL, &field, NULL);
	set(step, "field", field);
	set(step, "compare", s->compare);
	set_number(step, s);
}

static void plan_call(struct planner *p, const struct step *s)
{
	json_t *step = add(p, "call", CALL_MS);
	set(step, "task", s->tasks[0]);
	set(step, "what", s->value);
	json_object_set_new(step, "background", json_boolean(s->background));
}

/* What is committed just before, and then the largest mapping there is. */
static void plan_commit(struct planner *p, const struct step *s)
{
	snapshot(p, "commit", p->src);
	json_t *step = add(p, "call", CALL_MS);
	set(step, "task", s->tasks[0]);
	set(step, "what", "mmapmax");
}

static void plan_grow(struct planner *p, const struct step *s)
{
	json_t *step = add(p, "grow", 0);
	set(step, "task", s->tasks[0]);
	json_object_set_new(step, "bytes", json_integer(s->bytes == NO_LIMIT ? 0 : (json_int_t)s->bytes));
	json_object_set_new(step, "step", json_integer((json_int_t)s->step_bytes));
}

static void plan_simple(struct planner *p, const char *op, int64_t deadline_ms, const struct step *s,
			const char *value_key)
{
	json_t *step = add(p, op, deadline_ms);
	if (s->n_tasks)
		set(step, "task", s->tasks[0]);
	if (s->cgroup >= 0)
		set(step, "cgroup", p->t->cgroups[s->cgroup].name);
	if (value_key)
		set(step, value_key, s->value);
}

static void plan_step(struct planner *p, const struct step *s)
{
	switch (s->op) {
	case STEP_FILL:
	case STEP_START:
		plan_tasks(p, s, s->op == STEP_FILL);
		break;
	case STEP_GROW:
		plan_grow(p, s);
		break;
	case STEP_SET:
	case STEP_WRITE:
		plan_write(p, s);
		break;
	case STEP_READ:
		set_file(p->t, add(p, "read", 0), s);
		break;
	case STEP_SIGNAL:
		plan_simple(p, "signal", 0, s, "signal");
		break;
	case STEP_MOVE:
		plan_simple(p, "move", 0, s, NULL);
		break;
	case STEP_FREEZE:
		plan_simple(p, "freeze", START_MS, s, NULL);
		break;
	case STEP_THAW:
		plan_simple(p, "thaw", START_MS, s, NULL);
		break;
	case STEP_RMDIR:
		plan_simple(p, "rmdir", 0, s, NULL);
		break;
	case STEP_SYSRQ:
		plan_simple(p, "sysrq", 0, s, "key");
		break;
	case STEP_HOST:
		plan_simple(p, "host", CALL_MS, s, "what");
		break;
	case STEP_CALL:
		plan_call(p, s);
		break;
	case STEP_SCORE:
		json_object_set_new(add(p, "score", 0), "tasks", names(s->tasks, s->n_tasks));
		break;
	case STEP_COMMIT:
		plan_commit(p, s);
		break;
	case STEP_WAIT:
		plan_wait(p, s);
		break;
	case STEP_EXPECT:
		break;
	}
}

json_t *plan_steps(const struct test *t)
{
	struct planner p = { .t = t, .steps = json_array(), .src = -1 };
	size_t from = 0; /* where the episode begins */
	int trigger = plan_snapshot_step(t, 0);
	snapshot(&p, "begin", -1);
	for (size_t i = 0; i < t->n_steps; i++) {
		p.src = (int)i;
		if ((int)i == trigger)
			snapshot(&p, "before", p.episode);
		if (t->steps[i].op != STEP_EXPECT) {
			plan_step(&p, &t->steps[i]);
			continue;
		}
		plan_expect(&p, from, i);
		from = i + 1;
		trigger = plan_snapshot_step(t, from);
		p.episode++;
	}
	return p.steps;
}
