// SPDX-License-Identifier: GPL-2.0-or-later
/* What a scene's tasks make of themselves by calls: their memory policies, and memory that they give back. */
#include "judge/scene.h"

#include "base/bytes.h"
#include "base/util.h"
#include "case/kinds.h"
#include "judge/look.h"

/* The nodes that the task's cpuset leaves it. */
static uint64_t mems_of(const struct episode *e, const char *name)
{
	size_t i;
	json_t *row;
	uint64_t mems;
	json_array_foreach(json_object_get(e->before, "tasks"), i, row) {
		const char *text = look_same(name, look_text(row, "name")) ? look_text(row, "mems") : NULL;
		if (text && parse_mask(text, &mems, NULL) == 0 && mems)
			return mems;
	}
	return MODEL_ALL_NODES;
}

/* The first, second … of the nodes there are, and from the first one again (mm/mempolicy.c:mpol_relative_nodemask). */
static uint64_t relative_to(uint64_t mems, uint64_t nodes)
{
	uint64_t result = 0;
	for (int i = 0; i < 64; i++) {
		if (!(nodes >> i & 1))
			continue;
		uint64_t left = mems;
		for (int skip = i % __builtin_popcountll(mems); skip; skip--)
			left &= left - 1;
		result |= left & -left;
	}
	return result;
}

/* "bind 1", "bind=static 0-1", "default": as oomload takes it. What is not one of the four restricts nobody (mm/mempolicy.c:
 * mempolicy_in_oom_domain). */
static struct scene_policy parse_policy(const char *text)
{
	struct scene_policy p = { policy_named(text), 0 };
	const char *nodes = text + strcspn(text, " ");
	if (p.mode != POLICY_DEFAULT && parse_mask(nodes + strspn(nodes, " "), &p.nodes, NULL) < 0)
		p.mode = POLICY_DEFAULT;
	return p;
}

/* Up to which step calls count: the one that asks for memory, or for a child, which has the policy that its parent had
 * (kernel/fork.c:copy_process), the parent's first call of fork. */
static size_t calls_end(const struct trial *t, const struct episode *e, const char *task, bool child)
{
	const struct step *asks = scene_trigger(t, e);
	size_t end = asks ? (size_t)(asks - t->test->steps) : e->last_step;
	for (size_t i = 0; child && i < end; i++) {
		const struct step *s = &t->test->steps[i];
		if (s->op == STEP_CALL && streq(s->tasks[0], task) && starts_with(s->value, "fork"))
			return i;
	}
	return child ? 0 : end;
}

/* One thread is enough (mm/oom_kill.c:oom_cpuset_eligible): calls are made by one, the others have what the case gave them. */
static struct scene_policy with_threads(const struct test_task *c, struct scene_policy of_caller)
{
	if (!streq(c->kind, "threads") && !streq(c->kind, "zombie-leader"))
		return of_caller;
	if (of_caller.mode != c->policy)
		return (struct scene_policy){ POLICY_DEFAULT, 0 };
	of_caller.nodes |= c->policy_nodes;
	return of_caller;
}

struct scene_policy scene_policy(const struct trial *t, const struct episode *e, const char *name)
{
	const struct test_task *c = scene_case_task(t, name);
	if (!c)
		return (struct scene_policy){ POLICY_DEFAULT, 0 };
	struct scene_policy p = { c->policy, c->policy_nodes };
	size_t end = calls_end(t, e, c->name, name[strlen(c->name)]);
	for (size_t i = 0; i < end; i++) {
		const struct step *s = &t->test->steps[i];
		if (s->op != STEP_CALL || !streq(s->tasks[0], c->name) || (s->result && !streq(s->result, "ok")))
			continue;
		const char *what = call_made(s->value);
		if (!starts_with(what, "set_mempolicy ") || starts_with(s->value, "threaded "))	/* it is gone with its thread */
			continue;
		p = parse_policy(what + strlen("set_mempolicy "));
		if (strstr(what, "=relative "))
			p.nodes = relative_to(mems_of(e, name), p.nodes);
	}
	return with_threads(c, p);
}

bool scene_bound_to(const struct trial *t, const struct episode *e, const char *name, uint64_t *nodes)
{
	const struct test_task *c = scene_case_task(t, name);
	const char *mbind = c ? strstr(c->args, "mbind=") : NULL;
	if (mbind) {	/* of the memory itself, which goes before that of who asks */
		mbind += strlen("mbind=");
		CLEANUP_FREE char *list = strndup(mbind, strcspn(mbind, " "));
		return parse_mask(list, nodes, NULL) == 0;
	}
	struct scene_policy p = scene_policy(t, e, name);
	*nodes = p.nodes;
	return p.mode == POLICY_BIND;
}

bool scene_task_bound_to(const struct scene *s, const struct trial *t, const struct episode *e, int task, uint64_t *nodes)
{
	CLEANUP_FREE char *name = look_bytes(look_text(s->rows[task], "name"));
	*nodes = 0;
	return name && scene_bound_to(t, e, name, nodes);
}

void scene_add_calls(struct scene *s, const struct trial *t, const struct episode *e)
{
	for (size_t i = 0; i < s->model.n_tasks; i++) {
		const char *wire_name = s->rows[i] ? look_text(s->rows[i], "name") : NULL;
		CLEANUP_FREE char *name = look_bytes(wire_name);
		struct model_task *m = &s->tasks[i];
		if (!name)
			continue;
		struct scene_policy p = scene_policy(t, e, name);
		m->policy = p.mode;
		m->policy_nodes = p.nodes;
		if (trial_gives_back(t, e, wire_name))
			m->less += model_base(&t->era, &m->pages);
	}
}
