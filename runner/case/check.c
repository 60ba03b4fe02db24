// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What only the whole test can show: names that the hierarchy lacks, steps in an impossible order, and scenes in which
 * more must be filled than there is room for.
 */
#include "base/util.h"
#include "case/build.h"
#include "case/files.h"
#include "case/kinds.h"

static const char *hierarchy_name(const struct test *t)
{
	return t->hierarchy == HIERARCHY_V1 ? "v1" : "v2";
}

static void check_file(struct build *b, const struct where *where, const char *file, const char *field)
{
	const char *why;
	if (!cgroup_file_name(b->t->hierarchy, file, field, NULL, NULL, &why))
		bad_at(b, where, "%s%s%s does not exist on cgroup %s: %s", file, field ? " " : "", field ? field : "",
		       hierarchy_name(b->t), why);
}

static void check_cgroups(struct build *b)
{
	const struct test *t = b->t;
	for (size_t i = 0; i < t->n_cgroups; i++) {
		const struct test_cgroup *g = &t->cgroups[i];
		const struct {
			bool set;
			const char *file;
		} used[] = {
			{ g->high != UNSET, "memory.high" },
			{ g->low != UNSET, "memory.low" },
			{ g->min != UNSET, "memory.min" },
			{ g->group, "memory.oom.group" },
			{ g->oom_kill_disable, "memory.oom_control" },
		};
		for (size_t j = 0; j < ARRAY_SIZE(used); j++) {
			if (used[j].set)
				check_file(b, &g->where, used[j].file, NULL);
		}
		for (size_t j = 0; j < g->n_settings; j++)
			check_file(b, &g->settings[j].where, g->settings[j].file, NULL);
		if (t->hierarchy == HIERARCHY_V1 && g->swap_limit < UNSET && g->limit >= UNSET)
			bad_at(b, &g->where, "swap_limit without limit; on v1 they are one limit on both together");
	}
}

/* cgroup v2 keeps processes and controllers for children apart (kernel/cgroup/cgroup.c:cgroup_migrate_vet_dst). */
static void check_inner(struct build *b, int cgroup, const struct where *where)
{
	const struct test *t = b->t;
	size_t len = cgroup < 0 ? 0 : strlen(t->cgroups[cgroup].name);
	for (size_t i = 0; len && t->hierarchy == HIERARCHY_V2 && i < t->n_cgroups; i++) {
		const char *name = t->cgroups[i].name;
		if (strncmp(name, t->cgroups[cgroup].name, len) == 0 && name[len] == '/')
			bad_at(b, where,
			       "a task in cgroup \"%s\", which has \"%s\" below it; on v2 only a cgroup without children holds processes",
			       t->cgroups[cgroup].name, name);
	}
}

static void check_step_files(struct build *b, const struct step *s)
{
	if (s->op == STEP_EXPECT) {
		for (size_t i = 0; i < s->expect->n_counters; i++) {
			const struct counter_claim *c = &s->expect->counters[i];
			if (c->cgroup >= 0)
				check_file(b, &c->where, c->file, c->field);
		}
	} else if (s->cgroup >= 0 && s->file) {
		check_file(b, &s->where, s->file, s->field);
	}
	if (s->op == STEP_MOVE && streq(s->result ? s->result : "ok", "ok"))
		check_inner(b, s->cgroup, &s->where);
}

/* Tasks must be started before anything is asked of them, and what grows must be judged. */
static void check_order(struct build *b)
{
	const struct test *t = b->t;
	bool started[256] = { false };
	const struct step *unjudged = NULL;
	for (size_t i = 0; i < t->n_steps && !b->failed; i++) {
		const struct step *s = &t->steps[i];
		check_step_files(b, s);
		for (size_t j = 0; j < s->n_tasks; j++) {
			int task = find_task(t, s->tasks[j]);
			if ((s->op == STEP_GROW || s->op == STEP_CALL) && streq(t->tasks[task].kind, "init"))
				bad_at(b, &s->where, "task \"%s\" is of kind init, which neither grows nor calls", s->tasks[j]);
			else if (s->op == STEP_START && started[task])
				bad_at(b, &s->where, "task \"%s\" is started twice", s->tasks[j]);
			else if (s->op == STEP_START || s->op == STEP_FILL ||
				 (s->op == STEP_GROW && streq(t->tasks[task].kind, "stress-ng")))
				started[task] = true;	/* stress-ng grows from its start on */
			else if (!started[task])
				bad_at(b, &s->where,
				       "task \"%s\" is not started yet; put it into a `start` or `fill` before",
				       s->tasks[j]);
		}
		if (s->op == STEP_GROW || s->op == STEP_SYSRQ)
			unjudged = s;
		else if (s->op == STEP_EXPECT)
			unjudged = NULL;
	}
	if (unjudged)
		bad_at(b, &unjudged->where, "no `expect` follows; say what this must bring about");
	for (size_t i = 0; i < t->n_tasks && !b->skipped_steps; i++) {
		if (!started[i])
			bad_at(b, &t->tasks[i].where,
			       "task \"%s\" is never started; put it into a `start` or `fill`, or take it out",
			       t->tasks[i].name);
	}
}

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? NO_LIMIT : sum;
}

