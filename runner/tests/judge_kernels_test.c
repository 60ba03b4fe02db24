// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What correct kernels of other versions and machines say is no failure; what differs from it by more is one, as ever. Each row is
 * a recorded observation with the words of such a kernel in it; only the check that is about them is looked at.
 */
#include <check.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/recorded.h"

#define LOG(from, to) { "kmsg>text~" from ">text", from, to }
#define RELEASE(release) { "hello>release", NULL, "\"" release "\"" }
#define PAGES(bytes) { "hello>page_size", NULL, #bytes }
#define MACHINE(name) { "hello>machine", NULL, "\"" name "\"" }
#define FILE_IS(label, file, value) { "snapshots>label=" label ">cgroups>name=box>files>" file, NULL, "\"" value "\"" }
#define NOT_COUNTED                                                                                                  \
	FILE_IS("before-0", "memory.failcnt", "0"), FILE_IS("after-0", "memory.failcnt", "0"),                      \
	FILE_IS("before-0", "memory.memsw.failcnt", "0"), FILE_IS("after-0", "memory.memsw.failcnt", "0")
#define HIGH_UID { "snapshots>label=before-0>tasks>name=big>uid", NULL, "4294967294" }
#define FOR_KERNEL LOG("gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO)", "gfp_mask=0xcc0(GFP_KERNEL)")
#define MUCH_CMA(to) LOG("DMA32 free:#kB", to), { "kmsg>text~DMA32 free:>text", " free_cma:#kB", " free_cma:60000kB" }
#define HIGH_ZONE { "snapshots>label=before-0>zones>zone=DMA32>zone", NULL, "\"HighMem\"" }

