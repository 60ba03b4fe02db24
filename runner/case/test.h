/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test: one case with one value of each matrix axis, all names resolved and all numbers parsed. This is what the
 * loader makes, what the planner turns into steps for the agent, and what the judge holds the observation against.
 * Sizes are bytes unless a name says otherwise. A struct test owns all it points to; test_free() takes NULL.
 * The words are those of docs/case-format.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/constraint.h"

#define NO_LIMIT UINT64_MAX	/* "max" */
#define UNSET    (UINT64_MAX - 1)	/* the case says nothing: the kernel's default stays */

enum hierarchy { HIERARCHY_V2, HIERARCHY_V1 };
enum swap_kind { SWAP_NONE, SWAP_DISK, SWAP_ZRAM };
enum balloon_kind { BALLOON_NONE, BALLOON_PLAIN, BALLOON_DEFLATES };	/* the last gives memory back on an OOM */

/* Where in the case file something stands, for messages: the path as in "steps[2].expect.victims". */
struct where {
	const char *file;
	int line, column;	/* 1-based */
};

/* The machine a test wants. Equal shapes share a template. */
struct shape {
	uint64_t memory;	/* all of it, bytes */
	int cpus;
	int nodes;		/* 1: not NUMA */
	uint64_t node_memory[8];	/* bytes, when nodes > 1 */
	bool disk;		/* a swap disk is attached (not yet swapped on) */
	uint64_t disk_size;	/* bytes */
	char *cmdline;		/* more kernel parameters, or "" */
	bool stress_ng;		/* stress-ng is in the initramfs */
	uint64_t plug;		/* bytes of memory modules that may be plugged in later; 0: no slots */
	enum balloon_kind balloon;
};

struct need {			/* a stated need; the agent or the runner says what is missing and how to meet it */
	enum need_kind {
		NEED_KERNEL,	/* a version range: text is the condition, e.g. "kernel >= 5.19" */
		NEED_CGROUP_FILE,	/* a file that a child cgroup of the hierarchy must have, e.g. memory.oom.group */
		NEED_PATH,	/* a path that must exist on the machine, e.g. /proc/pressure/memory */
		NEED_CAPABILITY,	/* e.g. sys_resource */
		NEED_GUEST,	/* the target must be a throw-away machine */
		NEED_TARGET,	/* the named target kind (vm) */
		NEED_ERA,	/* a named behaviour of the kernel's rules (runner/model/era.h) must hold */
	} kind;
	char *text;
	struct where where;
};

struct setting {		/* one file and what to write into it */
	char *file, *value;
	struct where where;
};

struct test_cgroup {
	char *name;		/* "box", "box/inner": a path below the scene's own root cgroup */
	uint64_t limit;		/* memory.max / memory.limit_in_bytes; NO_LIMIT or UNSET */
	uint64_t swap_limit;	/* memory.swap.max; on v1 the planner writes memsw = limit + this */
	uint64_t high, low, min;	/* v2 */
	bool group;		/* memory.oom.group */
	bool oom_kill_disable;	/* v1 */
	char *mems;		/* cpuset.mems, or NULL */
	struct setting *settings;	/* raw files, in order */
	size_t n_settings;
	struct where where;
};

struct test_task {
	char *name;		/* also the comm; at most 15 bytes */
	char *kind;		/* a kind of oomload's table, or "stress-ng" */
	char *args;		/* "key=value key=value" for the kind, or "" */
	int cgroup;		/* index, or -1: outside (the agent's own cgroup) */
	uint64_t size;		/* filled to this before the trigger */
	uint64_t step, to;	/* grow in steps up to this; to == NO_LIMIT: without end */
	int adj;		/* oom_score_adj; ADJ_UNSET: not written */
	unsigned uid;
	char *cpus;		/* affinity list, or NULL */
	enum policy_mode policy;
	uint64_t policy_nodes;	/* mask */
	struct where where;
};
#define ADJ_UNSET 100000

/* How a task's grow command ends. */
enum grow_end { END_ANY, END_FILLED, END_DEAD, END_FAILED, END_BLOCKED };

struct counter_claim {		/* this field of this file of this cgroup (or /proc/vmstat) rises by so much */
	int cgroup;		/* index, or -1: /proc/vmstat */
	char *file, *field;	/* canonical v2 names */
	int64_t at_least, at_most;
	struct where where;
};

