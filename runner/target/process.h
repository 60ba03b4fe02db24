/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting, watching and ending the processes machines run in. A child dies with the thread that started it
 * (PR_SET_PDEATHSIG), has its own session (Ctrl-C on the terminal reaches the runner only, which then ends its
 * machines in order), reads /dev/null, and what it prints goes to a file descriptor for the error text.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* An argument vector that grows; argv_free() takes an empty one. v is always NULL-terminated. */
struct argv {
	char **v;
	size_t n;
};
void argv_add(struct argv *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Two arguments: "-m" and the formatted one. */
void argv_opt(struct argv *a, const char *option, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void argv_free(struct argv *a);

/* Starts argv[0] (looked up in PATH). The descriptors keep[] stay open in the child under their own numbers, all
 * else is closed; its output goes to output_fd. Returns the pid, or -1 (also when the program can't be executed). */
pid_t process_spawn(const struct argv *a, const int *keep, size_t n_keep, int output_fd, struct error *err);

/* The same for a program that must not die with the caller, because it ends by itself, in order, when the caller's end of
 * its stream closes. */
pid_t process_spawn_heir(const struct argv *a, const int *keep, size_t n_keep, int output_fd, struct error *err);

/* The same for one whose standard input and output are stream_fd; what it prints to standard error goes to output_fd. */
pid_t process_spawn_stream(const struct argv *a, int stream_fd, int output_fd, struct error *err);

/* As process_spawn(), for a program that reads in_fd and says to out_fd what is not for output_fd, its standard error. */
pid_t process_spawn_talking(const struct argv *a, const int *keep, size_t n_keep, int in_fd, int out_fd, int output_fd,
			    struct error *err);

/* Waits until deadline_ns (of now_ns(); 0: only look) for the child's end and reaps it. 1: ended, *status is set;
 * 0: still runs. */
int process_wait(pid_t pid, int64_t deadline_ns, int *status);

/* SIGKILL, and reaps. */
void process_kill(pid_t pid, int *status);

/* "exit status 1", "killed by signal 9 (Killed)". Returns buf. */
char *process_status(int status, char buf[64]);

/* Is there an executable of this name in PATH? Its path goes to `path` (may be NULL). */
bool process_find(const char *name, char path[PATH_MAX]);

/* The first line that `program option` prints ("--version"), malloced; NULL: it can't be run, or prints none in 10 s. */
char *process_line(const char *program, const char *option);

/* A close-on-exec, nameless file of so many zero bytes. The descriptor, or -1. */
int memfd_new(const char *name, uint64_t size, struct error *err);

/* A connected pair of stream sockets with as much buffer as the system allows; `ours` is non-blocking. */
int socket_pair(int *ours, int *theirs, struct error *err);

/* A pipe that holds a megabyte if the system lets it; `ours` is the reading, non-blocking end. For serial ports: QEMU
 * writes byte by byte. A socket takes some 280 such writes before it is full, and each costs several times as much. */
int wide_pipe(int *ours, int *theirs, struct error *err);

/* All that was written to a memfd, at most the last `limit` bytes, as one line ("; " between lines). Malloced. */
char *memfd_text(int fd, size_t limit);
