// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The judge of real observations: they pass, and changed in one point each they turn the check of that point red, every
 * check that there is. What was not seen is an error, never a pass.
 */
#include <check.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/recorded.h"

/* In the first kernel record that has `from`. */
#define LOG(from, to) { "kmsg>text~" from ">text", from, to }
/* Another record, behind all others. */
#define RECORD(level, text) { "kmsg", "+", "{\"seq\":100000,\"t\":100000000000,\"level\":" #level ",\"text\":\"" text "\"}" }
/* In a file of a cgroup, as a snapshot has it. */
#define FILE_OF(label, cgroup, file, from, to) \
	{ "snapshots>label=" label ">cgroups>name=" cgroup ">files>" file, from, to }
#define AFTER(cgroup, file, from, to) FILE_OF("after-0", cgroup, file, from, to)

static const struct alteration {
	const char *recorded;
	enum check_id check;
	struct change change[3];
} alterations[] = {
	{ "panic", CHECK_PANIC, { { "console", "system-wide", "compulsory" } } },
	{ "memcg-v2", CHECK_NO_PANIC,
	  { { "fate", NULL, "\"panic\"" }, { "console", NULL, "\"[ 1.0] Kernel panic - not syncing: hm\\n\"" } } },

	{ "memcg-v2", CHECK_VICTIMS, { LOG("Killed process 85 (big)", "Killed process 86 (hog)") } },
	{ "memcg-v2", CHECK_VICTIMS, { { "kmsg>text~Killed process", NULL, NULL } } },
	{ "memcg-v2", CHECK_DIED_BY, { { "exits>name=big>signal", NULL, "11" } } },
	{ "memcg-v2", CHECK_DIED_BY, { { "exits>name=big>signal", NULL, "null" }, { "exits>name=big>code", NULL, "1" } } },
	{ "memcg-v2", CHECK_DIED_BY, { { "steps>op=settle>waiting", "+", "\"big\"" } } },
	{ "memcg-v2", CHECK_NOBODY_ELSE, { { "exits>name=outside>t", NULL, "27190000" } } },
	{ "memcg-v2", CHECK_SURVIVORS, { { "steps>op=ping>silent", "+", "\"outside\"" } } },
	{ "memcg-v2", CHECK_GROW_END, { { "steps>op=await>how", NULL, "\"dead\"" } } },
	{ "memcg-v2", CHECK_OUTSIDE, { RECORD(3, "Out of memory: Killed process 84 (outside) total-vm:1kB, anon-rss:1kB") } },

	{ "memcg-v2", CHECK_PREDICTED, { LOG("Killed process 85 (big)", "Killed process 86 (hog)") } },
	{ "memcg-v2", CHECK_RECOMPUTED, { LOG("   16448    16052 ", "   16448       52 ") } },
	{ "group", CHECK_GROUP_ORDER, { LOG("Killed process 84 (one)", "Killed process 85 (one)") } },
	{ "group", CHECK_GROUP, { LOG("/box are going", "/bax are going") } },
	{ "memcg-v2", CHECK_REPORTS, { { "kmsg>text~invoked", NULL, NULL } } },
	{ "memcg-v2", CHECK_CONSTRAINT, { LOG("CONSTRAINT_MEMCG", "CONSTRAINT_NONE") } },
	{ "global", CHECK_SCOPE, { LOG(",global_oom", ",oom_memcg=/x") } },
	{ "memcg-v2", CHECK_ASKED_BY, { LOG("hog invoked", "big invoked") } },
	{ "memcg-v2", CHECK_ASKED_PID, { LOG("PID: 86 Comm", "PID: 85 Comm") } },
	{ "memcg-v2", CHECK_ASKED_ADJ, { LOG("order=0, oom_score_adj=0", "order=0, oom_score_adj=5") } },
	{ "memcg-v2", CHECK_ORDER, { LOG("order=0", "order=1") } },
	{ "memcg-v2", CHECK_OOM_MEMCG, { LOG("/box,task_memcg", ",task_memcg") } },
	{ "memcg-v2", CHECK_LIMIT, { LOG("usage 81920kB, limit 81920kB", "usage 81920kB, limit 81916kB") } },
	{ "memcg-v2", CHECK_USAGE, { LOG("usage 81920kB, limit 81920kB", "usage 81924kB, limit 81920kB") } },
	{ "bind", CHECK_NODEMASK, { LOG("nodemask=1", "nodemask=0-1") } },
	{ "memcg-v2", CHECK_NODEMASK, { LOG("nodemask=(null)", "nodemask=0") } },
	{ "memcg-v2", CHECK_MEMS_ALLOWED, { LOG("mems_allowed=0", "mems_allowed=0-1") } },
	{ "memcg-v2", CHECK_SELECTED, { LOG("task=big", "task=hog") } },
	{ "memcg-v2", CHECK_SELECTED_UID, { LOG("pid=85,uid=0", "pid=85,uid=1") } },
	{ "memcg-v2", CHECK_TASK_MEMCG, { LOG("/box,task=", ",task=") } },
	{ "memcg-v2", CHECK_PREFIX, { LOG("Memory cgroup out of memory: K", "Out of memory: K") } },
	{ "allocating", CHECK_PREFIX, { LOG("Out of memory (oom_kill_allocating_task): K", "Out of memory: K") } },
	{ "memcg-v2", CHECK_KILLED_COMM, { LOG("Killed process 85 (big)", "Killed process 85 (hog)") } },
	{ "memcg-v2", CHECK_KILLED_UID, { LOG("UID:0", "UID:1") } },
	{ "memcg-v2", CHECK_KILLED_ADJ, { LOG("160kB oom_score_adj:0", "160kB oom_score_adj:1") } },
	{ "memcg-v2", CHECK_TOTAL_VM, { LOG("total-vm:65792kB", "total-vm:65796kB") } },
	{ "group", CHECK_ANON_RSS, { LOG("(one) total-vm:8448kB, anon-rss:8164kB", "(one) total-vm:8448kB, anon-rss:8160kB") } },
	{ "memcg-v2", CHECK_PGTABLES, { LOG("pgtables:160kB", "pgtables:164kB") } },
	{ "memcg-v2", CHECK_NO_GROUP,
	  { { "kmsg>text~Killed process>seq", NULL, "363" },
	    { "kmsg", "+", "{\"seq\":364,\"t\":27320900,\"level\":6,\"text\":\"Tasks in /x are going to be killed due to "
			   "memory.oom.group set\"}" } } },
	{ "words", CHECK_LOG_RECORD, { LOG("(pair/1)", "(pair/2)") } },

	{ "memcg-v2", CHECK_TABLE, { { "kmsg>text~pgtables_bytes", NULL, NULL }, { "kmsg>text~[     85]", NULL, NULL },
				     { "kmsg>text~[     86]", NULL, NULL } } },
	{ "memcg-v2", CHECK_TABLE_MISSING, { { "kmsg>text~[     86]", NULL, NULL } } },
	{ "memcg-v2", CHECK_TABLE_EXTRA, { LOG("[     86]     0    86 ", "[     84]     0    84 ") } },
	{ "memcg-v2", CHECK_ROW_UID, { LOG("[     85]     0 ", "[     85]     1 ") } },
	{ "memcg-v2", CHECK_ROW_ADJ, { LOG("            0 big", "            1 big") } },
	{ "memcg-v2", CHECK_ROW_TOTAL_VM, { LOG("   16448    16052 ", "   16449    16052 ") } },
	{ "group", CHECK_ROW_RSS, { LOG("84     2112     2061 ", "84     2112     2062 ") } },
	{ "memcg-v2", CHECK_ROW_PGTABLES, { LOG(" 163840 ", " 159744 ") } },

	{ "memcg-v2", CHECK_VMSTAT_OOM_KILL, { { "snapshots>label=after-0>vmstat>oom_kill", NULL, "2" } } },
	{ "memcg-v2", CHECK_EVENTS_OOM_KILL, { AFTER("box", "memory.events", "oom_kill 1", "oom_kill 2") } },
	{ "memcg-v2", CHECK_EVENTS_OOM_KILL, { AFTER("bystander", "memory.events", "oom_kill 0", "oom_kill 1") } },
	{ "memcg-v2", CHECK_EVENTS_OOM, { AFTER("box", "memory.events", "oom 5", "oom 0") } },
	{ "group", CHECK_EVENTS_GROUP, { AFTER("box", "memory.events", "oom_group_kill 1", "oom_group_kill 0") } },
	{ "memcg-v2", CHECK_EVENTS_MAX, { AFTER("box", "memory.events", "max 248", "max 17") } },
	{ "memcg-v2", CHECK_EVENTS_HIGH, { AFTER("box", "memory.events", "high 0", "high 1") } },
	{ "memcg-v2", CHECK_EVENTS_LOW, { AFTER("box", "memory.events", "low 0", "low 1") } },
	{ "memcg-v2", CHECK_LOCAL_OOM_KILL, { AFTER("box", "memory.events.local", "oom_kill 1", "oom_kill 0") } },
	{ "ancestor", CHECK_LOCAL_OOM_KILL, { AFTER("top", "memory.events.local", "oom_kill 0", "oom_kill 1") } },
	{ "ancestor", CHECK_LOCAL_OOM, { AFTER("top", "memory.events.local", "oom ", "oom -") } },
	{ "ancestor", CHECK_LOCAL_OOM, { FILE_OF("before-0", "top", "memory.events.local", "oom ", "oom 99") } },
	{ "group", CHECK_LOCAL_GROUP, { AFTER("box", "memory.events.local", "oom_group_kill 1", "oom_group_kill 0") } },
	{ "memcg-v2", CHECK_LOCAL_MAX, { AFTER("box", "memory.events.local", "max 248", "max 17") } },
	{ "memcg-v2", CHECK_LOCAL_HIGH, { AFTER("box", "memory.events.local", "high 0", "high 1") } },
	{ "memcg-v2", CHECK_LOCAL_LOW, { AFTER("box", "memory.events.local", "low 0", "low 1") } },
	{ "memcg-v1", CHECK_V1_OOM_KILL, { AFTER("box", "memory.oom_control", "oom_kill 1", "oom_kill 0") } },
	{ "memcg-v1", CHECK_V1_FAILCNT, { AFTER("bystander", "memory.failcnt", "0", "1") } },
	{ "memcg-v1", CHECK_V1_FAILCNTS, { AFTER("box", "memory.failcnt", "4588", "0"), AFTER("box", "memory.memsw.failcnt", "18", "17") } },
	{ "words", CHECK_CLAIM, { AFTER("box", "memory.events", "oom_kill 1", "oom_kill 2") } },
	{ "words", CHECK_CLAIM, { { "snapshots>label=after-0>vmstat>oom_kill", NULL, "2" } } },

	{ "score", CHECK_SCORE, { { "steps>op=score>scores>some>score", NULL, "1" } } },
	{ "score", CHECK_SCORE, { { "steps>op=score>scores>some", NULL, NULL } } },
	{ "commit", CHECK_COMMIT, { { "steps>op=call>answer", "called mmapmax ", "called mmapmax 1" } } },
	{ "words", CHECK_WRITE, { { "steps>op=write>errno", NULL, "null" } } },
	{ "refused", CHECK_WRITE, { { "steps>op=write>errno", NULL, "null" } } },
	{ "words", CHECK_CALL, { { "steps>op=call>answer", " ok", " ENOMEM" } } },
	{ "refused", CHECK_READ, { { "steps>op=read>text", "104857600", "20971520" } } },
	{ "words", CHECK_WAIT, { { "steps>-1>how", NULL, "\"failed\"" } } },

	{ "memcg-v2", CHECK_MEMORY_BACK, { { "snapshots>label=end>meminfo>AnonPages", NULL, "90000" } } },
	{ "memcg-v2", CHECK_REMOVED, { { "end>left", "+", "\"/oomtests-1/box\"" } } },
	{ "memcg-v2", CHECK_SPLAT, { RECORD(4, "WARNING: CPU: 0 PID: 86 at mm/oom_kill.c:1 oom_kill_process") } },
};

