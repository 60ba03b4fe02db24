/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One kernel message, its prefix gone, to its kind and its fields. No state, no allocation: texts point into the
 * message.
 */
#pragma once

#include "klog/klog.h"
#include "klog/text.h"

enum line_kind {
	LINE_OTHER,
	LINE_BLANK,
	LINE_HALF,		/* the beginning of a line that names nobody yet: "x invoked", "Out of memory: Kill" */
	LINE_HEADER,		/* comm invoked oom-killer: … */
	LINE_POLICY,		/* oom_policy=…: who chooses instead of badness (patched kernels, below the header) */
	LINE_CPUSET,		/* comm cpuset=… mems_allowed=… */
	LINE_CPU,		/* CPU: … PID: … Comm: … release #… */
	LINE_TRACE,		/* Call Trace and what is under it */
	LINE_TASK_IN,		/* Task in A killed as a result of limit of B; Memory limit reached of cgroup B */
	LINE_USAGE,
	LINE_MEMCG_STATS,	/* Memory cgroup stats for … */
	LINE_STAT,		/* name number */
	LINE_MEMINFO,		/* Mem-Info: */
	LINE_COUNTS,		/* active_anon:… (pages) and its following lines */
	LINE_NODE,		/* Node 0 active_anon:…kB */
	LINE_ZONE,		/* Node 0 DMA free:…kB min:… */
	LINE_BUDDY,		/* Node 0 DMA: 1*4kB … */
	LINE_MEMORY,		/* other lines of that block */
	LINE_PAGES,		/* N pages RAM, … */
	LINE_SWAP,		/* Free swap, Total swap */
	LINE_SLABS,		/* Unreclaimable slab info: */
	LINE_SLAB,
	LINE_PROTECTION,
	LINE_TASKS_STATE,
	LINE_TABLE,		/* the header of the task table */
	LINE_ROW,
	LINE_SELECTED,		/* oom-kill:constraint=… */
	LINE_CHOICE,		/* Kill process … score */
	LINE_KILLED,
	LINE_SHARING,
	LINE_GROUP,
	LINE_EXITING,
	LINE_PINNED,
	LINE_REAPED,
	LINE_NO_KILLABLE,
	LINE_PANIC,
	LINE_SYSRQ,		/* Manual OOM execution */
	LINE_SUPPRESSED,
	LINE_FOREIGN_DUMP,	/* page allocation failure, Show Memory: the memory block that follows is no OOM's */
	LINE_ELISION,		/* "...", "[...]", "(...snipped...)": a person left lines out */
};

struct line {
	enum line_kind kind;
	int got;		/* fields found: of two ways to join a wrapped line the one that gives more is right */
	bool cut;		/* more must or may follow */
	struct text a, b;	/* names or paths, by kind */
	int64_t n[4];
	struct oom_kill kill;	/* CHOICE, KILLED */
	struct text policy;	/* HEADER, POLICY */
	struct text nodemask, cpuset, mems_allowed;	/* CPUSET, SELECTED */
	enum oom_constraint constraint;
	bool global;
	enum oom_counter counter;
	const struct oom_row *row;	/* ROW: read already with the table of its report, or NULL */
};

/* Kinds: HEADER a comm, b gfp text, n gfp number, order, adj. CPU n pid, a comm, b release. TASK_IN a task's memcg, b
 * the OOM memcg. USAGE n usage, limit, failcnt. MEMCG_STATS a path, b what follows. STAT a, n. PAGES n, a what. SWAP n
 * kB, a "Free" or "Total". SELECTED a oom_memcg, b task_memcg, kill pid uid comm. GROUP a path. EXITING, PINNED n pid.
 * REAPED n pid anon file shmem (anon unknown: unable), a comm. PANIC a text. SUPPRESSED n. */
void line_parse(struct text message, struct line *l);

/* Does a message of the kernel's that this code knows begin here? Cheap; used to find where a prefix ends. */
bool line_opens(struct text t);

/* By subject; each returns false, l untouched, if it is none of its own. */
bool line_kill_parse(struct text t, struct line *l);	/* line_kill.c: choice, killed, reaper, group, selected */
bool line_head_parse(struct text t, struct line *l);	/* line_head.c: header, cpuset, CPU */
bool line_memory_parse(struct text t, struct line *l);	/* line_memory.c */

/* The tail of line_kill.c that both Killed formats share: "total-vm:…kB, anon-rss:…". */
