/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a machine below a root. For the module's own files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;
struct machine_task;

/* A file of /proc or /sys is never refused for its size, but reading one ends here. */
#define ROOT_FILE_LIMIT ((size_t)64 << 20)

/* Text of ROOT/PATH; NULL with errno. The format makes the path. */
char *root_text(const char *root, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Reads a small file of an open directory into a buffer that is used again and again. Its length, or -1 with errno. */
struct root_buffer {
	char *text;
	size_t room;
};
int64_t root_read(int dirfd, const char *file, struct root_buffer *b);

/* cgroup.c: finds the memory controller and reads the tree; NULL-safe. */
struct cgroup_tree;
struct cgroup_tree *cgroup_tree_read(const char *root, struct machine *m);
/* The index of the memory cgroup that a process belongs to, from the text of its /proc/PID/cgroup; -1: the root. */
int cgroup_tree_of(struct cgroup_tree *t, const struct machine *m, char *text);
/* Where pid stands among its cgroup's processes, from 1 on; 0: not known. */
uint64_t cgroup_tree_joined(const struct cgroup_tree *t, int pid);
/* Processes whose cgroup is outside of what is mounted here. */
void cgroup_tree_done(struct cgroup_tree *t, struct machine *m);

/* policy.c: the memory policy of the process with this directory of /proc; -1: it may not be asked for. */
int policy_read(int dir, struct machine_task *t);
/* tasks.c */
int tasks_read(const char *root, struct machine *m, struct cgroup_tree *t);
/* sharers.c: which processes share an mm, asked of the kernel (kcmp). Of this machine only. */
void sharers_find(struct machine *m);
/* facts.c: memory, sysctls, nodes, release. */
void facts_read(const char *root, struct machine *m);
