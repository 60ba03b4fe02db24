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

/* What a kernel may have been built without, by a path that tells. */
static const struct {
	const char *word;	/* a kind, an argument of one, or a call */
	const char *path;
} options[] = {
	{ "shm", "/proc/sysvipc/shm" },
	{ "tcp", "/proc/net/tcp" },
	{ "udp", "/proc/net/udp" },
	{ "secret", "/sys/module/secretmem/parameters/enable" },
	{ "pinned", "/sys/kernel/slab/io_kiocb" },	/* io_uring's requests: the only trace of it that every kernel shows */
	{ "hugetlb", "/proc/sys/vm/nr_hugepages" },
	{ "thp=1", "/sys/kernel/mm/transparent_hugepage/enabled" },
	{ "ksm=1", "/sys/kernel/mm/ksm/run" },
	{ "mbind=", "/proc/self/numa_maps" },
	{ "mbind", "/proc/self/numa_maps" },
	{ "homenode", "/proc/self/numa_maps" },
	{ "set_mempolicy", "/proc/self/numa_maps" },
	{ "pidns=1", "/proc/self/ns/pid" },
	{ "userns", "/proc/self/ns/user" },
	{ "cgroupns", "/proc/self/ns/cgroup" },
	{ "ipcns", "/proc/self/ns/ipc" },
	{ "frozen", "/dev/snapshot" },
	{ "age", "/sys/kernel/debug/lru_gen" },
	{ "evict", "/sys/kernel/debug/lru_gen" },
	{ "swapon", "/proc/swaps" },
	{ "swapoff", "/proc/swaps" },
};

/* For each word of the text. */
static void add_options(json_t *needs, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		size_t len = strlen(options[i].word);
		bool open = options[i].word[len - 1] == '=';	/* any value */
		for (const char *at = text; (at = strstr(at, options[i].word)); at += len) {
			if ((at == text || at[-1] == ' ') && (open || !at[len] || at[len] == ' '))
				add_need(needs, "path", options[i].path);
		}
	}
}

static void add_task(json_t *needs, const struct test_task *task)
{
	if (task->adj < 0) /* below oom_score_adj_min (fs/proc/base.c:__set_oom_adj) */
		add_need(needs, "capability", "sys_resource");
	add_options(needs, task->kind);
	add_options(needs, task->args);
}

static void add_sysctl(json_t *needs, const char *name)
{
	CLEANUP_FREE char *path = sysctl_path(name);
	add_need(needs, "path", path);
}

/* Is it there, or not, from the start? Not what a mount or a device brings, or what belongs to a process. */
static bool lasts(const char *path)
{
	return starts_with(path, "/proc/sys/") || starts_with(path, "/sys/kernel/mm/") || streq(path, "/proc/sysrq-trigger");
}

/* Does the step lower oom_score_adj below 0, which takes the right to (fs/proc/base.c:__set_oom_adj)? */
static bool lowers_adj(const struct step *s)
{
	static const char suffix[] = "/oom_score_adj";
	size_t len = s->file ? strlen(s->file) : 0;
	return s->op == STEP_CALL ? starts_with(s->value, "setadj -") || starts_with(s->value, "setoldadj -") :
				    s->op == STEP_WRITE && len >= sizeof(suffix) - 1 &&
					    streq(s->file + len - (sizeof(suffix) - 1), suffix) && *s->value == '-';
}

static void add_step(json_t *needs, const struct test *t, const struct step *s)
{
	bool may_fail = s->result && !streq(s->result, "ok"); /* ENOENT may be the very point */
	if (s->cgroup >= 0 && s->file && !may_fail)
		add_file(needs, t, s->file, s->field);
	if (s->cgroup < 0 && s->file && !may_fail && lasts(s->file))
		add_need(needs, "path", s->file);
	if (s->op == STEP_SYSRQ)
		add_need(needs, "path", "/proc/sysrq-trigger");
	if (!may_fail && lowers_adj(s))
		add_need(needs, "capability", "sys_resource");
	if (s->op == STEP_CALL && (!may_fail || (!streq(s->result, "ENOENT") && !streq(s->result, "ENOSYS"))))
		add_options(needs, s->value);
	for (size_t i = 0; s->op == STEP_EXPECT && i < s->expect->n_counters; i++) {
		const struct counter_claim *c = &s->expect->counters[i];
		if (c->cgroup >= 0)
			add_file(needs, t, c->file, c->field);
		else
			add_need(needs, "vmstat", c->field);
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
	for (size_t i = 0; i < t->n_tasks; i++)
		add_task(needs, &t->tasks[i]);
	for (size_t i = 0; i < t->n_sysctls; i++)
		add_sysctl(needs, t->sysctls[i].file);
	for (size_t i = 0; i < t->n_steps; i++)
		add_step(needs, t, &t->steps[i]);
	char number[32];
	if (t->shape.plug)
		add_need(needs, "path", "/sys/devices/system/memory/auto_online_blocks");
	if (t->shape.balloon != BALLOON_NONE)
		add_need(needs, "path", "/sys/bus/virtio/drivers/virtio_balloon");
	if (t->shape.nodes > 1) {
		int with_memory = 0;
		for (int i = 0; i < t->shape.nodes; i++)
			with_memory += t->shape.node_memory[i] > 0;
		snprintf(number, sizeof(number), "%d", with_memory);
		add_need(needs, "nodes", number);
	}
	snprintf(number, sizeof(number), "%" PRIu64 "M", t->shape.memory >> 20);
	add_need(needs, t->machine_wide ? "memory" : "room", number);
	return needs;
}
