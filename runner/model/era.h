/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An era: which of the kernel's OOM rules hold in one kernel. Rules change in small steps, so an era is a set of named
 * yes/no behaviours, not a version; the one table in era_table.c gives for each the mainline versions it holds in, the
 * stable series that got it later, the commit and the place in the source. docs/eras.md is that table for people.
 *
 * A version is only a first guess: distributions carry later rules in old versions. Where a run-time probe exists, put
 * its answer in with era_override(). Where the table does not know (a backport at an unknown point, a vendor's kernel
 * that nobody read), the behaviour has its likeliest value and is *unsure*: whoever decides by it must say so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ERA_MAX_BEHAVIOURS 96

enum era_vendor { ERA_MAINLINE, ERA_DEBIAN, ERA_UBUNTU, ERA_RHEL, ERA_SUSE, ERA_UNREAD };

struct era {
	uint64_t version;	/* KVER() of what the release says; its third part 0 when the release hides it */
	bool known;		/* false: the release was not understood: the newest rules, all of them unsure */
	bool beyond;		/* newer than every kernel the rules were read from */
	bool ancient;		/* older than 3.10: badness was another formula there, and no decision is certain */
	enum era_vendor vendor;
	unsigned abi;		/* Ubuntu: 216 in 5.4.0-216-generic; 0 for flavours that count by themselves, and else */
	unsigned el;		/* Red Hat: the major release, 8, of a kernel that era_rhel.c knows; else 0 */
	uint64_t build;		/* and KVER(553, 16, 1) of 4.18.0-553.16.1.el8_10 */
	bool rc;		/* a release candidate: what changed in this very version is unsure */
	bool sublevel_known;	/* the third part of version is that of the stable release */
	bool unsure[ERA_MAX_BEHAVIOURS];	/* by index in the table */

	/* badness and selection */
	bool ties_last;		/* of equal points the last in iteration order is chosen, not the first */
	bool signed_points;	/* net-negative points are kept, not raised to 1; the 666 form of oom_score */
	bool root_bonus;	/* CAP_SYS_ADMIN takes 3 % off the base */
	bool child_sacrifice;	/* the worst child with an mm of its own is killed in the chosen task's place */
	bool shmem_counter;	/* RssShmem is counted apart from RssFile */
	bool pgtables_pmds;	/* page tables are nr_ptes + nr_pmds */
	bool pgtables_bytes;	/* page tables of all levels are counted in bytes */
	bool vfork_exempt;	/* a vfork child before exec can't be chosen */
	bool skip_flag;		/* an mm with MMF_OOM_SKIP can't be chosen, and its victim does not abort the scan */
	bool domain_in_badness;	/* oom_badness() itself is 0 outside the memcg of the mm's owner or the reader's mems */
	bool interleave_restricts;	/* MPOL_INTERLEAVE makes a task ineligible like MPOL_BIND */
	bool exiting_aborts;	/* any exiting task with an mm aborts the scan, not only OOM victims */
	bool dying_hidden;	/* a memcg scan no longer sees a victim that is inside do_exit() */
	bool node_present;	/* totals of nodes are present pages, not spanned pages */
	bool memcg_swap_max;	/* memory.swap.max bounds the swap in a memcg's totalpages */
	/* killing */
	bool group_kill;	/* memory.oom.group exists */
	bool group_domain_check;	/* no group kill when the victim has left the OOM domain */
	bool group_scans_threads;	/* a group kill handles, and counts, every thread */
	bool sharers_all_killed;	/* a sharer of the victim's mm dies whatever its oom_score_adj */
	bool sysrq_no_panic;	/* sysrq f never panics */
	bool deadlock_text;	/* no victim: a warning, then for a global OOM "System is deadlocked on memory" */
	bool reaper;		/* the oom_reaper kthread exists */
	bool reaper_delayed;	/* the reaper waits 2 s for the victim to exit by itself */
	bool reaps_mlocked;	/* the reaper frees mlocked memory too */
	bool overkill_window;	/* an exiting victim is out of the way before its memory is: a racing OOM kills more */
	bool v1_frozen_dies;	/* all threads of a victim in a v1 freezer are thawed, so it dies */
	/* charges */
	bool syscall_charge_kills;	/* any blocking charge up to order 3 invokes the killer, not only page faults */
	bool unkillable_forced;	/* nobody killable: the charge goes over the limit */
	bool dying_forced;	/* charges of dying tasks go over the limit */
	bool retries_16;	/* 16 reclaim retries, not 5, before a charge asks for a kill */
	bool margin_recheck;	/* a charge that waited for the oom_lock looks again whether there is room now */
	bool limit_write_nonblock;	/* memory.max written with O_NONBLOCK neither reclaims nor kills */
	bool high_throttles;	/* above memory.high tasks are slowed down */
	bool movable_watermarks;	/* a movable zone keeps back next to nothing, and counts for none of the others */
	bool fault_global_oom;	/* a failed charge in a page fault may end in a global kill with gfp 0 */
	bool held_back_for_ever;	/* a kernel bug: kswapd may find nothing to do while who asks waits for it */
	/* counters */
	bool oom_kill_counter;	/* oom_kill in /proc/vmstat and memory.events */
	bool v1_oom_kill_counter;	/* oom_kill in memory.oom_control */
	bool oom_per_attempt;	/* `oom` counts attempts to kill, not charges that gave up */
	bool events_hierarchical;	/* memory.events counts descendants (unless mounted memory_localevents) */
	bool v1_events_hierarchical;	/* memory.oom_control's oom_kill counts descendants */
	bool events_local;	/* memory.events.local exists */
	bool oom_group_kill_counter;	/* oom_group_kill in memory.events */
	bool sock_throttled_counter;	/* sock_throttled in memory.events */
	bool memsw_failcnt_lost;	/* a kernel bug: memory.memsw.failcnt stays 0 */
	bool forced_max_counted;	/* forced charges count in `max` */
	bool hugetlb_usage_moves;	/* hugetlb.*.numa_stat follows pages of a removed cgroup, and pages that move */
	bool stats_late;	/* with several CPUs the statistics of a tree may be two seconds old */
	/* precision of RSS */
	bool rss_split;		/* threads hold back up to 64 pages; status and badness read the same */
	bool rss_percpu;	/* badness reads the approximate part of per-CPU counters */
	bool rss_exact;		/* badness sums the per-CPU counters */
	bool status_exact;	/* /proc/PID/status sums them (while badness may not) */
	/* oom_score_adj */
	bool adj_shared_mm;	/* a write is copied to every process that shares the mm */
	bool adj_needs_mm;	/* a write to a task without mm is EINVAL */
	bool oom_adj_clamped;	/* oom_adj never reads above 15 */
	/* overcommit */
	bool overcommit_total;	/* mode 0 refuses only what exceeds RAM + swap */
	bool overcommit_kbytes;	/* vm.overcommit_kbytes exists */
	bool overcommit_misc;	/* mode 0 by free memory counts reclaimable kernel memory outside slab */
	bool overcommit_logged;	/* a refusal is logged */
	bool overcommit_log_not;	/* … saying "not enough", before: "no enough" */
	bool overcommit_log_bytes;	/* … with "bytes: N" */
	/* the log */
	bool header_names;	/* gfp names in the header */
	bool header_nodemask;	/* nodemask= in the header */
	bool cpuset_line;	/* line 2 is "COMM cpuset=NAME mems_allowed=…"; "Task in … killed as a result of" */
	bool summary_line;	/* "oom-kill:constraint=…", and "Tasks state" above the table */
	bool table_scan_order;	/* the rows of a memcg OOM stand in the order of selection */
	bool table_rss_kinds;	/* rss_anon rss_file rss_shmem */
	bool kill_process_line;	/* "Kill process … or sacrifice child" */
	bool killed_reason;	/* "Out of memory: " in front of "Killed process" */
	bool killed_details;	/* UID, pgtables and oom_score_adj in the "Killed process" line */
	bool killed_pgtables_bytes;	/* … with bytes under the label kB */
	bool sharer_line;	/* "Kill process … sharing same memory" */
	bool already_exiting_line;	/* "OOM victim … is already exiting. Skip killing the task" */
	bool stat_text;		/* the memcg block is the text of memory.stat */
	bool stat_per_line;	/* … one record a line */
	bool protection_line;	/* "Memory cgroup min protection …" */
	bool cpu_line_uid;	/* "CPU: … UID: … PID: …" */
};

