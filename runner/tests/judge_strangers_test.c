// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A machine in use: OOMs of others are nobody's fault here, and what mixes them with the scene is an error. In a machine of the
 * test's own the same is the kernel's fault. The observations are those of guests, as if they had come from a host.
 */
#include <check.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/recorded.h"

#define WEB "web invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"
#define WEB_CPU "CPU: 0 PID: 999 Comm: web Not tainted 6.1.0-1-amd64 #1"
#define WEB_LIMIT "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/docker/x," \
	"task_memcg=/docker/x,task=web,pid=999,uid=0"
#define WEB_KILLED "Killed process 999 (web) total-vm:9999kB, anon-rss:9000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:44kB oom_score_adj:0"

/* A record behind the scene's own, of the same time. */
static void add_record(struct recorded *r, const char *text)
{
	json_t *kmsg = json_object_get(r->observation, "kmsg"), *record = json_deep_copy(json_array_get(kmsg, json_array_size(kmsg) - 1));
	json_object_set_new(record, "text", json_string(text));
	json_array_append_new(kmsg, record);
}

static const struct {
	const char *recorded;
	struct change change[2];
	const char *records[4];
	enum verdict in_use;
	const char *why;
} table[] = {
	{ "memcg-v2", {}, { WEB, WEB_CPU, WEB_LIMIT, "Memory cgroup out of memory: " WEB_KILLED }, VERDICT_PASS, "" },
	{ "memcg-v2", {}, { "Memory cgroup out of memory: " WEB_KILLED }, VERDICT_PASS, "" },
	{ "memcg-v2", { { "kmsg", "^", "{\"seq\":1,\"t\":1,\"level\":3,\"text\":\"Out of memory: " WEB_KILLED "\"}" } }, {}, VERDICT_PASS, "" },
	{ "memcg-v2", { { "kmsg>text~oom-kill:>text", "oom_memcg=/oomtests-#-#/box", "oom_memcg=/docker/x" } }, {}, VERDICT_ERROR,
	  "memory ran out in /docker/x" },
	{ "memcg-v2", { { "kmsg>text~oom-kill:>text", "oom_memcg=/oomtests-#-#/box", "oom_memcg=/oomtests-#-#+1/box" } }, {}, VERDICT_ERROR,
	  "which is not of the scene" },
	{ "memcg-v2", {}, { "hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			    "CPU: 0 PID: 86 Comm: hog Not tainted 6.1.0-1-amd64 #1",
			    "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=web,pid=999,uid=0",
			    "Out of memory: " WEB_KILLED }, VERDICT_ERROR, "the machine ran out of memory, not the scene" },
	{ "memcg-v2", {}, { "WARNING: CPU: 0 PID: 9 at mm/x.c:1 x+0x1/0x2" }, VERDICT_ERROR, "the kernel complains: WARNING" },
	{ "global", { { "kmsg>text~Killed>text", "process # (big)", "process 999 (web)" } }, {}, VERDICT_ERROR,
	  "a process that is not of the scene was killed" },
	{ "global", {}, { WEB, WEB_CPU, WEB_LIMIT, "Memory cgroup out of memory: " WEB_KILLED }, VERDICT_PASS, "" },
};

static void try_one(size_t i, const char *target, bool in_use)
{
	struct recorded *r = recorded_load(table[i].recorded);
	free(r->target);
	r->target = xstrdup(target);
	for (size_t k = 0; k < ARRAY_SIZE(table[i].change) && table[i].change[k].path; k++)
		recorded_change(r, &table[i].change[k]);
	for (size_t k = 0; k < ARRAY_SIZE(table[i].records) && table[i].records[k]; k++)
		add_record(r, table[i].records[k]);
	struct result *result = recorded_judge(r);
	const char *why = in_use ? table[i].why : "";
	ck_assert_msg((in_use ? result->verdict == table[i].in_use : result->verdict != VERDICT_PASS) &&
			      (!*why || (result->why && strstr(result->why, why))),
		      "%zu, %s on %s: %s", i, table[i].recorded, target, result_words(result));
	result_free(result);
	recorded_free(r);
}

START_TEST(others_are_not_blamed)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		try_one(i, "vm", false);
		try_one(i, "host", true);
		try_one(i, "ssh", true);
	}
}
END_TEST

TESTS("judge_strangers", others_are_not_blamed)
