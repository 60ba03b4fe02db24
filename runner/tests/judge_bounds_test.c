// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An agent, or a log, that says what no machine has: each judgement still ends with a verdict in words. Found by fuzzing;
 * with SANITIZE=1 a sum that overflows ends the test.
 */
#include <check.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/recorded.h"

static const struct {
	const char *recorded;
	struct change change;
} table[] = {
	/* a candidate without a name */
	{ "bind", { "snapshots>label=before-0>tasks>name=hog", NULL, "{\"pid\":101,\"mm\":true,\"anon_kb\":90000}" } },
	{ "bind", { "snapshots>label=before-0>tasks", "+", "\"R\"" } },
	{ "bind", { "snapshots>label=before-0>tasks>name=hog>file_kb", NULL, "9223372036854775807" } },
	{ "bind", { "snapshots>label=before-0>tasks>name=hog>anon_kb", NULL, "-9223372036854775808" } },
	/* a usage without its limit, in the report */
	{ "memcg-v2", { "kmsg>text~memory: usage>text", "usage #kB, limit #kB, failcnt #", "usage #kB" } },
	{ "memcg-v1", { "kmsg>text~memory: usage>text", "usage #kB, limit #kB, failcnt #", "usage #kB" } },
	/* a limit without its usage, beside a statistic of kernel memory */
	{ "words", { "kmsg>text~memory: usage>text", "usage #kB", "usage #?B" } },
	{ "memcg-v2", { "hello>cpus", NULL, "9223372036854775807" } },
	{ "memcg-v2", { "hello>page_size", NULL, "9223372036854775807" } },
	/* kB to bytes, beside a row of the table */
	{ "memcg-v2", { "snapshots>label=before-0>tasks>name=big>pte_kb", NULL, "9223372036854775807" } },
	/* sizes below 0, beside a task with an oom_score_adj */
	{ "allocating", { "snapshots>label=before-0>meminfo>MemTotal", NULL, "-9223372036854775808" } },
	{ "allocating", { "snapshots>label=before-0>meminfo>SwapTotal", NULL, "-99999999999" } },
	{ "headless", { "snapshots>label=before-0>meminfo>SwapTotal", NULL, "-99999999999" } },
	/* a line of the reaper that has no time */
	{ "hit", { "kmsg>text~oom_reaper: reaped>t", NULL, "\"?\"" } },
	/* an oom_score_adj beyond any, times the machine's memory */
	{ "memcg-v2", { "snapshots>label=before-0>tasks>name=big>adj", NULL, "-536871912" } },
	{ "global", { "snapshots>label=before-0>tasks>name=big>adj", NULL, "9223372036854775807" } },
	{ "blocked", { "snapshots>label=after-0>vmstat>oom_kill", NULL, "-9223372036854775808" } },
};

START_TEST(beyond_any_machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct recorded *r = recorded_load(table[i].recorded);
		recorded_change(r, &table[i].change);
		struct result *result = recorded_judge(r);
		ck_assert_msg(result->verdict == VERDICT_PASS || result->why || result_failed_checks(result),
			      "%s, %s: no word", table[i].recorded, table[i].change.path);
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

TESTS("judge-bounds", beyond_any_machine)