/* One row of the table. The behaviour holds in mainline versions since <= v < until. */
struct era_behaviour {
	const char *name;	/* of the field of struct era, and the word in case files */
	size_t offset;		/* of the field */
	uint64_t since, until;	/* KVER(); 0: always was, ERA_NEVER: still is */
	uint64_t unsure_from, unsure_to;	/* the boundary lies somewhere in here; equal: it is exact */
	const char *backports;	/* "5.10.262 u5.4-216": at the latest from there the newer rule holds in that series;
				 * "el8:193.28.1..240": see era_rhel.h */
	const char *commit;	/* of the change, abbreviated, or "" */
	const char *source;	/* "mm/oom_kill.c:oom_badness" */
	const char *meaning;	/* one line for people */
};
#define ERA_NEVER UINT64_MAX

const struct era_behaviour *era_table(size_t *n);

/* From `uname -r` ("6.1.0-40-cloud-amd64", "5.10.262", "4.18.0-80.el8", "5.4.0-216-generic", "6.0.0-rc1+").
 * Not understood, or NULL: the newest rules, all unsure, and known is false. Never fails. */
void era_from_release(const char *release, struct era *era);

/* Debian hides the stable version in `uname -v` and in the log's CPU line ("#1 SMP Debian 6.1.153-1 …"): finds it
 * anywhere in the text and makes sure what depends on it. True if it was found. Call before era_override(). */
bool era_refine(struct era *era, const char *version_text);

/* 0 and the value, or -1: no behaviour of that name. value may be NULL. */
int era_find_behaviour(const struct era *era, const char *name, bool *value);

/* Is the value only the likeliest one? False for a name that does not exist. */
bool era_unsure(const struct era *era, const char *name);

/* What a probe found. 0, or -1: no behaviour of that name. */
int era_override(struct era *era, const char *name, bool value);

/* "ties_last, signed_points, …": for error messages. A static text. */
const char *era_behaviour_names(void);