/* What the tasks of a cgroup (of the whole scene: -1) hold once they are filled, as far as it can't be dropped. */
static uint64_t held_in(const struct test *t, int cgroup)
{
	uint64_t sum = 0;
	size_t len = cgroup < 0 ? 0 : strlen(t->cgroups[cgroup].name);
	for (size_t i = 0; i < t->n_tasks; i++) {
		const struct test_task *task = &t->tasks[i];
		const char *home = task->cgroup < 0 ? "" : t->cgroups[task->cgroup].name;
		bool inside = cgroup < 0 || (strncmp(home, t->cgroups[cgroup].name, len) == 0 &&
					     (home[len] == '\0' || home[len] == '/'));
		if (inside && kind_facts(task->kind)->keeps)
			sum = add(sum, task->size);
	}
	return sum;
}

/* "9216K", or "1 bytes" of what is no whole number of them. */
static const char *kib(char buf[32], uint64_t bytes)
{
	bool whole = bytes % 1024 == 0;
	snprintf(buf, 32, "%llu%s", (unsigned long long)(whole ? bytes >> 10 : bytes), whole ? "K" : " bytes");
	return buf;
}

/* The short form fills everything before the trigger: that alone must not be an OOM. */
static void check_room(struct build *b)
{
	const struct test *t = b->t;
	uint64_t swap = t->swap == SWAP_NONE ? 0 : t->swap_size;
	if (!b->raw->trigger || b->failed)
		return;
	uint64_t all = held_in(t, -1);
	at(b, "tasks");
	if (all >= add(t->shape.memory, swap))
		bad(b, NULL,
		    "the tasks are filled to %lluM in all, but the machine has %lluM%s; make machine.memory larger or the tasks smaller",
		    (unsigned long long)all >> 20, (unsigned long long)add(t->shape.memory, swap) >> 20,
		    swap ? " with its swap" : "");
	for (size_t i = 0; i < t->n_cgroups; i++) {
		const struct test_cgroup *g = &t->cgroups[i];
		uint64_t more = g->swap_limit < UNSET && g->swap_limit < swap ? g->swap_limit : swap;
		uint64_t held = held_in(t, (int)i);
		char filled[32], limit[32];
		if (g->limit < UNSET && held > add(g->limit, more))
			bad_at(b, &g->where,
			       "the tasks in \"%s\" are filled to %s, but its limit is %s%s; filling alone would be an OOM",
			       g->name, kib(filled, held), kib(limit, add(g->limit, more)), more ? " with its swap" : "");
	}
}

static void check_swap(struct build *b)
{
	const struct test *t = b->t;
	at(b, "%s", "");
	if (t->swap == SWAP_DISK && t->swap_size > t->shape.disk_size)
		bad(b, b->raw->swap_size ? "swap_size" : "machine.disk",
		    "%lluM of swap on a disk of %lluM; make machine.disk larger",
		    (unsigned long long)t->swap_size >> 20, (unsigned long long)t->shape.disk_size >> 20);
}

void check_test(struct build *b)
{
	const struct test *t = b->t;
	if (b->failed)
		return;
	check_swap(b);
	check_cgroups(b);
	for (size_t i = 0; i < t->n_tasks; i++)
		check_inner(b, t->tasks[i].cgroup, &t->tasks[i].where);
	check_order(b);
	check_room(b);
}