static const struct {
	const char *recorded;
	enum check_id check;
	bool red;
	struct change change[8];
} table[] = {
	/* __GFP_SKIP_KASAN_POISON, and what an arm64 with tags in hardware has */
	{ "global", CHECK_GFP, false, { RELEASE("5.15.158-2-pve"), LOG("gfp_mask=0x140dca(", "gfp_mask=0x1140dca(") } },
	{ "global", CHECK_GFP, false, { LOG("gfp_mask=0x140dca(", "gfp_mask=0x6140dca(") } },
	{ "global", CHECK_GFP, false, { LOG("gfp_mask=0x140dca(", "gfp_mask=0x2140dca(") } },
	{ "global", CHECK_GFP, true, { LOG("gfp_mask=0x140dca(", "gfp_mask=0x9140dca(") } },
	{ "memcg-v2", CHECK_GFP, true, { LOG("gfp_mask=0xcc0(", "gfp_mask=0x1000cc0(") } },
	/* no limit, in pages of 64 KiB and 16 KiB, and of 4 KiB where long has 32 bits */
	{ "memcg-v1", CHECK_KMEM_LIMIT, false, { PAGES(65536), LOG("kmem: usage #kB, limit #kB", "kmem: usage #kB, limit 9007199254740928kB") } },
	{ "memcg-v1", CHECK_KMEM_LIMIT, false, { PAGES(16384), LOG("kmem: usage #kB, limit #kB", "kmem: usage #kB, limit 9007199254740976kB") } },
	{ "memcg-v1", CHECK_KMEM_LIMIT, true, { PAGES(65536), LOG("kmem: usage #kB, limit #kB", "kmem: usage #kB, limit 9007199254740988kB") } },
	{ "memcg-v1", CHECK_KMEM_LIMIT, false, { MACHINE("armv7l"), LOG("kmem: usage #kB, limit #kB", "kmem: usage #kB, limit 8589934588kB") } },
	{ "memcg-v1", CHECK_KMEM_LIMIT, true, { LOG("kmem: usage #kB, limit #kB", "kmem: usage #kB, limit 8589934588kB") } },
	{ "memcg-v1", CHECK_KMEM_FAILCNT, true,
	  { PAGES(65536), LOG("kmem: usage #kB, limit #kB, failcnt #", "kmem: usage #kB, limit 9007199254740928kB, failcnt #=1") } },
	{ "memcg-v1", CHECK_MEMSW_LIMIT, false,
	  { PAGES(65536), FILE_IS("before-0", "memory.memsw.limit_in_bytes", "9223372036854710272"),
	    FILE_IS("after-0", "memory.memsw.limit_in_bytes", "9223372036854710272"),
	    LOG("memory+swap: usage #kB, limit #kB", "memory+swap: usage #kB, limit 9007199254740928kB") } },
	{ "memcg-v2", CHECK_SWAP_LIMIT, false,
	  { MACHINE("i686"), FILE_IS("before-0", "memory.swap.max", "max"), FILE_IS("after-0", "memory.swap.max", "max"),
	    LOG("swap: usage #kB, limit #kB", "swap: usage #kB, limit 8589934588kB") } },
	/* up to 5.8 Committed_AS lacks what the CPU holds back: less than a batch of 200 pages */
	{ "commit", CHECK_COMMIT, false, { RELEASE("5.8.18"), { "steps>op=call>answer", "called mmapmax #", "called mmapmax #+199" } } },
	{ "commit", CHECK_COMMIT, false, { RELEASE("5.8.18"), { "steps>op=call>answer", "called mmapmax #", "called mmapmax #-199" } } },
	{ "commit", CHECK_COMMIT, true, { RELEASE("5.8.18"), { "steps>op=call>answer", "called mmapmax #", "called mmapmax #+201" } } },
	{ "commit", CHECK_COMMIT, true, { RELEASE("5.9.16"), { "steps>op=call>answer", "called mmapmax #", "called mmapmax #+1" } } },
	/* the traces of other machines */
	{ "memcg-v2", CHECK_TRACE, false, { MACHINE("armv7l"), LOG("Call Trace:", "Backtrace: ") } },
	{ "memcg-v2", CHECK_TRACE, false,
	  { MACHINE("armv7l"), LOG("Call Trace:", "[<8010ff30>] (unwind_backtrace) from [<8010c174>] (show_stack+0x20/0x24)") } },
	{ "memcg-v2", CHECK_TRACE, false, { MACHINE("armv7l"), LOG("Call Trace:", " unwind_backtrace from show_stack+0x10/0x14") } },
	{ "memcg-v2", CHECK_TRACE, true, { LOG("Call Trace:", " unwind_backtrace from show_stack+0x10/0x14") } },
	{ "memcg-v2", CHECK_TRACE, false, { MACHINE("parisc"), LOG("Call Trace:", "Backtrace:") } },
	/* a uid that is no int */
	{ "memcg-v2", CHECK_ROW_UID, false, { HIGH_UID, { "kmsg>text~[ #] # # # # # # # big>text", "[ #] #", "[ #] #=-2" } } },
	{ "memcg-v2", CHECK_ROW_UID, true, { HIGH_UID, { "kmsg>text~[ #] # # # # # # # big>text", "[ #] #", "[ #] #=-3" } } },
	{ "memcg-v2", CHECK_SELECTED_UID, false, { HIGH_UID, LOG("pid=#,uid=0", "pid=#,uid=-2") } },
	{ "memcg-v2", CHECK_KILLED_UID, false, { HIGH_UID, LOG("UID:0", "UID:4294967294") } },
	/* much is free, and no use to kernel memory: CMA's pages, and high memory */
	{ "global", CHECK_FREE, false, { FOR_KERNEL, MUCH_CMA("DMA32 free:#+60000kB") } },
	{ "global", CHECK_FREE, true, { MUCH_CMA("DMA32 free:#+60000kB") } },
	{ "global", CHECK_FREE, true, { FOR_KERNEL, MUCH_CMA("DMA32 free:#+120000kB") } },
	{ "global", CHECK_FREE, false, { FOR_KERNEL, HIGH_ZONE, LOG("DMA32 free:#kB", "HighMem free:#+60000kB") } },
	{ "global", CHECK_FREE, true, { HIGH_ZONE, LOG("DMA32 free:#kB", "HighMem free:#+60000kB") } },
	/* nothing is counted: by a kernel that may have lost the counter, and by one that has it */
	{ "memcg-v1", CHECK_V1_FAILCNTS, false, { RELEASE("6.15.3"), NOT_COUNTED } },
	{ "memcg-v1", CHECK_V1_FAILCNTS, false, { RELEASE("7.2.5"), NOT_COUNTED } },
	{ "memcg-v1", CHECK_V1_FAILCNTS, false, { RELEASE("7.0.0-22-generic"), NOT_COUNTED } },
	{ "memcg-v1", CHECK_V1_FAILCNTS, true, { RELEASE("7.2.13"), NOT_COUNTED } },
	{ "memcg-v1", CHECK_V1_FAILCNTS, true, { RELEASE("7.3.4"), NOT_COUNTED } },
};