/* What one episode (from the trigger to quiet) must bring about. */
struct expectation {
	char **victims;		/* task names, in the order of their deaths by the kernel's log; empty: nobody dies */
	size_t n_victims;
	char **also_die;	/* die without a "Killed process" line: sharers of the victim's mm, a PID namespace */
	size_t n_also_die;
	/* What the case leaves open, the loader fills from the scene: the constraint from where the growing task lives
	 * (CONSTRAINT_ANY when nobody dies), the trigger only where it can be nobody else (a memcg's charge, sysrq). */
	enum constraint constraint;
	int memcg;		/* index of the cgroup whose limit was hit, or -1: not said */
	char *trigger;		/* task that asked, "kworker" for sysrq, "agent" for a write by the agent, or NULL: any */
	enum grow_end end;	/* how the trigger's grow ends */
	char *panic;		/* text of the panic, or NULL */
	bool overkill;		/* further victims, in the order of the rules, are allowed: say why in `why` */
	bool allocating_task;	/* vm.oom_kill_allocating_task decides, not badness */
	bool no_report;		/* "Killed process" lines without a report (rate limit, oom_dump_tasks) */
	bool any_order;		/* the victims may die in any order: OOMs that run at the same time */
	int64_t ooms_min, ooms_max;	/* how many OOM reports; -1, -1: as many as chosen victims (a group kill has one) */
	struct counter_claim *counters;
	size_t n_counters;
	char **log;		/* extended regular expressions that must each match a kernel record of the episode */
	size_t n_log;
	struct where where;
};

enum step_op {
	STEP_FILL,		/* tasks: start and fill each to its size, wait */
	STEP_START,		/* tasks: start, not filled */
	STEP_GROW,		/* task: grow to `bytes` in steps of `step_bytes`; may be a trigger */
	STEP_SET,		/* file of a cgroup (v2 name or raw) := value */
	STEP_WRITE,		/* absolute path := value */
	STEP_READ,		/* absolute path, or file of a cgroup: compare */
	STEP_SIGNAL, STEP_MOVE, STEP_FREEZE, STEP_THAW, STEP_RMDIR,
	STEP_SYSRQ,		/* key */
	STEP_HOST,		/* the machine's host does something to it: case/host.h */
	STEP_CALL,		/* one system call in a task; result is ok or an errno name */
	STEP_SCORE,		/* /proc/PID/oom_score of the tasks equals the model */
	STEP_COMMIT,		/* the largest mapping that the task is granted equals the model, to the page */
	STEP_WAIT,		/* for a task's state or a field of a file */
	STEP_EXPECT,		/* closes an episode */
};

struct step {
	enum step_op op;
	char **tasks;		/* FILL, START, SCORE, COMMIT (one), SIGNAL (one), MOVE (one), CALL (one), GROW (one), WAIT (one or none) */
	size_t n_tasks;
	int cgroup;		/* SET, READ, MOVE, FREEZE, THAW, WAIT; -1: none */
	char *file;		/* SET, READ, WAIT: name as written (v2's name stands for v1's too, case/files.h);
				 * WRITE, READ, WAIT: absolute path when cgroup is -1 */
	char *field;		/* READ, WAIT: a keyed line of the file, or NULL: the whole */
	char *value;		/* SET, WRITE, SIGNAL (name), SYSRQ (key), HOST and CALL ("mmap 4096"), READ and WAIT (what it must be) */
	char *number;		/* CALL: what the call's own result must be, or NULL */
	char *compare;		/* READ, WAIT, CALL with a number: "=", "!=", ">=", "<="; READ: "~", "!~"; values numeric unless = or != */
	char *result;		/* SET, WRITE, MOVE, HOST, CALL: "ok" or an errno name; NULL: ok */
	bool nonblock;		/* SET: open O_NONBLOCK */
	enum grow_end until;	/* WAIT on a task */
	uint64_t bytes, step_bytes;	/* GROW */
	bool background;	/* SET, WRITE, CALL that may block: do not wait for it here */
	bool owed;		/* WAIT for a file: that it does not come is the kernel's fault */
	struct expectation *expect;
	struct where where;
};

struct test {
	char *id;		/* "memcg/largest-dies[cgroup=v2,swap=none]" */
	char *path;		/* of the case file; every where.file points here */
	char *title, *why;
	char **source, **fixes, **tags;	/* "mm/oom_kill.c:oom_badness"; commits; words */
	size_t n_source, n_fixes, n_tags;
	struct need *needs;
	size_t n_needs;
	enum hierarchy hierarchy;
	bool uses_cgroups;	/* false: nothing of cgroups is mounted */
	enum swap_kind swap;
	uint64_t swap_size;
	struct shape shape;
	struct setting *sysctls;	/* "vm.overcommit_memory" and its value */
	size_t n_sysctls;
	struct test_cgroup *cgroups;
	size_t n_cgroups;
	struct test_task *tasks;
	size_t n_tasks;
	struct step *steps;	/* always filled: the short form is expanded */
	size_t n_steps;
	bool machine_wide;	/* a task grows in no limited cgroup: the whole machine runs out of memory */
	bool dangerous;		/* needs more than its own cgroups: guests, or --destructive */
	/* A known kernel bug. When the condition holds for the kernel the test was expanded for, bug_here is set and the
	 * steps expect the broken behaviour: seeing exactly that is an xfail. */
	char *bug_commit;	/* the fixing commit, "none" where none is known, or NULL: no bug is named */
	char *bug_when;		/* condition, e.g. "kernel >= 6.0 and kernel < 6.9" */
	bool bug_here;
	struct expectation *bug_right;	/* with bug_here: what a kernel without the bug does in place of the last expectation */
	double seconds;		/* expected duration, for scheduling; 0: unknown */
};

void test_free(struct test *t);
