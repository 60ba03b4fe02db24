/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oomload holds memory in one way (a kind), takes orders on a control stream, and otherwise keeps still: a task that
 * holds must neither allocate nor change its RSS, because the kernel's choice of a victim is being measured to the
 * page. Hence the rules of this directory: no malloc, no stdio; everything an order needs is faulted in before `ready`;
 * a failed allocation is an answer ("failed ENOMEM 4096"), never an exit.
 *
 * A kind is one file with one public `struct kind`, listed in kinds.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * How an operation failed: 0 is success, a positive number an errno, FAILED_BY_SIGNAL + N the signal N (SIGBUS when a
 * mapped file or huge page could not be had, SIGSEGV when the stack could not grow).
 */
typedef int failure;
#define FAILED_BY_SIGNAL 10000

struct segment {
	char *start;
	uint64_t len;	/* bytes, whole pages */
};

/* What new anonymous memory is filled with. */
enum contents {
	CONTENTS_RANDOM,	/* no page is like another */
	CONTENTS_ALIKE,		/* all pages are the same, for KSM */
	CONTENTS_SPARSE,	/* a word and zeros, for what compresses */
};

/* One holder of memory: the process itself, or one child or thread of a kind with several. */
struct load {
	const struct kind *kind;
	const char *name;	/* the comm, at most 15 bytes, any bytes */
	char **args;		/* "key=value", checked against kind->args; NULL-terminated */
	uint64_t total;		/* bytes held */
	bool by_faults;		/* fill by page faults of user mode, as a program does, not by the faster way */
	struct segment seg[32];	/* for kinds that map: all that is mapped, merged; the newest last */
	unsigned int n_seg;
	int fd;			/* for kinds over one file, or -1 */
	int advice;		/* madvise() for new anonymous memory, or -1 */
	uint64_t nodes;		/* mbind() new anonymous memory to these, or 0 */
	enum contents contents;	/* of new anonymous memory */
	void *priv;
};

struct arg {
	const char *key, *help;
};

struct kind {
	const char *name, *help;
	struct arg args[8];	/* up to the first without a key */
	const char *unimplemented_reason;	/* not NULL: this platform lacks it, and why; the rest may be NULL */
	/* Takes the arguments and starts what the kind needs; nothing is held yet. Says why (error_say) and returns
	 * non-zero when it can't. NULL: nothing to do. */
	int (*open)(struct load *l);
	/* Holds `bytes` more (a multiple of the unit), adding to l->total what it got, also when it fails. */
	failure (*add)(struct load *l, uint64_t bytes);
	/* Frees `bytes`, subtracting from l->total. */
	failure (*drop)(struct load *l, uint64_t bytes);
	/* Instead of add and drop, for kinds with several holders: l->total becomes target. */
	failure (*resize)(struct load *l, uint64_t target);
	/* Reads everything that is held, and returns how many bytes that was. */
	uint64_t (*touch)(struct load *l);
	/* Lets go of everything and ends other processes, before exit and exec. NULL: the kernel does it. */
	void (*close)(struct load *l);
	uint64_t (*unit)(struct load *l);	/* sizes are rounded up to this; NULL: the page size */
	bool main_only;	/* can't be what a child of another kind holds */
	/* Instead of `ready` and serving orders in the thread that called main(): does both in another. Returns on
	 * failure. */
	int (*serve_elsewhere)(struct load *l, void (*serve)(struct load *l));
};

/* kinds.c: ends with NULL. */
extern const struct kind *const kinds[];
const struct kind *kind_find(const char *name);
/* True if all args are "key=value" with keys that the kind knows; otherwise says which is not. */
bool kind_takes(const struct kind *k, char **args);
/* All kinds with their arguments, for people. */
void kinds_list(int fd);

/* load.c */
extern uint64_t page_size;
/* The value of an argument, or NULL. */
const char *load_arg(const struct load *l, const char *key);
/* The value as a size within [min, max], or `otherwise` without the argument. Says what is wrong and returns false. */
bool load_arg_size(const struct load *l, const char *key, uint64_t otherwise, uint64_t min, uint64_t max,
		   uint64_t *value);
/* Makes l->total the target (rounded up to the unit). */
failure load_resize(struct load *l, uint64_t target);
uint64_t load_unit(struct load *l);
/* For kinds that only grow: a drop that refuses, and a touch that takes what is held for granted. */
failure load_never_drop(struct load *l, uint64_t bytes);
uint64_t load_held(struct load *l);

/* fill.c: what pages are filled with, and surviving the signal of a page that can't be had. */
void fill_init(void);
/* A forked child's pages differ from its parent's. */
void fill_reseed(void);
/* Writes [p, p + len) with pages that don't compress and are unlike each other. *done: bytes written, in whole
 * pages. */
