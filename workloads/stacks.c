// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel stacks: threads that only sleep. Each has a stack of the kernel's, 16K on x86-64, and a task_struct, which the cgroup is
 * charged for (kernel/fork.c:dup_task_struct); of user memory it takes next to nothing. Nobody wakes one to take it back.
 */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "oomload.h"

#define THREADS_MAX 16384
#define USER_STACK 512		/* it runs one function and one system call, and takes no signal */

struct stacks {
	unsigned int n;
	uint64_t each;
	char (*user)[USER_STACK];
};

static int sleep_for_ever(void *arg) __attribute__((noreturn));
static int sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static int stacks_open(struct load *l)
{
	struct stacks *s = system_scratch(sizeof(*s));
	if (!s || !(s->user = system_scratch((size_t)THREADS_MAX * USER_STACK)))
		return error_say("%s: no memory for its book-keeping", l->kind->name);
	l->priv = s;
	return load_arg_size(l, "each", 20480, 4096, 1 << 20, &s->each) ? 0 : -1;
}

static uint64_t stacks_unit(struct load *l)
{
	const struct stacks *s = l->priv;
	return s->each;
}

static failure stacks_add(struct load *l, uint64_t bytes)
{
	static const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	struct stacks *s = l->priv;
	for (uint64_t end = l->total + bytes; l->total < end; l->total += s->each, s->n++) {
		if (s->n == THREADS_MAX)
			return EAGAIN;
		if (clone(sleep_for_ever, s->user[s->n] + USER_STACK, flags, NULL) < 0)
			return errno;
	}
	return 0;
}

const struct kind kind_stacks = {
	.name = "stacks",
	.help = "kernel stacks of threads that sleep; it only grows, and the bytes are an estimate",
	.args = { { "each", "bytes that one thread is taken for, default 20480" } },
	.open = stacks_open,
	.add = stacks_add,
	.drop = load_never_drop,
	.touch = load_held,
	.unit = stacks_unit,
	.main_only = true,
};
