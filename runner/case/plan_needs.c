// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the machine must have for a test: what the case says, and what follows from its scene.
 */
#include <inttypes.h>

#include "base/util.h"
#include "case/files.h"
#include "case/plan_parts.h"

static void add_need(json_t *needs, const char *kind, const char *text)
{
	json_t *need = json_pack("{s:s, s:o}", "kind", kind, "text", plan_text(text)), *other;
	size_t i;
	json_array_foreach (needs, i, other) {
		if (json_equal(other, need)) {
			json_decref(need);
			return;
		}
	}
	json_array_append_new(needs, need);
}

static void add_file(json_t *needs, const struct test *t, const char *file, const char *field)
{
	const char *name = plan_file(t, file, field);
	if (!cgroup_file_is_basic(name))
		add_need(needs, "cgroup_file", name);
}

static void add_cgroup(json_t *needs, const struct test *t, const struct test_cgroup *g)
{
	const struct {
		bool set;
		const char *file;
	} used[] = {
		{ g->swap_limit != UNSET,
		  t->hierarchy == HIERARCHY_V1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max" },
		{ g->high != UNSET, "memory.high" },
		{ g->low != UNSET, "memory.low" },
		{ g->min != UNSET, "memory.min" },
		{ g->group, "memory.oom.group" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(used); i++) {
		if (used[i].set)
			add_file(needs, t, used[i].file, NULL);
	}
	for (size_t i = 0; i < g->n_settings; i++)
		add_file(needs, t, g->settings[i].file, NULL);
}

static void add_step(json_t *needs, const struct test *t, const struct step *s)
{
	bool may_fail = s->result && !streq(s->result, "ok"); /* ENOENT may be the very point */
	if (s->cgroup >= 0 && s->file && !may_fail)
		add_file(needs, t, s->file, s->field);
	for (size_t i = 0; s->op == STEP_EXPECT && i < s->expect->n_counters; i++) {
		const struct counter_claim *c = &s->expect->counters[i];
		if (c->cgroup >= 0)
			add_file(needs, t, c->file, c->field);
	}
}

json_t *plan_needs(const struct test *t)
{
	json_t *needs = json_array();
	for (size_t i = 0; i < t->n_needs; i++) {
		const struct need *need = &t->needs[i];
		if (need->kind == NEED_CGROUP_FILE)
			add_need(needs, "cgroup_file", plan_file(t, need->text, NULL));
		else if (need->kind == NEED_PATH)
			add_need(needs, "path", need->text);
		else if (need->kind == NEED_CAPABILITY)
			add_need(needs, "capability", need->text);
	}
	for (size_t i = 0; i < t->n_cgroups; i++)
		add_cgroup(needs, t, &t->cgroups[i]);
	for (size_t i = 0; i < t->n_tasks; i++) {
		if (t->tasks[i].adj < 0) /* below oom_score_adj_min (fs/proc/base.c:__set_oom_adj) */
			add_need(needs, "capability", "sys_resource");
	}
	for (size_t i = 0; i < t->n_steps; i++)
		add_step(needs, t, &t->steps[i]);
	char number[32];
	if (t->shape.nodes > 1) {
		snprintf(number, sizeof(number), "%d", t->shape.nodes);
		add_need(needs, "nodes", number);
	}
	snprintf(number, sizeof(number), "%" PRIu64 "M", t->shape.memory >> 20);
	add_need(needs, t->machine_wide ? "memory" : "room", number);
	return needs;
}