/* Says so where the check is not what it should be. */
static bool judged_rightly(size_t row)
{
	struct recorded *r = recorded_load(table[row].recorded);
	for (size_t k = 0; k < ARRAY_SIZE(table[row].change) && table[row].change[k].path; k++)
		recorded_change(r, &table[row].change[k]);
	struct result *result = recorded_judge(r);
	bool right = result_is_red(result, table[row].check) == table[row].red;
	if (!right)
		fprintf(stderr, "row %zu, %s, \"%s\": %s\n", row, table[row].recorded, check_name(table[row].check), result_words(result));
	result_free(result);
	recorded_free(r);
	return right;
}

/* Who shares the agent's memory has what the agent has by then. */
START_TEST(beside_init)
{
	static const char scene[] = "title: t\nmachine: {memory: 256M}\nneeds: [guest]\ntasks:\n  - {name: big, %s, adj: 1000}\n"
				    "  - {name: hog, size: 1M, to: 96M}\nsteps:\n  - start: [big, hog]\n  - grow: hog\n  - expect: {victims: [big]}\n";
	static const char *const kinds[] = { "size: 90M", "kind: init" };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		CLEANUP_FREE char *yaml = xasprintf(scene, kinds[i]);
		struct recorded *r = recorded_load_as("global", yaml);
		recorded_change(r, &(struct change){ "kmsg>text~[ #] # # # # # # # big>text", "[ #] # # # #", "[ #] # # # #+9" });
		recorded_change(r, &(struct change)LOG("anon-rss:#kB", "anon-rss:#+36kB"));
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, CHECK_ROW_RSS) == !i, "%s: %s", kinds[i], result_words(result));
		ck_assert_msg(result_is_red(result, CHECK_ANON_RSS) == !i, "%s: %s", kinds[i], result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/*
 * Who was killed in an earlier episode may be there still, reaped, and is no candidate, whatever its row says. Two kills of one episode
 * are made those of two, and the first victim stays.
 */
#define STAYS                                                                                                                       \
	{ "snapshots", "copy", "label=before-0" }, { "snapshots>-1>label", NULL, "\"before-1\"" }, { "snapshots>-1>kmsg_seq", NULL, "357" }, \
	{ "snapshots>-1>tasks>name=big>adj", NULL, "1000" }, { "snapshots", "copy", "label=after-0" },                                \
	{ "snapshots>-1>label", NULL, "\"after-1\"" }, { "snapshots>label=after-0>kmsg_seq", NULL, "357" },                           \
	{ "kmsg>24>text", "[ #] # # # # # # -1000 hog", "[ #-2] # #-2 # # # # 1000 big" }
#define NOBODY                                                                                                                      \
	{ "kmsg>26>text", NULL, "\"Out of memory and no killable processes...\"" }, { "kmsg>25", NULL, NULL },                          \
	{ "kmsg>23>text", "[ #] # # # # # # # second", "[ #] # # # # # # -1000 second" }
#define REBORN { "snapshots>label=before-1>tasks>name=big>start", NULL, "9999" }

START_TEST(victims_of_before)
{
	static const char yaml[] = "title: t\ncgroups: [{name: box, limit: 40M, swap_limit: 0}]\ntasks:\n"
				   "  - {name: big, cgroup: box, size: 16M}\n  - {name: second, cgroup: box, size: 8M}\n"
				   "  - {name: hog, cgroup: box, size: 1M, adj: -1000, to: 34M}\nsteps:\n  - fill: [big, second, hog]\n"
				   "  - grow: hog\n  - expect: {victims: [big], constraint: memcg, memcg: box}\n"
				   "  - grow: hog\n  - expect: {victims: [second], constraint: memcg, memcg: box}\n";
	static const struct {
		enum check_id check;
		bool red;
		struct change change[16];
	} seen[] = {
		{ CHECK_PREDICTED, false, { STAYS } },
		{ CHECK_PREDICTED, true, { STAYS, REBORN } },
		{ CHECK_RECOMPUTED, false, { STAYS } },
		{ CHECK_RECOMPUTED, true, { STAYS, REBORN } },
		{ CHECK_NO_KILLABLE, false, { STAYS, NOBODY } },
		{ CHECK_NO_KILLABLE, true, { STAYS, NOBODY, REBORN } },
		{ CHECK_SCORE_BEFORE, false, { STAYS } },
		/* it ends at last */
		{ CHECK_NOBODY_ELSE, false,
		  { STAYS, { "snapshots>label=before-0>t", NULL, "0" }, { "snapshots>label=after-0>t", NULL, "1" },
		    { "snapshots>label=before-1>t", NULL, "2" }, { "exits>name=big>t", NULL, "3" }, { "exits>name=second>t", NULL, "4" } } },
		{ CHECK_TABLE_MISSING, false,
		  { STAYS, { "kmsg>24>text", "[ #] # # # # # # 1000 big", "[ #+2] # #+2 # # # # -1000 hog" } } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		struct recorded *r = recorded_load_as("two-kills", yaml);
		for (size_t k = 0; k < ARRAY_SIZE(seen[i].change) && seen[i].change[k].path; k++)
			recorded_change(r, &seen[i].change[k]);
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, seen[i].check) == seen[i].red, "row %zu, \"%s\": %s", i, check_name(seen[i].check),
			      result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/*
 * Rules that nobody knows of a vendor's kernel: what only they are against is an error that names them; what no rule
 * allows is a failure as ever.
 */
START_TEST(rules_that_are_not_known)
{
	static const struct {
		const char *recorded, *release;
		enum verdict verdict;
		const char *named;
		struct change change;
	} seen[] = {
		{ "memcg-7", "6.4.0-150600.21-default", VERDICT_ERROR, "dying_hidden", { NULL, NULL, NULL } },
		{ "memcg-7", "6.4.0-150600.21-default", VERDICT_FAIL, NULL, LOG("gfp_mask=0x", "gfp_mask=0x9") },
		{ "memcg-7", "6.4.0", VERDICT_FAIL, NULL, { NULL, NULL, NULL } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		struct recorded *r = recorded_load(seen[i].recorded);
		CLEANUP_FREE char *release = xasprintf("\"%s\"", seen[i].release);
		recorded_change(r, &(struct change){ "hello>release", NULL, release });
		if (seen[i].change.path)
			recorded_change(r, &seen[i].change);
		struct result *result = recorded_judge(r);
		ck_assert_msg(result->verdict == seen[i].verdict, "row %zu: %s", i, result_words(result));
		ck_assert(!seen[i].named || (result->why && strstr(result->why, seen[i].named)));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

START_TEST(other_kernels)
{
	size_t bad = 0;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		bad += !judged_rightly(i);
	ck_assert_msg(!bad, "%zu of %zu rows are judged wrongly", bad, ARRAY_SIZE(table));
}
END_TEST

TESTS("judge-kernels", other_kernels, rules_that_are_not_known, beside_init, victims_of_before)
