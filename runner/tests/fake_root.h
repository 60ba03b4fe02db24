/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine's /proc and /sys in a directory, for tests of what reads them below a root. */
#pragma once

#include <stdint.h>

/* A new directory with /proc/meminfo (4 GiB, 1 GiB swap), release and a cgroup2 mount. Its path, static until the next. */
const char *fake_root(void);

/* Writes ROOT/PATH, making the directories above it. The path and the text are formats. */
void fake_file(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct fake_process {
	int pid, ppid, adj, threads;
	const char *comm, *cgroup, *nspid;
	int64_t anon_kb, file_kb, swap_kb, pte_kb;
	int start;		/* ticks; 0: the pid */
	int score;		/* < 0: no such file */
	const char *mems;	/* Mems_allowed_list; NULL: "0" */
	const char *policy;	/* as numa_maps has it, "bind:0"; NULL: no such file */
};
void fake_process(const struct fake_process *p);

/* A cgroup v2 with a limit in bytes ("max"), its usage, and memory.oom.group. */
void fake_cgroup(const char *path, const char *limit, const char *current, int group);

void fake_end(void);		/* removes it */
