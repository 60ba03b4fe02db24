/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks that the judge makes, by name: the one list. docs/checks.md has a row for each, and the unit tests an
 * altered observation for each that turns it red; a test holds the three together.
 *
 * A `*` in a name stands for what one check is about: a task, a cgroup, a file.
 */
#pragma once

#include <stddef.h>

#define JUDGE_CHECKS(X)                                                                       \
	/* how the machine ended (judge.c) */                                                 \
	X(PANIC, "panic")                                                                     \
	X(PANIC_REPORT, "report before the panic")                                            \
	X(NO_PANIC, "no panic")                                                               \
	/* who died (check_deaths.c, check_log.c) */                                          \
	X(VICTIMS, "victims")                                                                 \
	X(KILLED_ONCE, "nobody is killed twice")                                              \
	X(DIED_BY, "* died by")                                                               \
	X(NOBODY_ELSE, "nobody else ended")                                                   \
	X(SURVIVORS, "survivors answer")                                                      \
	X(GROW_END, "the growing task ends")                                                  \
	X(OUTSIDE, "nobody is killed after the last expectation")                             \
	/* the choice (check_choice.c) */                                                     \
	X(PREDICTED, "predicted victim")                                                      \
	X(RECOMPUTED, "victim recomputed from the kernel's own table")                        \
	X(NO_KILLABLE, "nobody could be killed")                                              \
	X(GROUP_ORDER, "members of the group die in the order of the scan")                   \
	X(GROUP, "log: group")                                                                \
	/* the report (check_reports.c) */                                                    \
	X(REPORTS, "OOM reports")                                                             \
	X(SUMMARY, "log: oom-kill line")                                                      \
	X(CONSTRAINT, "log: constraint")                                                      \
	X(SCOPE, "log: scope")                                                                \
	X(ASKED_BY, "log: asked by")                                                          \
	X(ASKED_PID, "log: asked by pid")                                                     \
	X(ASKED_ADJ, "log: oom_score_adj of who asked")                                       \
	X(ASKED_COMM, "log: who asked is one task")                                           \
	X(GFP, "log: gfp_mask")                                                               \
	X(ORDER, "log: order")                                                                \
	X(TRACE, "log: call trace")                                                           \
	X(MEMORY, "log: memory of")                                                           \
	X(OOM_MEMCG, "log: memcg at its limit")                                               \
	X(LIMIT, "log: limit in kB")                                                          \
	X(USAGE, "log: usage in kB")                                                          \
	X(FAILCNT, "log: failcnt")                                                            \
	X(SWAP_LIMIT, "log: swap limit in kB")                                                \
	X(SWAP_USAGE, "log: swap usage in kB")                                                \
	X(MEMSW_LIMIT, "log: memory+swap limit in kB")                                        \
	X(MEMSW_USAGE, "log: memory+swap usage in kB")                                        \
	X(MEMSW_FAILCNT, "log: memory+swap failcnt")                                          \
	X(KMEM_LIMIT, "log: kmem limit in kB")                                                \
	X(KMEM_FAILCNT, "log: kmem failcnt")                                                  \
	X(STATS_OF, "log: Memory cgroup stats for")                                           \
	X(STATS_ANON, "log: anon of the memcg in pages")                                      \
	X(STATS_SUM, "log: sum of the memcg's statistics in kB")                              \
	X(SLABS, "log: slabs")                                                                \
	X(NODES, "log: nodes")                                                                \
	X(PAGES_RAM, "log: pages RAM")                                                        \
	X(PAGES_RESERVED, "log: pages reserved")                                              \
	X(TOTAL_SWAP, "log: Total swap in kB")                                                \
	X(FREE, "log: free memory of node * in kB")                                           \
	X(FREE_LIST, "log: sum of the free list of * in kB")                                  \
	X(NODEMASK, "log: nodemask")                                                          \
	X(MEMS_ALLOWED, "log: mems_allowed")                                                  \
	X(CPUSET, "log: cpuset")                                                              \
	X(SELECTED, "log: task=")                                                             \
	X(SELECTED_PID, "log: pid of the selected")                                           \
	X(SELECTED_UID, "log: uid of the selected")                                           \
	X(TASK_MEMCG, "log: task_memcg")                                                      \
	X(PREFIX, "log: Killed line begins")                                                  \
	X(KILLED_PID, "log: pid of the Killed line of *")                                     \
	X(KILLED_COMM, "log: Killed process")                                                 \
	X(KILLED_UID, "log: UID of the victim")                                               \
	X(KILLED_ADJ, "log: oom_score_adj of the victim")                                     \
	X(TOTAL_VM, "log: total-vm of *")                                                     \
	X(ANON_RSS, "log: anon-rss of *")                                                     \
	X(FILE_RSS, "log: file-rss of *")                                                     \
	X(SHMEM_RSS, "log: shmem-rss of *")                                                   \
	X(PGTABLES, "log: pgtables of *")                                                     \
	X(AS_LISTED, "log: Killed line of * as in the table")                                 \
	X(LEVEL, "log: level of the Killed line")                                             \
	X(LINE_LEVEL, "log: level of *")                                                      \
	X(REAPED, "log: oom_reaper")                                                          \
	X(REAP_DELAY, "log: ms from the kill to the reaper")                                  \
	X(LOG_RECORD, "log: a record matches")                                                \
	X(LOG_NONE, "log: no record matches")                                                 \
	X(LEAKS, "log: faults that leaked")                                                   \
	/* the task table (check_table.c) */                                                  \
	X(TABLE, "log: task table")                                                           \
	X(TABLE_MISSING, "table: nobody of the OOM domain is missing")                        \
	X(TABLE_EXTRA, "table: nobody from outside the OOM domain")                           \
	X(TABLE_TWICE, "table: nobody is listed twice")                                       \
	X(TABLE_ORDER, "table: in the order of the scan")                                     \
	X(TABLE_COLUMNS, "table: its columns")                                                \
	X(ROW_PID, "table: pid of *")                                                         \
	X(ROW_NAME, "table: name")                                                            \
	X(ROW_UID, "table: uid of *")                                                         \
	X(ROW_ADJ, "table: oom_score_adj of *")                                               \
	X(ROW_TOTAL_VM, "table: total_vm of *")                                               \
	X(ROW_RSS, "table: rss of *")                                                         \
	X(ROW_ANON, "table: rss_anon of *")                                                   \
	X(ROW_FILE, "table: rss_file of *")                                                   \
	X(ROW_SHMEM, "table: rss_shmem of *")                                                 \
	X(ROW_SUM, "table: rss of * is the sum of its kinds")                                 \
	X(ROW_SWAP, "table: swapents of *")                                                   \
	X(ROW_PGTABLES, "table: pgtables_bytes of *")                                         \
	/* the counters (check_counters.c) */                                                 \
	X(VMSTAT_OOM_KILL, "vmstat oom_kill rises by")                                        \
	X(EVENTS_OOM_KILL, "memory.events oom_kill of * rises by")                            \
	X(EVENTS_OOM, "memory.events oom of * rises by")                                      \
	X(EVENTS_GROUP, "memory.events oom_group_kill of * rises by")                         \
	X(EVENTS_MAX, "memory.events max of * rises by")                                      \
	X(EVENTS_HIGH, "memory.events high of * rises by")                                    \
	X(EVENTS_LOW, "memory.events low of * rises by")                                      \
	X(LOCAL_OOM_KILL, "memory.events.local oom_kill of * rises by")                       \
	X(LOCAL_OOM, "memory.events.local oom of * rises by")                                 \
	X(LOCAL_GROUP, "memory.events.local oom_group_kill of * rises by")                    \
	X(LOCAL_MAX, "memory.events.local max of * rises by")                                 \
	X(LOCAL_HIGH, "memory.events.local high of * rises by")                               \
	X(LOCAL_LOW, "memory.events.local low of * rises by")                                 \
	X(V1_OOM_KILL, "memory.oom_control oom_kill of * rises by")                           \
	X(V1_FAILCNT, "memory.failcnt of * rises by")                                         \
	X(V1_FAILCNTS, "memory.failcnt and memory.memsw.failcnt of * rise by")                \
	X(EVENTS_SUM, "memory.events of * are its own and its children's")                    \
	X(SWAP_EVENTS_SUM, "memory.swap.events high of * rises by")                           \
	X(TOLD, "whoever watches * is told")                                                  \
	X(UNDER_OOM, "memory.oom_control under_oom of *")                                     \
	X(SLEEPER, "* waits at its limit")                                                    \
	X(HELD_BACK, "* is held back")                                                        \
	X(HIGH_SLEEP, "* is throttled")                                                       \
	X(WITHIN_LIMIT, "* stays within its limit")                                           \
	X(CLAIM, "stated: * rises by")                                                        \
	/* what the zones keep back (check_zones.c) */                                        \
	X(WATERMARKS, "watermarks of *")                                                      \
	X(LOWMEM_RESERVE, "lowmem_reserve of *")                                              \
	/* scores and grants (check_choice.c, check_commit.c) */                              \
	X(SCORE, "oom_score of *")                                                            \
	X(SCORE_BEFORE, "oom_score of * before")                                              \
	X(COMMIT, "pages of the largest mapping granted to *")                                \
	/* the steps (check_steps.c) */                                                       \
	X(WRITE, "write *")                                                                   \
	X(MOVE, "move *")                                                                     \
	X(RMDIR, "rmdir *")                                                                   \
	X(CALL, "call *")                                                                     \
	X(HOST, "the host does: *")                                                            \
	X(READ, "read *")                                                                     \
	X(OWED, "wait for *")                                                                 \
	X(WAIT, "* ends")                                                                     \
	/* afterwards (check_after.c) */                                                      \
	X(MEMORY_BACK, "memory came back: * in kB")                                           \
	X(SWAP_BACK, "swap came back, in kB")                                                 \
	X(REMOVED, "cgroups removed")                                                         \
	X(SPLAT, "no WARNING, BUG, lockup or hung task")                                      \
	X(UNWANTED, "log: failures that nobody wants to hear of")

#define CHECK_ENUM_(id, name) CHECK_##id,
enum check_id {
	CHECK_NONE,	/* of a result that was read from a file */
	JUDGE_CHECKS(CHECK_ENUM_)
	CHECK_COUNT
};
#undef CHECK_ENUM_

/* The name, its `*` included; "" for CHECK_NONE. */
const char *check_name(enum check_id id);
