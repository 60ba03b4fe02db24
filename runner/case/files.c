// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/files.h"

#include "base/util.h"

/*
 * One row per file, or per keyed line of a file (field). v1 == NULL: nothing there means the same, and why says so.
 * Kernel: mm/memcontrol.c:memory_files, mm/memcontrol-v1.c:mem_cgroup_legacy_files.
 */
static const struct {
	const char *file, *field; /* v2 */
	const char *v1, *v1_field;
	const char *why;
} names[] = {
	{ "memory.current", NULL, "memory.usage_in_bytes", NULL, NULL },
	{ "memory.max", NULL, "memory.limit_in_bytes", NULL, NULL },
	{ "memory.peak", NULL, "memory.max_usage_in_bytes", NULL, NULL },
	{ "memory.events", "oom_kill", "memory.oom_control", "oom_kill", NULL },
	{ "memory.events.local", "oom_kill", "memory.oom_control", "oom_kill", NULL },
	{ "memory.events", "max", NULL, NULL, "v1's memory.failcnt counts something else than max" },
	{ "memory.events", NULL, NULL, NULL, "of memory.events v1 has oom_kill alone" },
	{ "memory.events.local", NULL, NULL, NULL, "of memory.events.local v1 has oom_kill alone" },
	{ "memory.stat", "anon", "memory.stat", "total_rss", NULL },
	{ "memory.stat", "file", "memory.stat", "total_cache", NULL },
	{ "memory.stat", "shmem", "memory.stat", "total_shmem", NULL },
	{ "memory.stat", "file_mapped", "memory.stat", "total_mapped_file", NULL },
	{ "memory.stat", "pgfault", "memory.stat", "total_pgfault", NULL },
	{ "memory.stat", "pgmajfault", "memory.stat", "total_pgmajfault", NULL },
	{ "memory.swap.max", NULL, NULL, NULL, "v1 limits memory and swap together, in memory.memsw.limit_in_bytes" },
	{ "memory.swap.current", NULL, NULL, NULL,
	  "v1 counts memory and swap together, in memory.memsw.usage_in_bytes" },
	{ "memory.oom.group", NULL, NULL, NULL, "v1 has no group kill" },
	{ "memory.high", NULL, NULL, NULL, "v1 has no such limit" },
	{ "memory.low", NULL, NULL, NULL, "v1 has no such protection" },
	{ "memory.min", NULL, NULL, NULL, "v1 has no such protection" },
	{ "memory.reclaim", NULL, NULL, NULL, "v1 has memory.force_empty alone" },
	{ "cgroup.events", NULL, NULL, NULL, "v1 has no such file" },
	{ "cgroup.kill", NULL, NULL, NULL, "v1 has no such file" },
	{ "cgroup.freeze", NULL, NULL, NULL, "v1 has a hierarchy of its own for it; use the steps freeze and thaw" },
};

/* Only v1 has these. */
static const char *const v1_only[] = {
	"memory.limit_in_bytes",
	"memory.usage_in_bytes",
	"memory.max_usage_in_bytes",
	"memory.failcnt",
	"memory.memsw.limit_in_bytes",
	"memory.memsw.usage_in_bytes",
	"memory.memsw.failcnt",
	"memory.oom_control",
	"memory.use_hierarchy",
	"memory.swappiness",
	"memory.force_empty",
	"memory.soft_limit_in_bytes",
	"memory.kmem.limit_in_bytes",
	"memory.kmem.usage_in_bytes",
	"memory.move_charge_at_immigrate",
};

static const char *const basic[] = {
	"memory.current",
	"memory.max",
	"memory.events",
	"memory.stat",
	"memory.limit_in_bytes",
	"memory.usage_in_bytes",
	"memory.failcnt",
	"memory.oom_control",
	"cgroup.procs",
	"cgroup.threads",
	"tasks",
};

static const char *const can_oom[] = {
	"memory.max",
	"memory.high",
	"memory.swap.max",
	"memory.reclaim",
	"memory.limit_in_bytes",
	"memory.memsw.limit_in_bytes",
	"memory.kmem.limit_in_bytes",
	"memory.force_empty",
};

static bool is_among(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (streq(word, words[i]))
			return true;
	}
	return false;
}

static void give(const char **out, const char *value)
{
	if (out)
		*out = value;
}

bool cgroup_file_name(enum hierarchy h, const char *file, const char *field, const char **file_out,
		      const char **field_out, const char **why)
{
	if (h == HIERARCHY_V2 && is_among(file, v1_only, ARRAY_SIZE(v1_only))) {
		give(why, "it is a file of cgroup v1");
		return false;
	}
	give(file_out, file);
	give(field_out, field);
	for (size_t i = 0; h == HIERARCHY_V1 && i < ARRAY_SIZE(names); i++) {
		if (!streq(names[i].file, file) || (names[i].field && !streq(names[i].field, field)))
			continue;
		if (!names[i].v1) {
			give(why, names[i].why);
			return false;
		}
		give(file_out, names[i].v1);
		if (names[i].v1_field)
			give(field_out, names[i].v1_field);
		return true;
	}
	return true;
}

bool cgroup_file_is_basic(const char *file)
{
	return is_among(file, basic, ARRAY_SIZE(basic));
}

bool cgroup_file_is_limit(const char *file)
{
	return streq(file, "memory.max") || streq(file, "memory.limit_in_bytes") ||
	       streq(file, "memory.memsw.limit_in_bytes");
}

bool cgroup_file_can_oom(const char *file)
{
	return is_among(file, can_oom, ARRAY_SIZE(can_oom));
}
