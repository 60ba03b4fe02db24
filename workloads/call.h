/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls of the `call` order: one table per file, all of one form. */
#pragma once

#include "oomload.h"

struct result {
	int64_t value;	/* of the system call, or what the call reads */
	int errnum;	/* 0: ok */
};

struct call {
	const char *name, *args, *help;
	/* args is the rest of the line; a call that does not understand it returns BAD_ARGS. */
	struct result (*run)(struct load *l, char *args);
};

#define BAD_ARGS ((struct result){ -1, -1 })

/* What a system call returned, with errno if that was -1. */
struct result result_of(int64_t ret);

/* NULL: there is none of this name. */
const struct call *call_find(const char *name);

/*
 * What the calls mmap and mprotect mapped last (call_memory.c); it is theirs. NULL, with the answer in no: more is said in args,
 * or nothing is mapped.
 */
const struct segment *last_map(char *args, struct result *no);

/* A part of it, which args begins with: FROM SIZE. NULL, with the answer in no, too, where it has no such part. */
char *last_part(char **args, uint64_t *size, struct result *no);

/* Makes what was mapped the last mapping. MAP_FAILED: errno is the result. One too many is unmapped: ENOSPC. */
struct result keep_map(void *p, uint64_t size);

/* Sets a limit of the process (RLIMIT_…), and raises the hard one where that is lower, which takes CAP_SYS_RESOURCE (call_rights.c). */
struct result limit_to(int which, uint64_t value);

/* Each ends with a row without a name. */
extern const struct call memory_calls[];	/* call_memory.c */
extern const struct call mapped_calls[];	/* call_mapped.c */
extern const struct call lock_calls[];	/* call_lock.c */
extern const struct call held_calls[];	/* call_held.c */
extern const struct call process_calls[];	/* call_process.c */
extern const struct call trace_calls[];	/* call_trace.c */
extern const struct call exec_calls[];	/* call_exec.c */
extern const struct call rights_calls[];	/* call_rights.c */
extern const struct call machine_calls[];	/* call_machine.c */
extern const struct call policy_calls[];	/* call_policy.c */
extern const struct call file_calls[];	/* call_file.c */
extern const struct call hold_calls[];	/* call_hold.c */
extern const struct call notify_calls[];	/* call_notify.c */
extern const struct call mutex_calls[];	/* call_mutex.c */
extern const struct call segment_calls[];	/* call_segment.c */
extern const struct call kernel_calls[];	/* call_kernel.c */
extern const struct call generation_calls[];	/* call_generations.c */
extern const struct call wrapped_calls[];	/* call_wrapped.c */
