// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A case that names a kernel bug: seen exactly as it says it is an xfail, the right behaviour passes, anything else
 * fails.
 */
#include <check.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/recorded.h"

/* The scene that was recorded as memcg-v2: "big" dies, "hog" goes on. */
#define SCENE                                                                   \
	"title: a case with a bug\n"                                            \
	"cgroup: v2\n"                                                          \
	"swap: disk\n"                                                          \
	"cgroups:\n"                                                            \
	"  - {name: box, limit: 80M, swap_limit: 16M}\n"                        \
	"tasks:\n"                                                              \
	"  - {name: outside, size: 72M}\n"                                      \
	"  - {name: big, cgroup: box, size: 64M}\n"                             \
	"  - {name: hog, cgroup: box, size: 1M, to: 48M}\n"                     \
	"trigger: hog\n"                                                        \
	"expect:\n"                                                             \
	"  - {victims: [big], constraint: memcg, memcg: box, end: filled}\n"    \
	"bug:\n"                                                                \
	"  commit: 0123456789ab\n"

/* On such kernels who asks dies. */
static const char wrong_victim[] = SCENE "  when: kernel >= 5.0\n"
					 "  expect: {victims: [hog], constraint: memcg, memcg: box, end: dead}\n";
/* The same on other kernels than the one that was recorded. */
static const char elsewhere[] = SCENE "  when: kernel >= 4.0 and not kernel >= 5.0\n"
				      "  expect: {victims: [hog], constraint: memcg, memcg: box, end: dead}\n";
/* On such kernels a kill counts twice. */
static const char wrong_count[] = SCENE "  when: kernel >= 5.0\n"
					"  expect: {victims: [big], constraint: memcg, memcg: box, end: filled,\n"
					"    counters: [{cgroup: box, field: oom_kill, rises: 2}, {field: oom_kill, rises: 2}]}\n";

/* hog is killed in place of big, and all that tells of it agrees. */
static const struct change hog_dies[] = {
	{ "kmsg>text~oom-kill:>text", "task=big,pid=#", "task=hog,pid=#+1" },
	{ "kmsg>text~[ #] # # # # # # # hog>text", "[ #] # # # # # #", "[ #] # # #=8256 #=4300 #=98304 #=3763" },
	{ "kmsg>text~Killed process>text", "# (big) total-vm:#kB, anon-rss:#kB, file-rss:#kB, shmem-rss:#kB, UID:# pgtables:#kB",
	  "#+1 (hog) total-vm:33024kB, anon-rss:17116kB, file-rss:4kB, shmem-rss:76kB, UID:0 pgtables:96kB" },
	{ "exits>name=big>t", NULL, "999999999999" },
	{ "exits>name=hog>by_agent", NULL, "false" },
	{ "snapshots>label=after-0>cgroups>name=box>files>memory.events", "oom #", "oom 1" },
	{ "snapshots>label=after-0>cgroups>name=box>files>memory.events.local", "oom #", "oom 1" },
	{ "snapshots>label=after-0>cgroups>name=>files>memory.events", "oom #", "oom 1" },
	{ "steps>op=await>how", NULL, "\"dead\"" },
	{ NULL, NULL, NULL },
};
static const struct change counted_twice[] = {
	{ "snapshots>label=after-0>vmstat>oom_kill", NULL, "2" },
	{ "snapshots>label=after-0>cgroups>name=box>files>memory.events", "oom_kill 1", "oom_kill 2" },
	{ "snapshots>label=after-0>cgroups>name=box>files>memory.events.local", "oom_kill 1", "oom_kill 2" },
	{ "snapshots>label=after-0>cgroups>name=>files>memory.events", "oom_kill 1", "oom_kill 2" },
	{ NULL, NULL, NULL },
};
static const struct change counted_thrice[] = {
	{ "snapshots>label=after-0>cgroups>name=box>files>memory.events", "oom_kill 1", "oom_kill 3" },
	{ NULL, NULL, NULL },
};
static const struct change nothing[] = { { NULL, NULL, NULL } };
static const struct change not_seen[] = { { "kmsg_lost", NULL, "true" }, { NULL, NULL, NULL } };

static void expect(const char *yaml, const struct change *c, enum verdict verdict)
{
	struct recorded *r = recorded_load_as("memcg-v2", yaml);
	for (; c->path; c++)
		recorded_change(r, c);
	struct result *result = recorded_judge(r);
	ck_assert_msg(result->verdict == verdict, "%s, not %s", verdict_name(verdict), result_words(result));
	if (verdict == VERDICT_XFAIL)
		ck_assert_msg(strstr(result->why, "0123456789ab") && strstr(result->why, "kernel >= 5.0"), "%s", result->why);
	result_free(result);
	recorded_free(r);
}

START_TEST(the_bug_is_an_xfail)
{
	expect(wrong_victim, hog_dies, VERDICT_XFAIL);
	expect(wrong_count, counted_twice, VERDICT_XFAIL);
}
END_TEST

START_TEST(the_right_thing_passes)
{
	expect(wrong_victim, nothing, VERDICT_PASS);
	expect(wrong_count, nothing, VERDICT_PASS);
}
END_TEST

START_TEST(anything_else_fails)
{
	expect(wrong_victim, counted_twice, VERDICT_FAIL);
	expect(wrong_count, hog_dies, VERDICT_FAIL);
	expect(wrong_count, counted_thrice, VERDICT_FAIL);
}
END_TEST

/* A kernel that the bug is not said of has the right expectation only. */
START_TEST(elsewhere_there_is_no_bug)
{
	expect(elsewhere, nothing, VERDICT_PASS);
	expect(elsewhere, hog_dies, VERDICT_FAIL);
}
END_TEST

START_TEST(not_seen_is_an_error)
{
	expect(wrong_victim, not_seen, VERDICT_ERROR);
}
END_TEST

TESTS("judge_bug", the_bug_is_an_xfail, the_right_thing_passes, anything_else_fails, elsewhere_there_is_no_bug,
      not_seen_is_an_error)
