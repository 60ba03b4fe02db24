// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A vfork() child that has not called exec: NAME/1 shares the memory, and from Linux 4.15 on it is never chosen
 * (mm/oom_kill.c:in_vfork). With own= it has memory of its own, as clone(2) gives without CLONE_VM, and is one like any
 * other. With sharers= NAME/2, … are processes with the same memory that are no vfork children. The parent's thread waits for
 * NAME/1, so that is one of its own; the main thread serves orders.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "anon.h"
#include "sharer.h"

#define STACK 32768

struct vforked {
	const char *name;
	char *stack;
	uint64_t own;		/* bytes; 0: it shares the parent's memory */
	int started[2];	/* the child says its pid, or the thread -1 */
};

static int run_child(void *arg)
{
	struct vforked *v = arg;
	int pid = (int)syscall(SYS_getpid);
	procs_child_init();
	system_set_comm_of_child(v->name, 1);
	if (v->own && mmap(NULL, v->own, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
		pid = -1;
	(void)!write(v->started[1], &pid, sizeof(pid));
	procs_hold();
}

static void *run_parent(void *arg)
{
	struct vforked *v = arg;
	system_prefault_stack();
	int pid = clone(run_child, v->stack + STACK, (v->own ? 0 : CLONE_VM) | CLONE_VFORK | SIGCHLD, v);
	if (pid < 0)
		(void)!write(v->started[1], &pid, sizeof(pid));
	return NULL;
}

static int vfork_open(struct load *l)
{
	static struct vforked v;
	pthread_attr_t attr;
	pthread_t id;
	uint64_t sharers;
	int pid = -1;
	v.name = l->name;
	v.stack = system_scratch(STACK);
	if (anon_open(l) || !load_arg_size(l, "own", 0, 0, UINT64_C(1) << 40, &v.own) ||
	    !load_arg_size(l, "sharers", 0, 0, PROCS_MAX - 1, &sharers))
		return -1;
	if (!v.stack || pipe2(v.started, O_CLOEXEC) < 0)
		return error_say("%s: %s", l->kind->name, failure_name(errno));
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	int f = pthread_create(&id, &attr, run_parent, &v);
	if (f)
		return error_say("%s: pthread_create: %s", l->kind->name, failure_name(f));
	if (read(v.started[0], &pid, sizeof(pid)) != sizeof(pid) || pid < 0)
		return error_say("%s: the child could not be made", l->kind->name);
	procs_add(pid);
	return sharers ? sharers_add(l, 2, (unsigned int)sharers, false) : 0;
}

const struct kind kind_vfork = {
	.name = "vfork",
	.help = "private anonymous memory that is also that of NAME/1, a vfork child that does not exec",
	.args = { { "own", "memory that the child has instead of the parent's, like 8M" },
		  { "sharers", "how many other processes have the parent's memory, too: NAME/2, …" } },
	.open = vfork_open,
	.add = anon_add,
	.drop = segment_drop_held,
	.touch = segment_touch,
	.close = segment_close,
	.main_only = true,
};