/* What was recorded is what good kernels do. */
START_TEST(recordings_pass)
{
	size_t n;
	const char *const *names = recorded_names(&n);
	ck_assert_uint_ge(n, 1);
	for (size_t i = 0; i < n; i++) {
		struct recorded *r = recorded_load(names[i]);
		struct result *result = recorded_judge(r);
		ck_assert_msg(result->verdict == VERDICT_PASS, "%s: %s", names[i], result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/* Returns whether the change turned its check red; says so otherwise. */
static bool turns_red(const struct alteration *a)
{
	struct recorded *r = recorded_load(a->recorded);
	for (size_t i = 0; i < ARRAY_SIZE(a->change) && a->change[i].path; i++)
		recorded_change(r, &a->change[i]);
	struct result *result = recorded_judge(r);
	bool red = result_is_red(result, a->check) && result->verdict == VERDICT_FAIL;
	if (!red)
		fprintf(stderr, "%s, %s at %s: \"%s\" is not red: %s\n", a->recorded,
			a->change[0].to ? a->change[0].to : "removed", a->change[0].path, check_name(a->check),
			result_words(result));
	result_free(result);
	recorded_free(r);
	return red;
}

START_TEST(one_change_turns_its_check_red)
{
	size_t bad = 0;
	for (size_t i = 0; i < ARRAY_SIZE(alterations); i++)
		bad += !turns_red(&alterations[i]);
	ck_assert_msg(!bad, "%zu of %zu changes went unnoticed", bad, ARRAY_SIZE(alterations));
}
END_TEST

/* A check that no change is tried for may be unable to fail. */
START_TEST(every_check_is_tried)
{
	for (int id = CHECK_NONE + 1; id < CHECK_COUNT; id++) {
		bool tried = false;
		for (size_t i = 0; i < ARRAY_SIZE(alterations); i++)
			tried |= alterations[i].check == (enum check_id)id;
		ck_assert_msg(tried, "no change turns \"%s\" red", check_name((enum check_id)id));
	}
}
END_TEST

/* A check that no recording brings about is not tried in earnest. */
START_TEST(every_check_is_made)
{
	static bool made[CHECK_COUNT];
	size_t n;
	const char *const *names = recorded_names(&n);
	for (size_t i = 0; i < n; i++) {
		struct recorded *r = recorded_load(names[i]);
		struct result *result = recorded_judge(r);
		for (size_t k = 0; k < result->n_checks; k++)
			made[result->checks[k].id] = true;
		result_free(result);
		recorded_free(r);
	}
	for (int id = CHECK_NONE + 1; id < CHECK_COUNT; id++)
		if (id != CHECK_NO_PANIC)	/* made only when there is one */
			ck_assert_msg(made[id], "no recording makes the check \"%s\"", check_name((enum check_id)id));
	ck_assert(!made[CHECK_NONE]);
}
END_TEST

TESTS("judge", recordings_pass, one_change_turns_its_check_red, every_check_is_tried, every_check_is_made)
