// SPDX-License-Identifier: GPL-2.0-or-later
/* Other processes with the same memory, by clone(CLONE_VM): the kernel kills them with the victim, without a line. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "anon.h"
#include "sharer.h"

#define STACK 32768

struct sharer {
	const char *name;
	unsigned int i;
	char *thread_stack;	/* NULL: one thread is all of it */
	int start[2];
};

static int run_thread(void *arg)
{
	struct sharer *s = arg;
	system_outlive_leader();
	procs_start_done(s->start);
	procs_hold();
}

static int run_sharer(void *arg)
{
	struct sharer *s = arg;
	procs_child_init();
	system_set_comm_of_child(s->name, s->i);
	if (s->thread_stack) {
		clone(run_thread, s->thread_stack + STACK,
		      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, s);
		syscall(SYS_exit, 0);	/* this thread alone; where there is no other, the parent sees an end of file */
	}
	procs_start_done(s->start);	/* its descriptors are copies */
	procs_hold();
}

int sharers_add(struct load *l, unsigned int first, unsigned int n, bool headless)
{
	struct sharer *sharers = system_scratch(n * sizeof(*sharers));
	for (unsigned int i = 0; sharers && i < n; i++) {
		struct sharer *s = &sharers[i];
		char *stack = system_scratch(STACK);
		s->name = l->name;
		s->i = first + i;
		s->thread_stack = headless ? system_scratch(STACK) : NULL;
		bool room = stack && (s->thread_stack || !headless);
		int pid = room && procs_start_begin(s->start) == 0 ? clone(run_sharer, stack + STACK, CLONE_VM | SIGCHLD, s) : -1;
		if (pid < 0 || !procs_start_wait(s->start))
			return error_say("%s: clone: %s", l->kind->name, failure_name(errno));
		procs_add(pid);
	}
	return sharers ? 0 : error_say("%s: no memory for its book-keeping", l->kind->name);
}

static int sharer_open(struct load *l)
{
	uint64_t n, headless;
	if (anon_open(l) || !load_arg_size(l, "n", 1, 1, PROCS_MAX, &n) || !load_arg_size(l, "headless", 0, 0, 1, &headless))
		return -1;
	return sharers_add(l, 1, (unsigned int)n, headless);
}

const struct kind kind_sharer = {
	.name = "sharer",
	.help = "private anonymous memory that is also that of NAME/1, NAME/2, ..., which are processes (CLONE_VM)",
	.args = { { "n", "how many other processes, default 1" },
		  { "headless", "1: the first thread of each of them has ended, and another goes on" } },
	.open = sharer_open,
	.add = anon_add,
	.drop = segment_drop_held,
	.touch = segment_touch,
	.close = segment_close,
	.main_only = true,
};