failure fill_write(struct load *l, char *p, uint64_t len, uint64_t *done);
/* The same for private memory that was mapped just now. */
failure fill_write_new(struct load *l, char *p, uint64_t len, uint64_t *done);
/* Reads one byte of every `stride` bytes. *done as above, in strides. */
failure fill_read(const char *p, uint64_t len, uint64_t stride, uint64_t *done);
#define FILL_BLOCK 4096
/* A block that is unlike the last one, for write(); and room for read(). The same room, for one thread only. */
const void *fill_block(void);
void *fill_room(void);
/* Runs fn(arg) and returns FAILED_BY_SIGNAL + N if SIGBUS or SIGSEGV ended it, else what it returned. */
failure fill_guard(failure (*fn)(void *arg), void *arg);

/* segment.c: mapped memory of one holder. */
/* Records a mapping that is filled; merges with a neighbour. ENOSPC when the table is full. */
failure segment_add(struct load *l, char *start, uint64_t len);
/* Unmaps the newest `bytes`. */
void segment_drop(struct load *l, uint64_t bytes);
/* The same, of l->total too: a drop for struct kind. */
failure segment_drop_held(struct load *l, uint64_t bytes);
uint64_t segment_touch(struct load *l);
void segment_close(struct load *l);
#define HUGE_PAGE (UINT64_C(2) << 20)	/* of x86-64 and others with pages of 4 KiB */
/* Maps `bytes` of anonymous memory whose start is a multiple of `align`; MAP_FAILED and errno. */
char *segment_map(uint64_t bytes, uint64_t align, int prot, int flags);
/* Maps `bytes` of anonymous memory, fills it, runs `then` (or NULL) on it, records it. What can't be filled is
 * unmapped. */
failure segment_add_anon(struct load *l, uint64_t bytes, int flags,
			 failure (*then)(struct load *l, char *p, uint64_t len));

/* system.c */
/* Faults in the program, its data and some stack. */
void system_prefault(void);
/* Only the stack: for a thread. */
void system_prefault_stack(void);
/* In another thread of a process whose first one is about to end: waits until it has. */
void system_outlive_leader(void);
/* Raises a resource limit to `most`, or as far as this process may. */
void system_raise_limit(int which, uint64_t most);
void system_set_comm(const char *name);
/* NAME/I, cut to what a comm holds. */
void system_set_comm_of_child(const char *name, unsigned int i);
/* Starts this program over with the arguments it had. Returns only when that failed. */
failure system_exec(void);
extern char **system_argv;
/* Memory for a kind's own book-keeping, zeroed, faulted in as it is used: by orders only. NULL with errno. */
void *system_scratch(size_t size);

/* procs.c: the other processes of this workload. */
#define PROCS_MAX 512	/* more than kernel.pid_max can be lowered to (kernel/pid.c:pid_max_min, 301) */
/* Records a child, and says so once `ready` has been said. Returns its number (from 1), or 0 when there are too
 * many. */
unsigned int procs_add(pid_t pid);
/* The pid of child i while it lives, 0 otherwise. */
pid_t procs_pid(unsigned int i);
/* The same for the number that is the only word of a call's arguments; -1: it is none. */
pid_t procs_named(char **args);
/* Says all children; from now on procs_add() says them itself. */
void procs_say_all(void);
/* Waits without blocking for children that ended, and says so. Only the recorded ones are waited for. */
void procs_reap(void);
/* Kills and waits for all, silently. */
void procs_end(void);
/* The first thing in a child. */
void procs_child_init(void);
/* Lets a parent wait until its child has started up: before the fork; in the child at the end of its start; in the
 * parent. */
int procs_start_begin(int fd[2]);
void procs_start_done(const int fd[2]);
bool procs_start_wait(const int fd[2]);
/* Keeps a child of this workload until the other end of the control stream goes away, then exits. Touches nothing. */
void procs_hold(void) __attribute__((noreturn));

/* control.c */
extern int control_in, control_out;
void control_init(void);
/* What poll() with POLLRDHUP says of a control stream whose other end was closed. Never of standard input. */
bool control_gone(short revents);
/* Serves orders until `quit` or the end of input, then exits. */
void control_serve(struct load *l) __attribute__((noreturn));
/* "ready PID" and the children. */
void control_say_ready(void);

/* call.c: the `call` order. `order` is what follows the word. Answers by itself. */
void call_run(struct load *l, char *order);
/* All calls with their arguments, for people. */
void calls_list(int fd);
