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

/* Rows of the table: pid uid tgid total_vm rss pgtables swapents adj, since 6.8 with three kinds behind rss. */
#define ROW(name, to) { "kmsg>text~[ #] # # # # # # # " name ">text", "[ #] # # # # # # # " name, to " " name }
#define ROW7(name, to) \
	{ "kmsg>text~[ #] # # # # # # # # # # " name ">text", "[ #] # # # # # # # # # # " name, to " " name }
#define NO_ROW(name) { "kmsg>text~[ #] # # # # # # # " name, NULL, NULL }
#define KILLED(name, from, to) { "kmsg>text~Killed process # (" name ")>text", from, to }

static const struct alteration {
	const char *recorded;
	enum check_id check;
	struct change change[12];
} alterations[] = {
	{ "panic", CHECK_PANIC, { { "console", "system-wide", "compulsory" } } },
	{ "panic", CHECK_PANIC_REPORT, { { "console", "hog invoked oom-killer", "hog" } } },
	{ "memcg-v2", CHECK_NO_PANIC,
	  { { "fate", NULL, "\"panic\"" }, { "console", NULL, "\"[ 1.0] Kernel panic - not syncing: hm\\n\"" } } },

	{ "memcg-v2", CHECK_NO_PANIC,
	  { { "fate", NULL, "\"panic\"" },
	    { "console", NULL, "\"[ 1.0] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009\\n\"" } } },

	{ "memcg-v2", CHECK_VICTIMS, { LOG("Killed process # (big)", "Killed process #+1 (hog)") } },
	{ "memcg-v2", CHECK_VICTIMS, { { "kmsg>text~Killed process", NULL, NULL } } },
	{ "group", CHECK_VICTIMS, { { "kmsg>text~(two)", NULL, NULL } } },
	{ "memcg-v2", CHECK_VICTIMS,
	  { { "snapshots>label=after-0>kmsg_seq", NULL, "100000" },
	    { "kmsg", "copy", "text~Killed process" },
	    { "kmsg>-1>seq", NULL, "100000" },
	    { "kmsg>-1>text", "# (big)", "#+1 (hog)" } } },
	/* nobody is killed, though it is time to */
	{ "words", CHECK_VICTIMS, { { "kmsg>text~(idle)", NULL, NULL } } },
	{ "overkill", CHECK_VICTIMS, { { "kmsg>text~(offered)", NULL, NULL } } },
	{ "lower", CHECK_VICTIMS, { { "kmsg>text~invoked", NULL, NULL }, { "kmsg>text~oom-kill:", NULL, NULL },
				    { "kmsg>text~Killed process", NULL, NULL } } },
	{ "memcg-v2", CHECK_VICTIMS,
	  { { "kmsg>text~Killed process", NULL, NULL }, { "kmsg>text~invoked", NULL, NULL },
	    { "steps>op=await>timeout", NULL, "true" }, { "snapshots>label=after-0", NULL, NULL } } },
	{ "memcg-v1", CHECK_VICTIMS,
	  { { "kmsg>text~Killed process", NULL, NULL },
	    { "steps>op=await>timeout", NULL, "true" }, { "snapshots>label=after-0", NULL, NULL } } },
	{ "memcg-v2", CHECK_DIED_BY, { { "exits>name=big>signal", NULL, "11" } } },
	{ "memcg-v2", CHECK_DIED_BY, { { "exits>name=big>by_agent", NULL, "true" } } },
	{ "memcg-v2", CHECK_DIED_BY,
	  { { "exits>name=big>by_agent", NULL, "true" }, { "steps>op=settle>timeout", NULL, "true" },
	    { "snapshots>label=after-0", NULL, NULL } } },
	{ "memcg-v2", CHECK_DIED_BY, { { "exits>name=big>signal", NULL, "null" }, { "exits>name=big>code", NULL, "1" } } },
	{ "memcg-v2", CHECK_DIED_BY, { { "steps>op=settle>waiting", "+", "\"big\"" } } },
	{ "dumping", CHECK_DIED_BY, { { "exits>name=dumper>signal", NULL, "11" } } },
	{ "words", CHECK_DIED_BY, { { "steps>op=settle>waiting", "+", "\"pair\"" } } },
	/* the victims died, and who was to die with them did not, for as long as was waited */
	{ "words", CHECK_DIED_BY,
	  { { "exits>name=pair/1>by_agent", NULL, "true" }, { "steps>op=settle>timeout", NULL, "true" },
	    { "snapshots>label=after-0", NULL, NULL } } },
	{ "memcg-v2", CHECK_NOBODY_ELSE, { { "exits>name=outside>t", NULL, "1" }, { "snapshots>label=before-0>t", NULL, "0" } } },
	{ "blocked", CHECK_SURVIVORS, { { "steps>op=ping>silent", "+", "\"idle\"" } } },
	{ "memcg-v2", CHECK_SURVIVORS, { { "steps>op=ping>silent", "+", "\"outside\"" } } },
	{ "memcg-v2", CHECK_GROW_END, { { "steps>op=await>how", NULL, "\"dead\"" } } },
	{ "memcg-v2", CHECK_KILLED_ONCE,
	  { { "snapshots>label=after-0>kmsg_seq", NULL, "100000" },
	    { "kmsg", "copy", "text~Killed process" },
	    { "kmsg>-1>seq", NULL, "100000" } } },
	{ "memcg-v2", CHECK_OUTSIDE, { RECORD(3, "Out of memory: Killed process 84 (outside) total-vm:1kB, anon-rss:1kB") } },

	{ "memcg-v2", CHECK_PREDICTED, { LOG("Killed process # (big)", "Killed process #+1 (hog)") } },
	/* the first victim has its memory still, and the second is killed all the same */
	/* the first could not be reaped, and is waited for all the same */
	{ "two-kills", CHECK_VICTIMS,
	  { { "kmsg>text~(second) total-vm", NULL, NULL }, { "exits>name=second", NULL, NULL }, { "exits>name=big>t", NULL, "90000000" },
	    { "kmsg", "+", "{\"seq\":100000,\"t\":9000000,\"level\":6,\"text\":\"oom_reaper: unable to reap pid:84 (big)\"}" },
	    { "steps>op=await>timeout", NULL, "true" }, { "steps>op=await>how", NULL, NULL },
	    { "snapshots", "copy", "label=before-0" }, { "snapshots>-1>label", NULL, "\"late\"" }, { "snapshots>-1>t", NULL, "80000000" },
	    { "snapshots", "copy", "label=late" }, { "snapshots>-1>label", NULL, "\"later\"" },
	    { "snapshots>-1>cgroups>name=box>files>memory.events", "oom 0", "oom 300" } } },
	{ "two-kills", CHECK_RECOMPUTED, { { "kmsg>24>text", "[ #] # # # # # # -1000 hog", "[ #-2] # #-2 # # # # 0 big" } } },
	{ "memcg-v2", CHECK_RECOMPUTED, { ROW("big", "[ #] # # # #-16000 # # #") } },
	{ "memcg-7", CHECK_RECOMPUTED, { ROW7("big", "[ #] # # # #-16000 # # # # # #") } },
	{ "memcg-7", CHECK_NO_KILLABLE,
	  { { "kmsg>text~oom-kill:", NULL, NULL },
	    { "kmsg>text~Killed process>text", NULL, "\"Out of memory and no killable processes...\"" } } },
	{ "group", CHECK_GROUP_ORDER, { LOG("Killed process # (one)", "Killed process #+1 (one)") } },
	{ "group", CHECK_GROUP, { LOG("/box are going", "/bax are going") } },
	{ "memcg-v2", CHECK_GROUP,
	  { { "snapshots>label=after-0>kmsg_seq", NULL, "100000" },
	    { "kmsg", "copy", "text~Killed process" },
	    { "kmsg>-1>seq", NULL, "100000" },
	    { "kmsg>-1>text", NULL, "\"Tasks in /x are going to be killed due to memory.oom.group set\"" } } },

	{ "two-kills", CHECK_LEAKS,
	  { { "snapshots>label=after-0>kmsg_seq", NULL, "100000" },
	    { "kmsg", "+", "{\"seq\":100000,\"t\":9000000,\"level\":4,\"text\":\"Huh VM_FAULT_OOM leaked out to the #PF handler. Retrying PF\"}" } } },
	{ "memcg-v2", CHECK_REPORTS, { { "kmsg>text~invoked", NULL, NULL } } },
	/* one of the first ten; one when the five seconds are over; and an eleventh within them */
	{ "held-back", CHECK_REPORTS, { { "kmsg>text~invoked", NULL, NULL } } },
	{ "held-back", CHECK_REPORTS, { { "kmsg>text~(t1) total-vm>t", NULL, "14100000" } } },
	{ "held-back", CHECK_REPORTS,
	  { { "snapshots>label=after-11>kmsg_seq", NULL, "100000" }, { "kmsg", "copy", "text~invoked" }, { "kmsg>-1>seq", NULL, "99999" },
	    { "kmsg>-1>t", NULL, "10400000" } } },
	{ "memcg-v2", CHECK_SUMMARY, { { "kmsg>text~oom-kill:", NULL, NULL } } },
	{ "memcg-v2", CHECK_SUMMARY, { { "kmsg>text~invoked oom-killer", NULL, NULL } } },
	{ "memcg-v2", CHECK_CONSTRAINT, { LOG("CONSTRAINT_MEMCG", "CONSTRAINT_NONE") } },
	{ "cpuset", CHECK_CONSTRAINT, { LOG("CONSTRAINT_CPUSET", "CONSTRAINT_NONE") } },
	{ "global", CHECK_SCOPE, { LOG(",global_oom", ",oom_memcg=/x") } },
	{ "memcg-v2", CHECK_ASKED_BY, { LOG("hog invoked", "big invoked") } },
	{ "lower", CHECK_ASKED_BY, { LOG("oomagent invoked", "big invoked") } },
	{ "words", CHECK_ASKED_BY, { LOG("kworker/", "kwork/") } },
	{ "memcg-v2", CHECK_ASKED_PID, { LOG("PID: # Comm: hog", "PID: #-1 Comm: hog") } },
	{ "memcg-v2", CHECK_ASKED_ADJ, { LOG("order=0, oom_score_adj=0", "order=0, oom_score_adj=5") } },
	{ "global", CHECK_ASKED_ADJ, { LOG("order=0, oom_score_adj=0", "order=0, oom_score_adj=5") } },
	{ "lower", CHECK_ASKED_ADJ, { LOG("oom_score_adj=-1000", "oom_score_adj=0") } },
	{ "global", CHECK_ASKED_COMM, { LOG("hog invoked", "hug invoked"), LOG("Comm: hog", "Comm: hug") } },
	{ "memcg-v2", CHECK_ORDER, { LOG("order=0", "order=1") } },
	{ "global", CHECK_ORDER, { LOG("order=0", "order=-1") } },
	{ "words", CHECK_ORDER, { LOG("order=-1", "order=0") } },
	{ "memcg-v2", CHECK_GFP, { LOG("0xcc0(GFP_KERNEL)", "0xcc0(GFP_NOWAIT)") } },
	{ "memcg-v2", CHECK_GFP, { LOG("0xcc0(GFP_KERNEL)", "0x0()") } },
	{ "ancestor", CHECK_GFP, { LOG("0xcc0(GFP_KERNEL)", "0x100cca(GFP_HIGHUSER_MOVABLE)") } },
	{ "memcg-v2", CHECK_GFP, { LOG("0xcc0(GFP_KERNEL)", "0xcc0(GFP_KERNEL|__GFP_ZERO)") } },
	{ "global", CHECK_GFP, { LOG("gfp_mask=0x140dca(", "gfp_mask=0x140d4a(") } },
	{ "lower", CHECK_GFP, { LOG("0xcc0(GFP_KERNEL)", "0x400cc0(GFP_KERNEL_ACCOUNT)") } },
	{ "memcg-v2", CHECK_OOM_MEMCG, { LOG("/box,task_memcg", ",task_memcg") } },
	{ "ancestor", CHECK_OOM_MEMCG, { LOG("/top,task_memcg", "/top/pays,task_memcg") } },
	{ "memcg-v2", CHECK_NODEMASK, { LOG("nodemask=(null)", "nodemask=0") } },
	{ "bind", CHECK_NODEMASK, { LOG("nodemask=1", "nodemask=0-1") } },
	{ "words", CHECK_NODEMASK, { { "kmsg>text~global_oom>text", "nodemask=(null)", "nodemask=0" } } },
	{ "memcg-v2", CHECK_MEMS_ALLOWED, { LOG("mems_allowed=0", "mems_allowed=0-1") } },
	{ "cpuset", CHECK_MEMS_ALLOWED, { LOG("mems_allowed=1", "mems_allowed=0") } },
	{ "memcg-v2", CHECK_CPUSET, { LOG("cpuset=/,", "cpuset=box,") } },
	{ "cpuset", CHECK_CPUSET, { LOG("cpuset=far", "cpuset=/") } },
	{ "cpuset-v1", CHECK_CPUSET, { LOG("cpuset=far", "cpuset=near") } },
	{ "memcg-v2", CHECK_SELECTED, { LOG("task=big", "task=hog") } },
	{ "memcg-v2", CHECK_SELECTED_PID, { LOG("task=big,pid=#", "task=big,pid=#+1000") } },
	{ "memcg-v2", CHECK_SELECTED_UID, { LOG("pid=#,uid=0", "pid=#,uid=1") } },
	{ "memcg-v2", CHECK_TASK_MEMCG, { LOG("/box,task=", ",task=") } },
	{ "ancestor", CHECK_TASK_MEMCG, { LOG("/top/pays,task=", "/top,task=") } },

	{ "memcg-v2", CHECK_MEMORY, { { "kmsg>text~memory: usage", NULL, NULL } } },
	{ "global", CHECK_MEMORY, { { "kmsg>text~Mem-Info", NULL, "{\"seq\":1,\"t\":1,\"text\":\"memory: usage 1kB, limit 1kB, failcnt 1\"}" } } },
	{ "memcg-v2", CHECK_LIMIT, { LOG("memory: usage #kB, limit #kB", "memory: usage #kB, limit #-4kB") } },
	{ "lower", CHECK_LIMIT, { LOG("memory: usage #kB, limit #kB", "memory: usage #kB, limit #-4kB") } },
	{ "memcg-v2", CHECK_USAGE, { LOG("memory: usage #kB", "memory: usage #+4kB") } },
	{ "memcg-v2", CHECK_USAGE, { LOG("memory: usage #kB", "memory: usage #-1024kB") } },
	{ "memcg-v1", CHECK_USAGE, { LOG("memory: usage #kB", "memory: usage #-1024kB"), LOG("swap: usage #kB", "swap: usage #-1024kB") } },
	{ "hit", CHECK_FAILCNT, { LOG("memory: usage #kB, limit #kB, failcnt #", "memory: usage #kB, limit #kB, failcnt #=17") } },
	{ "memcg-v1", CHECK_FAILCNT, { LOG("memory: usage #kB, limit #kB, failcnt #", "memory: usage #kB, limit #kB, failcnt #+9999") } },
	{ "memcg-v2", CHECK_SWAP_LIMIT, { LOG("swap: usage #kB, limit #kB", "swap: usage #kB, limit #+4kB") } },
	{ "memcg-v2", CHECK_SWAP_USAGE, { LOG("swap: usage #kB", "swap: usage #+20000kB") } },
	{ "memcg-v1", CHECK_MEMSW_LIMIT, { LOG("swap: usage #kB, limit #kB", "swap: usage #kB, limit #+4kB") } },
	{ "memcg-v1", CHECK_MEMSW_USAGE, { LOG("swap: usage #kB", "swap: usage 4kB") } },
	{ "memcg-v1", CHECK_MEMSW_FAILCNT,
	  { LOG("memory+swap: usage #kB, limit #kB, failcnt #", "memory+swap: usage #kB, limit #kB, failcnt #+9999") } },
	{ "memcg-v1", CHECK_KMEM_FAILCNT, { LOG("kmem: usage #kB, limit #kB, failcnt #", "kmem: usage #kB, limit #kB, failcnt #=1") } },
	{ "memcg-v1", CHECK_KMEM_LIMIT, { LOG("kmem: usage #kB, limit #kB", "kmem: usage #kB, limit 4kB") } },
	{ "memcg-v2", CHECK_REAPED,
	  { { "steps>op=settle>timeout", NULL, "true" }, { "exits>name=big>t", NULL, "90000000" },
	    { "snapshots", "copy", "label=before-0" }, { "snapshots>-1>label", NULL, "\"late\"" }, { "snapshots>-1>t", NULL, "80000000" },
	    { "snapshots", "copy", "label=late" }, { "snapshots>-1>label", NULL, "\"later\"" } } },
	/* twenty seconds in which the agent had a turn every two and a half */
	{ "reaped", CHECK_REAP_DELAY,
	  { { "kmsg>text~oom_reaper>t", NULL, "228403762" },
	    { "timeline", "+", "{\"rows\":[[210903762],[213403762],[215903762],[218403762],[220903762],[223403762],[225903762]]}" } } },
	{ "reaped", CHECK_REAP_DELAY, { { "kmsg>text~oom_reaper>t", NULL, "208903762" } } },
	/* given up in less time than ten tries take */
	{ "reaped", CHECK_REAP_DELAY,
	  { { "kmsg>text~oom_reaper>t", NULL, "210903762" }, LOG("reaped process #", "unable to reap pid:#"),
	    { "timeline", "+", "{\"rows\":[[208003762],[208203762],[208403762],[208603762],[208803762]]}" } } },
	{ "memcg-v1", CHECK_MEMSW_USAGE,
	  { { "kmsg>text~swapcached>text", "swapcached #", "total_swap 16777216" }, LOG("swap: usage #kB", "swap: usage 81920kB") } },
	{ "memcg-v2", CHECK_TRACE, { { "kmsg>text~Call Trace", NULL, NULL } } },
	{ "memcg-v2", CHECK_STATS_ANON, { { "kmsg>text~anon ", NULL, NULL } } },
	{ "memcg-v2", CHECK_STATS_OF, { LOG("stats for /", "stats for /x") } },
	{ "ancestor", CHECK_STATS_OF, { LOG("/top:", "/top/pays:") } },
	{ "memcg-7", CHECK_STATS_OF, { { "kmsg>text~Memory cgroup stats", NULL, NULL } } },
	{ "memcg-v2", CHECK_STATS_ANON, { LOG("anon #", "anon #+4194304") } },
	{ "memcg-7", CHECK_STATS_ANON, { LOG("anon #", "anon 4096") } },
	{ "sums", CHECK_STATS_SUM, { LOG("kernel #", "kernel 4096"), LOG("anon #", "anon 4096") } },
	{ "global", CHECK_SLABS,
	  { { "kmsg>text~pages RAM>text", NULL, "\"Unreclaimable slab info:\"" },
	    { "kmsg>text~pages reserved>text", NULL, "\"kmalloc-8k          112KB        128KB\"" } } },
	{ "bind", CHECK_NODES, { { "kmsg>text~Node 1 >text", "Node 1 ", "Node 0 " } } },
	{ "global", CHECK_PAGES_RAM, { LOG("# pages RAM", "#+1 pages RAM") } },
	{ "global", CHECK_PAGES_RESERVED, { LOG("# pages reserved", "#+1 pages reserved") } },
	{ "global", CHECK_TOTAL_SWAP, { LOG("Total swap = 0kB", "Total swap = 4kB") } },
	{ "global", CHECK_FREE, { LOG("DMA32 free:#kB", "DMA32 free:#+60000kB") } },
	{ "global", CHECK_FREE_LIST, { { "kmsg>text~Node 0 DMA32: >text", " = #kB", " = #+4kB" } } },
	{ "bind", CHECK_FREE, { { "kmsg>text~Node 1 >text", " free:#kB", " free:#+60000kB" } } },

	{ "memcg-v2", CHECK_PREFIX, { LOG("Memory cgroup out of memory: K", "Out of memory: K") } },
	{ "allocating", CHECK_PREFIX, { LOG("Out of memory (oom_kill_allocating_task): K", "Out of memory: K") } },
	{ "memcg-v2", CHECK_KILLED_COMM, { LOG("Killed process # (big)", "Killed process # (hog)") } },
	{ "headless", CHECK_KILLED_COMM, { LOG("(headless/1)", "(headless)") } },
	{ "headless", CHECK_KILLED_PID, { LOG("Killed process # (headless/1)", "Killed process #-1 (headless/1)") } },
	{ "memcg-v2", CHECK_KILLED_UID, { LOG("UID:0", "UID:1") } },
	{ "memcg-v2", CHECK_KILLED_ADJ, { LOG("kB oom_score_adj:0", "kB oom_score_adj:1") } },
	{ "memcg-v2", CHECK_TOTAL_VM, { LOG("total-vm:#kB", "total-vm:#+4kB") } },
	{ "hit", CHECK_TOTAL_VM, { LOG("total-vm:#kB", "total-vm:1kB") } },
	{ "group", CHECK_ANON_RSS, { KILLED("one", "anon-rss:#kB", "anon-rss:#-4kB") } },
	{ "memcg-v2", CHECK_ANON_RSS, { LOG("anon-rss:#kB", "anon-rss:#+4000kB") } },
	{ "group", CHECK_FILE_RSS, { KILLED("one", "file-rss:#kB", "file-rss:#+4kB") } },
	{ "group", CHECK_SHMEM_RSS, { KILLED("one", "shmem-rss:#kB", "shmem-rss:#+4kB") } },
	{ "global-7", CHECK_SHMEM_RSS, { KILLED("big", "shmem-rss:#kB", "shmem-rss:#-4kB") } },
	{ "memcg-v2", CHECK_PGTABLES, { LOG("pgtables:#kB", "pgtables:#+4kB") } },
	{ "hit", CHECK_PGTABLES, { LOG("pgtables:#kB", "pgtables:4kB") } },
	{ "memcg-v2", CHECK_AS_LISTED, { LOG("pgtables:#kB", "pgtables:#+4kB") } },
	{ "hit", CHECK_AS_LISTED, { LOG("total-vm:#kB", "total-vm:#+4kB") } },
	{ "hit", CHECK_AS_LISTED, { LOG("anon-rss:#kB", "anon-rss:#+4kB") } },
	{ "memcg-v2", CHECK_LINE_LEVEL, { { "kmsg>text~invoked oom-killer>level", NULL, "6" } } },
	{ "memcg-v2", CHECK_LINE_LEVEL, { { "kmsg>text~oom-kill:>level", NULL, "4" } } },
	{ "memcg-v2", CHECK_LINE_LEVEL, { { "kmsg>text~memory: usage>level", NULL, "4" } } },
	{ "memcg-v2", CHECK_LINE_LEVEL, { { "kmsg>text~Tasks state>level", NULL, "4" } } },
	{ "group", CHECK_LINE_LEVEL, { { "kmsg>text~are going to be killed>level", NULL, "4" } } },
	{ "memcg-v2", CHECK_LEVEL, { { "kmsg>text~Killed process>level", NULL, "6" } } },
	{ "reaped", CHECK_REAPED, { LOG("reaped process # (hog)", "reaped process #+1 (hog)") } },
	{ "reaped", CHECK_REAPED, { LOG("reaped process # (hog)", "reaped process # (big)") } },
	{ "reaped", CHECK_REAPED, { LOG("now anon-rss:0kB", "now anon-rss:900000kB") } },
	{ "words", CHECK_LOG_RECORD, { LOG("(pair/1)", "(pair/2)") } },
	{ "words", CHECK_LOG_NONE, { LOG("(pair/1)", "(stranger)") } },

	{ "memcg-v2", CHECK_TABLE, { { "kmsg>text~pgtables_bytes", NULL, NULL }, NO_ROW("big"), NO_ROW("hog") } },
	{ "memcg-v2", CHECK_TABLE_MISSING, { NO_ROW("hog") } },
	{ "cpuset", CHECK_TABLE_MISSING, { NO_ROW("small") } },
	{ "memcg-v2", CHECK_TABLE_EXTRA, { ROW("hog", "[ #-2] # #-2 # # # # #") } },
	{ "cpuset", CHECK_TABLE_EXTRA, { ROW("small", "[ #-2] # #-2 # # # # #") } },
	{ "memcg-v2", CHECK_TABLE_EXTRA, { ROW("hog", "[ #+900] # #+900 # # # # #") } },
	{ "memcg-v2", CHECK_TABLE_TWICE, { ROW("hog", "[ #-1] # #-1 # # # # #") } },
	{ "global", CHECK_TABLE_ORDER, { ROW("small", "[ #+1] # #+1 # # # # #"), ROW("big", "[ #-1] # #-1 # # # # #") } },
	{ "memcg-7", CHECK_TABLE_ORDER,
	  { ROW7("big", "[ #+1] # #+1 # # # # # # # #"), ROW7("hog", "[ #-1] # #-1 # # # # # # # #") } },
	{ "memcg-7", CHECK_TABLE_COLUMNS, { LOG(" rss_anon rss_file rss_shmem", "") } },
	{ "memcg-v2", CHECK_TABLE_COLUMNS, { LOG(" pgtables_bytes", "") } },
	{ "memcg-v2", CHECK_ROW_PID, { ROW("big", "[ #+1000] # # # # # # #") } },
	{ "memcg-v2", CHECK_ROW_NAME, { LOG("0 big", "0 bug") } },
	{ "headless", CHECK_ROW_PID, { ROW("headless/1", "[ #-1] # # # # # # #") } },
	{ "headless", CHECK_ROW_NAME, { LOG("7 headless/1", "7 headless") } },
	{ "memcg-v2", CHECK_ROW_UID, { ROW("big", "[ #] #=1 # # # # # #") } },
	{ "memcg-v2", CHECK_ROW_ADJ, { ROW("big", "[ #] # # # # # # #+1") } },
	{ "memcg-v2", CHECK_ROW_TOTAL_VM, { ROW("big", "[ #] # # #+1 # # # #") } },
	{ "memcg-v2", CHECK_ROW_TOTAL_VM, { ROW("hog", "[ #] # # #=9 # # # #") } },
	{ "group", CHECK_ROW_RSS, { ROW("one", "[ #] # # # #+1 # # #") } },
	{ "group", CHECK_ROW_RSS, { ROW("one", "[ #] # # # #-9 # # #") } },
	{ "hit", CHECK_ROW_RSS, { ROW("hog", "[ #] # # # #=9 # # #") } },
	{ "memcg-7", CHECK_ROW_ANON, { ROW7("big", "[ #] # # # # #+1 # # # # #") } },
	{ "memcg-7", CHECK_ROW_FILE, { ROW7("big", "[ #] # # # # # #+1 # # # #") } },
	{ "memcg-7", CHECK_ROW_SHMEM, { ROW7("big", "[ #] # # # # # # #+1 # # #") } },
	{ "memcg-7", CHECK_ROW_SUM, { ROW7("big", "[ #] # # # # #-1 # # # # #") } },
	{ "global-6.12", CHECK_ROW_SUM, { ROW7("big", "[ #] # # # # #-1 # # # # #") } },
	{ "memcg-v2", CHECK_ROW_SWAP, { ROW("big", "[ #] # # # # # #+99999 #") } },
	{ "global", CHECK_ROW_SWAP, { ROW("big", "[ #] # # # # # #+1 #") } },
	{ "memcg-v2", CHECK_ROW_PGTABLES, { ROW("big", "[ #] # # # # #-4096 # #") } },
	{ "memcg-v2", CHECK_ROW_PGTABLES, { ROW("hog", "[ #] # # # # #=4096 # #") } },

	{ "memcg-v2", CHECK_VMSTAT_OOM_KILL, { { "snapshots>label=after-0>vmstat>oom_kill", NULL, "2" } } },
	{ "memcg-v2", CHECK_VMSTAT_OOM_KILL,
	  { { "snapshots>label=before-0>vmstat>oom_kill", NULL, NULL }, { "snapshots>label=after-0>vmstat>oom_kill", NULL, NULL } } },
	{ "memcg-v2", CHECK_EVENTS_OOM_KILL, { AFTER("box", "memory.events", "oom_kill 1", "oom_kill 2") } },
	{ "memcg-v2", CHECK_EVENTS_OOM_KILL, { AFTER("bystander", "memory.events", "oom_kill 0", "oom_kill 1") } },
	{ "memcg-v2", CHECK_EVENTS_OOM_KILL, { AFTER("box", "memory.events", "oom_kill 1", "") } },
	{ "cpuset", CHECK_EVENTS_OOM_KILL, { AFTER("far", "memory.events", "oom_kill 1", "oom_kill 0") } },
	{ "memcg-v2", CHECK_EVENTS_OOM, { AFTER("box", "memory.events", "oom #", "oom 0") } },
	{ "hit", CHECK_EVENTS_OOM, { AFTER("box", "memory.events", "oom 1", "oom 2") } },
	{ "cpuset", CHECK_EVENTS_OOM, { AFTER("far", "memory.events", "oom 0", "oom 1") } },
	{ "group", CHECK_EVENTS_GROUP, { AFTER("box", "memory.events", "oom_group_kill 1", "oom_group_kill 0") } },
	{ "group", CHECK_EVENTS_GROUP, { AFTER("box", "memory.events", "oom_group_kill 1", "") } },
	{ "memcg-v2", CHECK_EVENTS_MAX, { AFTER("box", "memory.events", "max #", "max 17") } },
	{ "cpuset", CHECK_EVENTS_MAX, { AFTER("far", "memory.events", "max 0", "max 1") } },
	{ "memcg-v2", CHECK_EVENTS_HIGH, { AFTER("box", "memory.events", "high 0", "high 1") } },
	{ "memcg-v2", CHECK_EVENTS_LOW, { AFTER("box", "memory.events", "low 0", "low 1") } },
	{ "memcg-v2", CHECK_LOCAL_OOM_KILL, { AFTER("box", "memory.events.local", "oom_kill 1", "oom_kill 0") } },
	{ "ancestor", CHECK_LOCAL_OOM_KILL, { AFTER("top", "memory.events.local", "oom_kill 0", "oom_kill 1") } },
	{ "ancestor", CHECK_LOCAL_OOM, { AFTER("top/pays", "memory.events.local", "oom 0", "oom 1") } },
	{ "ancestor", CHECK_LOCAL_OOM, { AFTER("top", "memory.events.local", "oom #", "oom 0") } },
	{ "group", CHECK_LOCAL_GROUP, { AFTER("box", "memory.events.local", "oom_group_kill 1", "oom_group_kill 0") } },
	{ "memcg-v2", CHECK_LOCAL_MAX, { AFTER("box", "memory.events.local", "max #", "max 17") } },
	{ "ancestor", CHECK_LOCAL_MAX, { AFTER("top/asks", "memory.events.local", "max 0", "max 1") } },
	{ "memcg-v2", CHECK_LOCAL_HIGH, { AFTER("box", "memory.events.local", "high 0", "high 1") } },
	{ "memcg-v2", CHECK_LOCAL_LOW, { AFTER("box", "memory.events.local", "low 0", "low 1") } },
	{ "memcg-v1", CHECK_V1_OOM_KILL, { AFTER("box", "memory.oom_control", "oom_kill 1", "oom_kill 0") } },
	{ "memcg-v1", CHECK_V1_OOM_KILL, { AFTER("box", "memory.oom_control", "oom_kill 1", "") } },
	{ "memcg-v1", CHECK_V1_FAILCNT, { AFTER("bystander", "memory.failcnt", "0", "1") } },
	{ "memcg-v1", CHECK_V1_FAILCNTS, { AFTER("box", "memory.failcnt", "#", "0"), AFTER("box", "memory.memsw.failcnt", "#", "17") } },
	{ "ancestor", CHECK_EVENTS_SUM, { AFTER("", "memory.events", "max #", "max #+1") } },
	{ "ancestor", CHECK_EVENTS_SUM, { AFTER("", "memory.events", "oom #", "oom #-1") } },
	{ "ancestor", CHECK_EVENTS_SUM, { AFTER("top/pays", "memory.events.local", "oom_kill 1", "oom_kill 0") } },
	{ "two-kills", CHECK_SWAP_EVENTS_SUM, { AFTER("", "memory.swap.events", "high 0", "high 1") } },
	{ "two-kills", CHECK_SWAP_EVENTS_SUM, { AFTER("box", "memory.swap.events", "high 0", "high 1") } },
	{ "memcg-v2", CHECK_TOLD, { { "events", NULL, "[]" } } },
	{ "blocked", CHECK_TOLD, { { "events", NULL, "[]" } } },
	{ "memcg-v1", CHECK_TOLD, { { "events", NULL, "[]" } } },
	/* nobody woke it though there is room; and it waits, which is denied */
	{ "blocked", CHECK_SLEEPER,
	  { { "steps>i=13>timeout", NULL, "true" }, { "steps>i=13>how", NULL, NULL },
	    { "snapshots", "copy", "label=before-1" }, { "snapshots>-1>label", NULL, "\"late\"" },
	    { "snapshots>-1>tasks>name=hog>wchan", NULL, "\"mem_cgroup_oom_synchronize\"" },
	    { "snapshots>-1>cgroups>name=box>files>memory.limit_in_bytes", NULL, "\"83886080\\n\"" },
	    { "snapshots>-1>cgroups>name=box>files>memory.memsw.limit_in_bytes", NULL, "\"83886080\\n\"" },
	    { "snapshots", "copy", "label=late" }, { "snapshots>-1>label", NULL, "\"later\"" } } },
	/* its limit on memory and swap was raised, and it has not asked again */
	{ "blocked", CHECK_SLEEPER,
	  { { "steps>i=13>timeout", NULL, "true" }, { "steps>i=13>how", NULL, NULL },
	    { "snapshots>label=before-1>tasks>name=hog>wchan", NULL, "\"mem_cgroup_oom_synchronize\"" },
	    { "snapshots", "copy", "label=before-1" }, { "snapshots>-1>label", NULL, "\"late\"" },
	    { "snapshots>-1>cgroups>name=box>files>memory.memsw.limit_in_bytes", NULL, "\"83886080\\n\"" },
	    { "snapshots", "copy", "label=late" }, { "snapshots>-1>label", NULL, "\"later\"" } } },
	{ "blocked", CHECK_UNDER_OOM,
	  { { "steps>op=poll>timeout", NULL, "true" }, { "snapshots", "copy", "label=after-0" },
	    { "snapshots>-1>label", NULL, "\"late\"" }, { "snapshots>-1>tasks>name=hog>wchan", NULL, "\"mem_cgroup_oom_synchronize\"" },
	    { "snapshots>-1>cgroups>name=box>files>memory.oom_control", "under_oom 1", "under_oom 0" },
	    { "snapshots", "copy", "label=late" }, { "snapshots>-1>label", NULL, "\"later\"" } } },
	/* it has not woken for three seconds */
	{ "memcg-v2", CHECK_HIGH_SLEEP,
	  { { "steps>op=await>timeout", NULL, "true" }, { "steps>op=await>how", NULL, NULL },
	    { "snapshots", "copy", "label=before-0" }, { "snapshots>-1>label", NULL, "\"late\"" },
	    { "snapshots>-1>tasks>name=hog>wchan", NULL, "\"mem_cgroup_handle_over_high\"" },
	    { "snapshots>-1>tasks>name=hog>switches", NULL, "17" }, { "snapshots>-1>t", NULL, "80000000" },
	    { "snapshots", "copy", "label=late" }, { "snapshots>-1>label", NULL, "\"later\"" }, { "snapshots>-1>t", NULL, "83000000" } } },
	{ "global", CHECK_HELD_BACK,
	  { { "steps>op=await>timeout", NULL, "true" }, { "steps>op=await>how", NULL, NULL },
	    { "snapshots", "copy", "label=before-0" }, { "snapshots>-1>label", NULL, "\"late\"" },
	    { "snapshots>-1>tasks>name=hog>wchan", NULL, "\"throttle_direct_reclaim\"" },
	    { "snapshots", "copy", "label=late" }, { "snapshots>-1>label", NULL, "\"later\"" },
	    { "snapshots>-1>vmstat>pageoutrun", NULL, "1000000" } } },
	{ "memcg-v1", CHECK_UNDER_OOM, { AFTER("box", "memory.oom_control", "under_oom 0", "under_oom 1") } },
	{ "memcg-v2", CHECK_WITHIN_LIMIT, { AFTER("box", "memory.current", "#", "#+99999999") } },
	{ "memcg-v2", CHECK_WITHIN_LIMIT, { AFTER("box", "memory.peak", "#", "#+4096") } },
	{ "memcg-v2", CHECK_WITHIN_LIMIT, { AFTER("box", "memory.swap.current", "#", "#+99999999") } },
	{ "ancestor", CHECK_WITHIN_LIMIT, { AFTER("top/pays", "memory.current", "#", "#+99999999") } },
	{ "memcg-v1", CHECK_WITHIN_LIMIT, { AFTER("box", "memory.max_usage_in_bytes", "#", "#+4096") } },
	{ "words", CHECK_CLAIM, { AFTER("box", "memory.events", "oom_kill #", "oom_kill 0") } },
	{ "words", CHECK_CLAIM, { { "snapshots>label=after-0>vmstat>oom_kill", NULL, "0" } } },

	{ "zones", CHECK_WATERMARKS, { { "snapshots>label=before-0>zones>zone=DMA32>min", NULL, "1" } } },
	{ "zones", CHECK_WATERMARKS, { { "snapshots>label=before-0>zones>zone=DMA>high", NULL, "1" } } },
	{ "zones", CHECK_WATERMARKS, { { "snapshots>label=before-0>sysctl>vm.min_free_kbytes", NULL, "8196" } } },
	{ "zones", CHECK_LOWMEM_RESERVE, { { "snapshots>label=before-0>zones>zone=DMA>protection>2", NULL, "0" } } },
	{ "zones", CHECK_LOWMEM_RESERVE, { { "snapshots>label=before-0>zones>zone=DMA32>managed", NULL, "1000" } } },

	{ "score", CHECK_SCORE, { { "steps>op=score>scores>some>score", NULL, "1" } } },
	{ "score", CHECK_SCORE, { { "steps>op=score>scores>some", NULL, NULL } } },
	{ "memcg-v2", CHECK_SCORE_BEFORE, { { "snapshots>label=before-0>tasks>name=big>score", NULL, "728" } } },
	{ "group", CHECK_SCORE_BEFORE, { { "snapshots>label=before-0>tasks>name=guarded>score", NULL, "1" } } },
	{ "commit", CHECK_COMMIT, { { "steps>op=call>answer", "called mmapmax #", "called mmapmax #+1" } } },
	{ "words", CHECK_WRITE, { { "steps>op=write>errno", NULL, "null" } } },
	/* the killer is called for ever, and its reports have overrun the log */
	{ "lower", CHECK_WRITE,
	  { { "steps>op=write>timeout", NULL, "true" }, { "kmsg_lost", NULL, "true" }, { "snapshots", "copy", "label=before-0" },
	    { "snapshots>-1>label", NULL, "\"late\"" }, { "snapshots", "copy", "label=late" },
	    { "snapshots>-1>label", NULL, "\"later\"" },
	    { "snapshots>-1>cgroups>name=box>files>memory.events.local", "oom 0", "oom 9" } } },
	{ "refused", CHECK_WRITE, { { "steps>op=write>errno", NULL, "null" } } },
	{ "words", CHECK_HOST, { { "steps>op=host>errno", NULL, "\"EBUSY\"" } } },
	{ "directories", CHECK_MOVE, { { "steps>op=move>errno", NULL, "null" } } },
	{ "directories", CHECK_RMDIR, { { "steps>op=rmdir>errno", NULL, "null" } } },
	{ "words", CHECK_CALL, { { "steps>op=call>answer", " ok", " ENOMEM" } } },
	{ "refused", CHECK_READ, { { "steps>op=read>text", "#", "#+1" } } },
	{ "blocked", CHECK_OWED,
	  { { "steps>op=poll>timeout", NULL, "true" }, { "steps>op=poll>looks", NULL, "500" }, { "steps>op=poll>text", NULL, "\"0\"" } } },
	{ "words", CHECK_WAIT, { { "steps>-1>how", NULL, "\"failed\"" } } },

	{ "memcg-v2", CHECK_MEMORY_BACK, { { "snapshots>label=end>meminfo>AnonPages", NULL, "90000" } } },
	{ "memcg-v2", CHECK_SWAP_BACK, { { "snapshots>label=end>meminfo>SwapFree", NULL, "200000" } } },
	{ "memcg-v2", CHECK_REMOVED, { { "end>left", "+", "\"/oomtests-1/box\"" } } },
	{ "memcg-v2", CHECK_UNWANTED,
	  { RECORD(4, "hog: page allocation failure: order:9, mode:0x346cca(GFP_HIGHUSER_MOVABLE|__GFP_NOWARN), nodemask=0") } },
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

/*
 * What each CPU may hold back (lib/percpu_counter.c) is of whatever kind of memory there is: the score of a process of shared
 * memory, or of one that is swapped out, lags as one of anonymous memory does, by up to a batch of 32 pages for each of four
 * counters and not by more.
 */
START_TEST(scores_lag_for_all_kinds)
{
	static const char *const kinds[] = { "snapshots>label=before-0>tasks>name=hog>shmem_kb",
					     "snapshots>label=before-0>tasks>name=hog>swap_kb" };
	static const struct {
		const char *score;
		bool red;
	} seen[] = { { "669", false }, { "668", false }, { "667", true } };
	for (size_t i = 0; i < ARRAY_SIZE(seen) * ARRAY_SIZE(kinds); i++) {
		struct recorded *r = recorded_load("global-6.12");
		const char *score = seen[i / ARRAY_SIZE(kinds)].score, *kind = kinds[i % ARRAY_SIZE(kinds)];
		const struct change changes[] = {
			{ "snapshots>label=before-0>tasks>name=hog>anon_kb", NULL, "52" },
			{ kind, NULL, "1088" },
			{ "snapshots>label=before-0>tasks>name=hog>score", NULL, score },
		};
		for (size_t k = 0; k < ARRAY_SIZE(changes); k++)
			recorded_change(r, &changes[k]);
		struct result *result = recorded_judge(r);
		bool red = seen[i / ARRAY_SIZE(kinds)].red;
		ck_assert_msg(result_is_red(result, CHECK_SCORE_BEFORE) == red, "%s, %s: %s", kind, score, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/*
 * The table was recorded 29 pages short of /proc/PID/status. So it may be where that is not known to hold back what the table does; what the
 * agent found out counts for more than the version.
 */
START_TEST(status_may_be_exact)
{
	static const struct {
		const char *release, *found, *rss;
		bool red;
	} seen[] = {
		{ "\"6.6.9\"", "null", "#", false },	      { "\"6.14.0-37-generic\"", "null", "#", false },
		{ "\"6.14.8-2-pve\"", "null", "#", false },      { "\"6.11.0-29-generic\"", "null", "#", false },
		{ "\"6.15.9\"", "null", "#", false },	      { "\"6.15.9\"", "true", "#", false },
		{ "\"6.15.9\"", "true", "#-200", true },	      { "\"6.15.9\"", "false", "#", true },
		{ "\"6.10.14\"", "null", "#", true },	      { "\"6.10.14\"", "true", "#", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		struct recorded *r = recorded_load("global-6.12");
		const struct change row = ROW7("small", "");
		CLEANUP_FREE char *to = xasprintf("[ #] # # # %s %s # # # # # small", seen[i].rss, seen[i].rss);
		recorded_change(r, &(struct change){ row.path, row.from, to });
		recorded_change(r, &(struct change){ "hello>release", NULL, seen[i].release });
		recorded_change(r, &(struct change){ "hello>status_exact", NULL, seen[i].found });
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, CHECK_ROW_RSS) == seen[i].red, "%s, %s, %s: %s", seen[i].release, seen[i].found,
			      seen[i].rss, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/* What is wrong on one CPU may be what another CPU's flush left behind (era stats_late). */
START_TEST(statistics_may_be_late_on_several_cpus)
{
	static const char *const cpus[] = { "1", "2" };
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		struct recorded *r = recorded_load("memcg-7");
		const struct change changes[] = { LOG("anon #", "anon 4096"), { "hello>cpus", NULL, cpus[i] } };
		for (size_t k = 0; k < ARRAY_SIZE(changes); k++)
			recorded_change(r, &changes[k]);
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, CHECK_STATS_ANON) == (i == 0), "%s CPUs: %s", cpus[i], result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/* Who is held back for ever is news of a kernel that is not known for it. */
START_TEST(known_livelock_is_no_failure)
{
	static const struct change livelock[] = {
		{ "steps>op=await>timeout", NULL, "true" }, { "steps>op=await>how", NULL, NULL },
		{ "snapshots", "copy", "label=before-0" }, { "snapshots>-1>label", NULL, "\"late\"" },
		{ "snapshots>-1>tasks>name=hog>wchan", NULL, "\"throttle_direct_reclaim\"" },
		{ "snapshots", "copy", "label=late" }, { "snapshots>-1>label", NULL, "\"later\"" },
		{ "snapshots>-1>vmstat>pageoutrun", NULL, "1000000" },
	};
	static const struct { const char *release; bool red; } seen[] = { { "\"6.12.117\"", true }, { "\"7.2.13\"", false } };
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		const struct change release = { "hello>release", NULL, seen[i].release };
		struct recorded *r = recorded_load("memcg-7");
		recorded_change(r, &release);
		for (size_t k = 0; k < ARRAY_SIZE(livelock); k++)
			recorded_change(r, &livelock[k]);
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, CHECK_HELD_BACK) == seen[i].red, "%s: %s", seen[i].release, result_words(result));
		ck_assert_msg((result->verdict == VERDICT_XFAIL) == !seen[i].red, "%s: %s", seen[i].release, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

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
		if (id != CHECK_NO_PANIC && id != CHECK_SLEEPER && id != CHECK_HELD_BACK && id != CHECK_HIGH_SLEEP)	/* made only when there is one */
			ck_assert_msg(made[id], "no recording makes the check \"%s\"", check_name((enum check_id)id));
	ck_assert(!made[CHECK_NONE]);
}
END_TEST

/*
 * The last of twelve kills has no report. The kernel's five seconds are over between four and six after the first kill. On a machine
 * in use nobody knows what came before the log begins: nothing there tells whether a report is due.
 */
START_TEST(reports_are_held_back)
{
	static const struct {
		const char *target, *removed, *last;
		bool red;
	} table[] = {
		{ "vm", NULL, "11900000", false }, { "vm", NULL, "13900000", false }, { "vm", NULL, "14100000", true },
		{ "vm", "kmsg>text~invoked", "11900000", true }, { "host", NULL, "14100000", false }, { "host", NULL, "30000000", true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct recorded *r = recorded_load("held-back");
		struct test wide = *r->test;
		wide.machine_wide = true;	/* else what is asked of the whole machine is the host's, not the scene's */
		r->test = &wide;
		free(r->target);
		r->target = xstrdup(table[i].target);
		recorded_change(r, &(struct change){ "kmsg>text~(t1) total-vm>t", NULL, table[i].last });
		if (table[i].removed)
			recorded_change(r, &(struct change){ table[i].removed, NULL, NULL });
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, CHECK_REPORTS) == table[i].red, "%zu: %s", i, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/* A group kill may name one thread of a process whose leader has died of it already; a second one is too many. */
START_TEST(a_thread_is_named_once)
{
	static const struct change threads = { "snapshots>label=before-0>tasks>comm=two>threads", NULL, "8" },
		copy = { "kmsg", "copy", "text~(two) total-vm" }, first = { "kmsg>-1>text", "process # (two)", "process #+4 (two)" },
		second = { "kmsg>-1>text", "process # (two)", "process #+5 (two)" };
	for (int n = 0; n < 4; n++) {	/* of one thread; one named; two named */
		struct recorded *r = recorded_load("group");
		if (n)
			recorded_change(r, &threads);
		if (n != 1)
			recorded_change(r, &copy), recorded_change(r, &first);
		if (n == 3)
			recorded_change(r, &copy), recorded_change(r, &second);
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, CHECK_GROUP_ORDER) == (n == 0 || n == 3), "%d: %s", n, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/*
 * Who grows beside the one that asked may have had less when it was compared than when it was printed: not more than
 * its CPU's stock and what was not counted yet.
 */
START_TEST(a_rival_grows_on)
{
	static const char alone[] = "title: t\ncgroups: [{name: box, limit: 40M, swap_limit: 0}]\ntasks:\n"
				    "  - {name: big, cgroup: box, size: 16M}\n  - {name: second, cgroup: box, size: 8M}\n"
				    "  - {name: hog, cgroup: box, size: 1M, adj: -1000, to: 34M}\nsteps:\n  - fill: [big, second, hog]\n";
	static const char end[] = "  - grow: hog\n  - expect: {victims: [big, second], constraint: memcg, memcg: box, end: filled}\n";
	static const struct {
		const char *grows, *rss;
		bool red;
	} table[] = {
		{ "", "#=4150", true }, { "  - grow: second\n", "#=4150", false }, { "  - grow: second\n", "#=4350", true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_FREE char *yaml = xasprintf("%s%s%s", alone, table[i].grows, end), *to = xasprintf("[ #] # # # %s # # # second", table[i].rss);
		const struct change row = ROW("second", "[ #] # # # ");
		struct recorded *r = recorded_load_as("two-kills", yaml);
		recorded_change(r, &(struct change){ row.path, row.from, to });
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, CHECK_RECOMPUTED) == table[i].red, "%s of %s: %s", table[i].rss, yaml, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/* A page of a pool that can't be had is a SIGBUS, not a fault that comes again and again and says so each time. */
START_TEST(a_huge_fault_comes_again)
{
	static const char yaml[] = "title: t\ncgroups: [{name: box, limit: 100M, swap_limit: 0}]\ntasks:\n"
				   "  - {name: big, kind: hugetlb, cgroup: box, size: 2M, to: 48M}\ntrigger: big\n"
				   "expect:\n  - {victims: [], end: failed}\n";
	static const char leaked[] = "{\"seq\":%d,\"t\":80000000,\"level\":4,\"text\":\"Huh VM_FAULT_OOM leaked out to the #PF handler. Retrying PF\"}";
	for (int n = 9; n <= 10; n++) {
		struct recorded *r = recorded_load_as("refused", yaml);
		static const struct change late[] = {
			{ "steps", "+", "{\"i\":4,\"op\":\"await\",\"t\":80000000,\"errno\":null,\"timeout\":true,\"took_us\":1}" },
			{ "snapshots>label=before-0>kmsg_seq", NULL, "99" }, { "snapshots>label=after-0>kmsg_seq", NULL, "200" },
			{ "snapshots", "copy", "label=before-0" }, { "snapshots>-1>label", NULL, "\"late\"" },
			{ "snapshots", "copy", "label=late" }, { "snapshots>-1>label", NULL, "\"later\"" },
		};
		for (size_t i = 0; i < ARRAY_SIZE(late); i++)
			recorded_change(r, &late[i]);
		for (int i = 0; i < n; i++) {
			CLEANUP_FREE char *record = xasprintf(leaked, 100 + i);
			recorded_change(r, &(struct change){ "kmsg", "+", record });
		}
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, CHECK_GROW_END) == (n == 10), "%d: %s", n, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

TESTS("judge", recordings_pass, reports_are_held_back, a_rival_grows_on, a_huge_fault_comes_again, a_thread_is_named_once,
      scores_lag_for_all_kinds, status_may_be_exact, statistics_may_be_late_on_several_cpus, known_livelock_is_no_failure,
      one_change_turns_its_check_red, every_check_is_tried, every_check_is_made)
