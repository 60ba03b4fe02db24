// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scenarios of the OOM killer's semantics that are pure arithmetic or pure log, and where each is tested:
 *
 *   oom_score at rest, at every adj                      model_badness: oom_score_file, points_of_a_score
 *   root's 3 %                                           model_badness: root_bonus; model_select: root_twin
 *   page tables, swap, hugetlb, no PSS                   model_select: what_counts
 *   a thread carries the row, the leader the choice      here: leader_and_worker
 *   vfork children, sharers of an mm                     model_select: never_chosen; model_kill: shared_mm; model_proc:
 *                                                        copied
 *   writing oom_score_adj and oom_adj                    model_proc: floor_of_adj, oom_adj
 *   oom_score seen from another cpuset                   model_numa: score_from_another_cpuset
 *   precision of RSS                                     model_badness: precision
 *   ties: in a memcg, across cgroups, after a move       model_select: tie_in_a_memcg, tie_across_cgroups,
 *                                                        tie_after_moving_back
 *   all points negative: three victims by era            model_select: all_negative
 *   adj in limits of 3 M, 5 M, 40 M; swap in totals      model_select: adj_in_small_memcgs, memcg_totalpages
 *   adj 1000 of a tiny process                           here: tiny_with_1000
 *   swapoff and KSM; victims in flight                   model_select: origin, victim_in_flight
 *   counters of memory.events, local, v1; group kills    model_kill: counters, counters_of_a_sibling, counters_of_v1,
 * group charges that fail, sleep, are forced; O_NONBLOCK     model_kill: charges_that_do_not_ask allocating task,
 * panic_on_oom, nobody to kill        model_kill: allocating_task, panic_on_oom, nobody_to_kill child sacrifice, PID
 * namespaces                      model_kill: child_sacrifice, who_is_no_sacrifice, pid_namespace overcommit
 * model_proc: strict, commit_limit, heuristic constraints, policies, eligible nodes                model_numa:
 * constraints, cpuset, memory_policy the rate limit; no table                             explain_recorded: storm,
 * no-table; klog_damage: suppressed_and_groups names that lie; wide pids, negative adj              klog_damage:
 * killed_formats; here: wide_columns
 */
#include <check.h>
#include <jansson.h>

#include "base/util.h"
#include "explain/explain.h"
#include "klog/stream.h"
#include "tests/harness.h"
#include "tests/scene.h"

/* Whatever 90 % of the limit the hog has: base + 1000 * unit of the tiny one is more. */
START_TEST(tiny_with_1000)
{
	static const char *const releases[] = { "4.4.0", "5.0.0", "5.6.0", "6.12.0", "7.2.0" };
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		for (int memcg = 0; memcg < 2; memcg++) {
			struct stage s;
			stage_init(&s, releases[i]);
			int in = memcg ? stage_memcg(&s, -1, (uint64_t)M(40)) : OUTSIDE;
			s.oom.memcg = in;
			stage_task(&s, "hog", memcg ? M(36) : M(460), 0, in);
			int tiny = stage_task(&s, "tiny", 100, 1000, in);
			ck_assert_str_eq(stage_victim(&s), "tiny");
			s.tasks[tiny].adj = 0;
			ck_assert_str_eq(stage_victim(&s), "hog");
			stage_end(&s);
		}
}
END_TEST

static json_t *explain_text(const char *text)
{
	char *json = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&json, &len);
	struct explainer x = { .out = f, .json = true, .file = "x", .earlier.usec = OOM_UNKNOWN };
	struct klog *k = klog_new(explain_report, &x);
	struct stream *s = stream_new(k);
	stream_feed(s, text, strlen(text));
	stream_end(s);
	stream_free(s);
	klog_free(k);
	fclose(f);
	json_t *o = json_loads(json, 0, NULL);
	ck_assert_msg(o != NULL, "not one report: %s", json);
	free(json);
	return o;
}

#define HEAD                                                                                            \
	"worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"             \
	"CPU: 1 PID: 1234568 Comm: worker Not tainted 6.1.0-18-amd64 #1\n"                              \
	"memory: usage 40960kB, limit 40960kB, failcnt 35\nswap: usage 0kB, limit 0kB, failcnt 0\n"     \
	"Tasks state (memory values in pages):\n"                                                       \
	"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"

/* The first thread has ended: the row and the Killed line are those of a thread with the mm, the choice is the process.
 */
START_TEST(leader_and_worker)
{
	json_t *o = explain_text(
		HEAD "[     90]     0    89    10500    10224   122880        0             0 worker\n"
		     "[     91]     0    91      280       96    40960        0             0 other\n"
		     "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		     "oom_memcg=/a,task_memcg=/a,task=leader,pid=89,uid=0\n"
		     "Memory cgroup out of memory: Killed process 90 (worker) total-vm:42000kB, "
		     "anon-rss:40896kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:120kB oom_score_adj:0\n");
	ck_assert(json_is_true(json_object_get(o, "agrees")));
	ck_assert(json_is_true(json_object_get(o, "complete")));
	json_decref(o);
}
END_TEST

/* Numbers wider than their columns push the row to the right; it is read by its blanks. */
START_TEST(wide_columns)
{
	json_t *o =
		explain_text(HEAD "[4194303] 4294967294 4194303 1234567890    10224   122880 12345678         -1000 a\n"
				  "[1234568] 100000 1234568    10500    10224   122880        0          -999 worker\n"
				  "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
				  "oom_memcg=/a,task_memcg=/a,task=worker,pid=1234568,uid=100000\n"
				  "Memory cgroup out of memory: Killed process 1234568 (worker) total-vm:42000kB, "
				  "anon-rss:40896kB, file-rss:0kB, shmem-rss:0kB, UID:100000 pgtables:120kB "
				  "oom_score_adj:-999\n");
	ck_assert(json_is_true(json_object_get(o, "agrees")));
	const json_t *row = json_array_get(json_object_get(o, "tasks"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "uid")), 4294967294);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "total_vm")), 1234567890);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "oom_score_adj")), -1000);
	json_decref(o);
}
END_TEST

TESTS("scenarios", tiny_with_1000, leader_and_worker, wide_columns)
