/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of a report that the kernel prints in pieces, each but the first with KERN_CONT. As long as nobody else prints, they are
 * one record (kernel/printk/printk.c:vprintk_store, prb_reserve_in_last: the last record of the same caller that has no newline yet
 * grows). What another CPU or an interrupt logs in between ends that record, and the rest becomes one of its own behind it; so does a
 * piece for which the record has no room (1 KiB: paths may be longer). Here the pieces are put together again.
 *
 * Printed so (5.0 to 7.2 unless said otherwise), each | a place where the line may be torn:
 *   oom-kill:constraint=C,nodemask=N|,cpuset=|NAME|,mems_allowed=M|,oom_memcg=|PATH|,task_memcg=|PATH|,task=T,pid=P,uid=U
 *     (or |,global_oom| for the OOM memcg: mm/oom_kill.c:dump_oom_summary, kernel/cgroup/cpuset.c:cpuset_print_current_mems_allowed,
 *     mm/memcontrol.c:mem_cgroup_print_oom_context)
 *   Memory cgroup stats for |PATH|:		mm/memcontrol.c:mem_cgroup_print_oom_meminfo
 *   Tasks in |PATH| are going to be killed due to memory.oom.group set	mm/memcontrol.c:mem_cgroup_print_oom_group
 *   Node N |ZONE free:…kB …			mm/show_mem.c:show_free_areas (mm/page_alloc.c before 6.3)
 *   Node N |ZONE: |n*4kB |(UM) |n*8kB |…= nkB	the same
 *   Task in |PATH| killed as a result of limit of |PATH	up to 4.20
 *   COMM invoked oom-killer: gfp_mask=…, nodemask=|N|,  order=O, oom_score_adj=A	4.6 to 4.20
 *   COMM cpuset=|NAME| mems_allowed=M		up to 4.20
 * The other lines are printed at once. "lowmem_reserve[]:" is not, but says nothing that is read.
 */
#pragma once

#include "klog/line.h"
#include "klog/prefix.h"

#define CONT_LINES 4		/* kept at once: more callers than that do not print a report */
#define CONT_TEXT  8192
#define CONT_BETWEEN 256	/* messages between two pieces */
#define CONT_USEC  10000000	/* … and the time */

enum cont_kind {
	CONT_NO,
	CONT_SELECTED,		/* oom-kill: */
	CONT_STATS,		/* Memory cgroup stats for */
	CONT_GROUP,		/* Tasks in */
	CONT_TASK_IN,		/* Task in */
	CONT_NODE,		/* Node N */
	CONT_BUDDY,		/* Node N ZONE: */
	CONT_HEADER,		/* … nodemask= */
	CONT_CPUSET,		/* COMM cpuset= */
};

struct cont_line {
	enum cont_kind kind;	/* CONT_NO: it is whole */
	struct prefix_kept p;	/* of its first piece */
	uint64_t number;	/* as cont_keep() was told */
	int between;		/* messages since the last piece */
	int names;		/* … that may be a cpuset's name, where one is due and nothing tells whose they are */
	char name[64];		/* the first of them */
	size_t len;
	char text[CONT_TEXT];
};

struct conts {
	int n;
	struct cont_line lines[CONT_LINES];	/* oldest first */
};

/* Does a message of this kind end where one of those lines may be torn? */
enum cont_kind cont_kind(struct text t, const struct line *l);

/* Keeps a copy of a line that may go on. False: it is none. When it returns true and n was CONT_LINES, the oldest has been dropped. */
bool cont_keep(struct conts *q, const struct prefix *p, uint64_t number, struct text t, const struct line *l);

/* Is t what one of the kept lines goes on with? */
bool cont_goes_on(const struct conts *q, const struct prefix *p, struct text t);

/* Puts t behind the line that goes on with it, whose kind then tells whether more may follow; NULL: there is none. Valid until
 * the next call. */
struct cont_line *cont_join(struct conts *q, const struct prefix *p, struct text t);

/* The next kept line that will not go on any more, for a message of this kind came that is printed later, or too many came; NULL: none.
 * Drop it, and ask again: each message up to NULL, once. */
struct cont_line *cont_over(struct conts *q, const struct prefix *p, struct text t, const struct line *l);

void cont_drop(struct conts *q, struct cont_line *of);
