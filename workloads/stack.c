// SPDX-License-Identifier: GPL-2.0-or-later
/* The stack of the main thread, which the kernel extends in the page fault (mm/mmap.c:expand_stack). */
#include <alloca.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "oomload.h"

/* Room for the handler of SIGSEGV, which can't run on a stack that could not grow: the biggest vector registers fit. */
#define HANDLER_STACK 32768

static char *top;	/* what is held lies below this */

static int stack_open(struct load *l)
{
	struct rlimit before, now;
	getrlimit(RLIMIT_STACK, &before);
	/* The place for the stack is kept free at exec, by the limit of then. `unlimited` would mean another layout. */
	system_raise_limit(RLIMIT_STACK, UINT64_C(1) << 40);
	getrlimit(RLIMIT_STACK, &now);
	if (now.rlim_cur != before.rlim_cur) {
		failure f = system_exec();
		return error_say("%s: can't start over with a bigger stack: %s", l->kind->name, failure_name(f));
	}
	stack_t alt = { .ss_sp = system_scratch(HANDLER_STACK), .ss_size = HANDLER_STACK };
	if (!alt.ss_sp || sigaltstack(&alt, NULL) < 0)
		return error_say("%s: no memory for the signal handler", l->kind->name);
	char here;
	/* Below what serving orders uses, and what system_prefault() touched. */
	top = (char *)(((uintptr_t)&here - 65536) & ~(uintptr_t)(page_size - 1));
	return 0;
}

struct growth {
	char *low;
	uint64_t len, done;
	struct load *load;
};

/* Kernels before 4.20 extend the stack only for addresses near the stack pointer or above it: it goes down first. */
static __attribute__((noinline)) failure grow_down(void *arg)
{
	struct growth *g = arg;
	char here;
	volatile char *room = alloca((size_t)(&here - g->low));
	room[0] = 0;
	return fill_write(g->load, g->low, g->len, &g->done);
}

static failure stack_add(struct load *l, uint64_t bytes)
{
	struct growth g = { .len = bytes, .load = l };
	if (bytes > (uintptr_t)top / 2)
		return ENOMEM;
	g.low = top - l->total - bytes;
	failure f = fill_guard(grow_down, &g);	/* the very first access below the limit is a signal */
	l->total += g.done;
	return f;
}

static failure stack_drop(struct load *l, uint64_t bytes)
{
	if (madvise(top - l->total, bytes, MADV_DONTNEED) < 0)
		return errno;
	l->total -= bytes;
	return 0;
}

static uint64_t stack_touch(struct load *l)
{
	uint64_t done;
	fill_read(top - l->total, l->total, page_size, &done);
	return done;
}

const struct kind kind_stack = {
	.name = "stack",
	.help = "the stack of the main thread; `failed SIGSEGV` when it can't grow",
	.open = stack_open,
	.add = stack_add,
	.drop = stack_drop,
	.touch = stack_touch,
	.main_only = true,	/* to have room it starts the program over */
};
