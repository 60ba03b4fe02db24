/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives one built oomload over its control stream, for tests. Failures are Check's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct oomload {
	pid_t pid;
	int fd;			/* our end of the control stream */
	pid_t child[256];	/* by `child I PID`, from 1 on */
	unsigned int n_children;
};

/* Starts `oomload NAME KIND ARGS...` (args: words divided by blanks) and waits for `ready` and the children up to `children`.
 * The program is $OOMLOAD, else build/oomload. */
void oomload_start(struct oomload *o, const char *name, const char *kind, const char *args, unsigned int children);
/* Sends an order. */
void oomload_order(struct oomload *o, const char *order);
/* The next line, without its end; NULL when the stream ended. Waits at most 30 s. Valid until the next call. */
char *oomload_line(struct oomload *o);
/* Sends an order and holds the next line against `wanted`. */
void oomload_expect(struct oomload *o, const char *order, const char *wanted);
/* `quit`, and the exit status must be 0. */
void oomload_quit(struct oomload *o);
/* The exit status by wait(), at the end of the process (30 s). */
int oomload_wait(struct oomload *o);

/* --- what the kernel says of a process; sizes in kB --- */

/* A field of /proc/PID/FILE ("RssAnon:" of status, "Anonymous:" of smaps_rollup); fails the test where there is none. */
uint64_t proc_field(pid_t pid, const char *file, const char *field);
/* The same, summed over those mappings of smaps whose header has `text`. */
uint64_t proc_mapping(pid_t pid, const char *text, const char *field);
/* The fields of /proc/PID/stat behind the comm, from 3 (state) on: e.g. 10 is minflt. */
uint64_t proc_stat(pid_t pid, int number);
char proc_state(pid_t pid);
/* The comm, in a static buffer. */
const char *proc_comm(pid_t pid);
