// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>

#include "base/bytes.h"
#include "base/util.h"
#include "case/files.h"
#include "case/kinds.h"
#include "case/plan_parts.h"

#define START_AND_END_MS 60000 /* building the scene, ending the tasks, removing cgroups, at scale 1 */
#define STEP_MS 1000	       /* a step without a deadline of its own */

json_t *plan_text(const char *text)
{
	return text ? json_bytes(text, strlen(text)) : json_null();
}

const char *plan_file(const struct test *t, const char *file, const char *field)
{
	const char *name;
	return cgroup_file_name(t->hierarchy, file, field, &name, NULL, NULL) ? name : file;
}

static void add_file(json_t *files, const char *file, const char *value)
{
	json_array_append_new(files, json_pack("{s:o, s:o}", "file", plan_text(file), "value", plan_text(value)));
}

static void add_size(json_t *files, const struct test *t, const char *file, uint64_t bytes)
{
	char value[32];
	if (bytes == UNSET)
		return;
	if (bytes == NO_LIMIT)
		strcpy(value, t->hierarchy == HIERARCHY_V1 ? "-1" : "max");
	else
		snprintf(value, sizeof(value), "%" PRIu64, bytes);
	add_file(files, plan_file(t, file, NULL), value);
}

/* v1 has one limit on memory and swap together, and it can't be below the limit on memory: so it comes second. */
static void add_swap_limit(json_t *files, const struct test *t, const struct test_cgroup *g)
{
	uint64_t both = g->swap_limit;
	if (both == UNSET)
		return;
	if (t->hierarchy == HIERARCHY_V2) {
		add_size(files, t, "memory.swap.max", both);
		return;
	}
	if (both != NO_LIMIT && (g->limit >= UNSET || __builtin_add_overflow(g->limit, both, &both)))
		both = NO_LIMIT;
	add_size(files, t, "memory.memsw.limit_in_bytes", both);
}

static json_t *plan_cgroup(const struct test *t, const struct test_cgroup *g)
{
	json_t *files = json_array();
	if (g->mems)
		add_file(files, "cpuset.mems", g->mems);
	if (g->oom_kill_disable)
		add_file(files, "memory.oom_control", "1");
	add_size(files, t, "memory.min", g->min);
	add_size(files, t, "memory.low", g->low);
	add_size(files, t, "memory.high", g->high);
	add_size(files, t, "memory.max", g->limit);
	add_swap_limit(files, t, g);
	if (g->group)
		add_file(files, "memory.oom.group", "1");
	for (size_t i = 0; i < g->n_settings; i++)
		add_file(files, plan_file(t, g->settings[i].file, NULL), g->settings[i].value);
	return json_pack("{s:o, s:o, s:b}", "name", plan_text(g->name), "files", files, "watch", 1);
}

static json_t *plan_args(const char *args)
{
	json_t *list = json_array();
	for (const char *p = args; *p;) {
		size_t len = strcspn(p, " ");
		if (len)
			json_array_append_new(list, json_bytes(p, len));
		p += len + strspn(p + len, " ");
	}
	return list;
}

static json_t *plan_policy(const struct test_task *task)
{
	char nodes[256];
	if (task->policy == POLICY_DEFAULT)
		return json_null();
	return json_pack("{s:s, s:s}", "mode", policy_name(task->policy), "nodes", format_mask(task->policy_nodes, nodes));
}

static json_t *plan_task(const struct test *t, const struct test_task *task)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "name", plan_text(task->name), "kind",
			 plan_text(task->kind), "args", plan_args(task->args), "cgroup",
			 task->cgroup < 0 ? json_null() : plan_text(t->cgroups[task->cgroup].name), "adj",
			 task->adj == ADJ_UNSET ? json_null() : json_integer(task->adj), "uid", (json_int_t)task->uid,
			 "cpus", plan_text(task->cpus), "policy", plan_policy(task));
}

static json_t *plan_swap(const struct test *t)
{
	if (t->swap == SWAP_NONE)
		return json_null();
	return json_pack("{s:s, s:I}", "kind", t->swap == SWAP_DISK ? "disk" : "zram", "size",
			 (json_int_t)t->swap_size);
}

const struct expectation *test_expected_panic(const struct test *t)
{
	for (size_t i = 0; i < t->n_steps; i++) {
		if (t->steps[i].op == STEP_EXPECT && t->steps[i].expect->panic)
			return t->steps[i].expect;
	}
	return NULL;
}

static bool wants_cpuset(const struct test *t)
{
	bool wants = false;
	for (size_t i = 0; i < t->n_cgroups; i++) {
		wants = wants || t->cgroups[i].mems;
		for (size_t j = 0; j < t->cgroups[i].n_settings; j++)
			wants = wants || starts_with(t->cgroups[i].settings[j].file, "cpuset.");
	}
	for (size_t i = 0; i < t->n_steps; i++)
		wants = wants ||
			(t->steps[i].cgroup >= 0 && t->steps[i].file && starts_with(t->steps[i].file, "cpuset."));
	return wants;
}

json_t *plan_make(const struct test *t, const char *root, double scale)
{
	json_t *sysctls = json_array(), *cgroups = json_array(), *tasks = json_array();
	for (size_t i = 0; i < t->n_sysctls; i++)
		json_array_append_new(sysctls, json_pack("{s:o, s:o}", "name", plan_text(t->sysctls[i].file), "value",
							 plan_text(t->sysctls[i].value)));
	for (size_t i = 0; i < t->n_cgroups; i++)
		json_array_append_new(cgroups, plan_cgroup(t, &t->cgroups[i]));
	for (size_t i = 0; i < t->n_tasks; i++)
		json_array_append_new(tasks, plan_task(t, &t->tasks[i]));
	json_t *plan = json_object();
	json_object_set_new(plan, "id", plan_text(t->id));
	json_object_set_new(plan, "scale", json_real(scale));
	json_object_set_new(plan, "hierarchy",
			    t->uses_cgroups ? json_string(t->hierarchy == HIERARCHY_V1 ? "v1" : "v2") : json_null());
	json_object_set_new(plan, "root", plan_text(root));
	json_object_set_new(plan, "needs", plan_needs(t));
	if (test_expected_panic(t))
		json_object_set_new(plan, "console_level", json_integer(7)); /* the panic is read on the console */
	json_object_set_new(plan, "everybody", json_boolean(t->machine_wide)); /* whom the killer looks at */
	json_object_set_new(plan, "sysctls", sysctls);
	json_object_set_new(plan, "swap", plan_swap(t));
	json_object_set_new(plan, "cgroups", cgroups);
	json_object_set_new(plan, "cpuset", json_boolean(wants_cpuset(t)));
	json_object_set_new(plan, "tasks", tasks);
	json_object_set_new(plan, "steps", plan_steps(t));
	return plan;
}

int64_t plan_rest_ms(const json_t *plan)
{
	return (int64_t)(START_AND_END_MS * json_number_value(json_object_get(plan, "scale")));
}

int64_t plan_deadline_ms(const json_t *plan)
{
	double scale = json_number_value(json_object_get(plan, "scale"));
	double sum = START_AND_END_MS;
	size_t i;
	json_t *step;
	json_array_foreach (json_object_get(plan, "steps"), i, step) {
		const json_t *ms = json_object_get(step, "deadline_ms");
		sum += ms ? (double)json_integer_value(ms) : STEP_MS;
	}
	return (int64_t)(sum * scale);
}
