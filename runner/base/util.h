/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few small things every module wants: comparison that can't be read backwards, cleanup on scope exit,
 * allocation that does not return on failure (for programs, not for parsers of hostile input), time.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* KVER(6, 12, 0): versions compare as numbers. A third part above 65535 is clamped by the caller. */
#define KVER(a, b, c) (((uint64_t)(a) << 32) | ((uint64_t)(b) << 16) | (uint64_t)(c))

static inline bool streq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static inline bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define CLEANUP_FREE __attribute__((cleanup(cleanup_freep)))
#define CLEANUP_FD __attribute__((cleanup(cleanup_closep)))
#define CLEANUP_FILE __attribute__((cleanup(cleanup_fclosep)))

/* Hands ownership on: the variable is NULL (or -1) afterwards. */
#define TAKE_PTR(p) ({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })
#define TAKE_FD(fd) ({ int taken_ = (fd); (fd) = -1; taken_; })

/* Allocation that ends the program with a sentence when memory is out. */
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t now_ns(void);

/* Reads a whole (small, /proc-like) file. Returns a malloced, NUL-terminated text, or NULL with errno set.
 * *len, if given, is the number of bytes read. Refuses more than `limit` bytes with EFBIG. */
char *read_whole_at(int dirfd, const char *path, size_t limit, size_t *len);

/* The file of a sysctl: "/proc/sys/vm/swappiness" of "vm.swappiness". Malloced. */
char *sysctl_path(const char *name);

/* The signals that end a program in order: SIGINT, SIGTERM, and SIGHUP unless it is ignored, as nohup(1) has it: one that is
 * blocked would come all the same. */
void ending_signals(sigset_t *set);

/* Writes all bytes, through EINTR and short writes. 0, or -1 with errno. */
int write_all(int fd, const void *data, size_t len);
