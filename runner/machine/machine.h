/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot of a machine: everything that decides who dies when memory runs out. It is read from /proc and /sys below a
 * root that may be another machine's files, and it can be saved as text and loaded elsewhere.
 *
 * Reading never fails because of one process: those that vanish meanwhile are left out and counted, and what can't be read
 * (hidepid, no privilege, no cgroup mount) is said in `lacks`. Names are bytes, as the kernel has them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

#define MACHINE_MAX UINT64_MAX	/* a limit that reads "max" */
#define MACHINE_UNKNOWN (-1)	/* a number that could not be read */

/* What a NUMA policy lets a process allocate from, as far as the OOM killer tells policies apart. */
enum machine_policy { MACHINE_ANY_NODE, MACHINE_BIND, MACHINE_INTERLEAVE };

/* One process that has memory of its own. Kernel threads and zombies are not listed. */
struct machine_task {
	int pid, ppid;
	char comm[16];
	uint64_t start;		/* clock ticks since boot */
	uint32_t uid;		/* real uid, in the reader's namespace */
	int adj;		/* oom_score_adj */
	int score;		/* oom_score, or MACHINE_UNKNOWN */
	int threads;
	int64_t vm_kb, anon_kb, file_kb, shmem_kb, swap_kb, pte_kb, pmd_kb, locked_kb, hugetlb_kb, data_kb;
	uint64_t mems;		/* Mems_allowed */
	int policy;		/* enum machine_policy: its memory policy; of several threads' the least restricted */
	uint64_t policy_nodes;
	bool cap_sys_admin;	/* effective; of the first user namespace only if the process is in it */
	int cgroup;		/* index of its memory cgroup in machine.cgroups, or -1: the root, or not known */
	uint64_t joined;	/* place among its cgroup's processes; 0 for all where that is not known */
	int ns_depth;		/* PID namespaces below the reader's; 0: the reader's own */
	int ns_pid;		/* its pid in the innermost one */
	uint64_t pidns;		/* inode of the innermost PID namespace; 0: the reader's own, or not known */
	int mm;			/* > 0: processes with the same number share one mm */
	uint64_t stack;		/* where its stack begins, the same in all sharers of an mm; not saved */
};

struct machine_cgroup {
	char *path;		/* below the mount, "/a/b" */
	int parent;		/* index, smaller than its own; -1: below the root. Siblings in order of creation */
	uint64_t current, limit, high, low, min;	/* bytes; limits MACHINE_MAX */
	uint64_t swap_current, swap_limit;	/* v2: memory.swap.*; v1: memory.memsw.* */
	int64_t n_oom, n_oom_kill, n_max, n_high;	/* memory.events (v1: failcnt is n_max), or MACHINE_UNKNOWN */
	int swappiness;		/* v1 */
	bool group;		/* memory.oom.group */
	bool oom_kill_disable;	/* v1 */
};

struct machine_pair {		/* a sysctl, a line of meminfo */
	char *name;
	int64_t value;
};

struct machine_pairs {
	struct machine_pair *all;
	size_t n;
};

struct machine_node {
	int id;
	uint64_t present, spanned;	/* pages, of all its zones */
};

struct machine {
	char *release, *version, *arch;	/* uname -r, -v, -m; may be NULL */
	int64_t time;		/* seconds since 1970 */
	int page_size, cpus;
	uint64_t nodes;		/* mask of the nodes with memory; 0: not NUMA */
	struct machine_node *node;
	size_t n_nodes;
	struct machine_pairs meminfo;	/* kB, but for the HugePages_* */
	struct machine_pairs sysctl;	/* "vm.panic_on_oom" … */
	bool memory_v2, memory_v1;	/* where the memory controller is; neither: no cgroup mount was found */
	bool localevents;	/* cgroup2 is mounted memory_localevents */
	char *mount;		/* where that is mounted; NULL in a loaded snapshot */
	bool mglru;		/* multi-generational LRU is on */
	int64_t min_ttl_ms;
	struct machine_cgroup *cgroups;
	size_t n_cgroups;
	struct machine_task *tasks;	/* in order of creation */
	size_t n_tasks;
	size_t vanished;	/* processes that ended while they were read */
	size_t unreadable;	/* processes that may not be read */
	char **lacks;		/* sentences: what is not known, and why */
	size_t n_lacks;
};

/* Reads the machine below `root` ("" is this one). -1 only when there is no /proc. Free with machine_free() either way. */
int machine_collect(const char *root, struct machine *m, struct error *err);

/* Reads the memory cgroups only. Free with machine_free(). */
void machine_read_cgroups(const char *root, struct machine *m);

/* Writes a snapshot as JSON Lines. -1 when the stream has an error. */
int machine_save(const struct machine *m, FILE *out, struct error *err);

/* Reads what machine_save() wrote; `name` is for messages. Everything in it is checked: it may be hostile. */
int machine_load(FILE *in, const char *name, struct machine *m, struct error *err);

void machine_free(struct machine *m);	/* a zeroed one too */

/* The value of a sysctl or a line of meminfo; MACHINE_UNKNOWN when it is not there. */
int64_t machine_value(const struct machine_pairs *pairs, const char *name);

/* Path of the cgroup of a task: "/" for -1. Borrowed. */
const char *machine_path(const struct machine *m, int cgroup);

/* For the module's own files. */
void machine_pair_add(struct machine_pairs *pairs, const char *name, int64_t value);
void machine_lack(struct machine *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void machine_sort(struct machine *m);	/* tasks into order of creation */
