// SPDX-License-Identifier: GPL-2.0-or-later
/* Child processes that each hold a share, or all of the same shared memory. The parent is small, unless weights= says otherwise. */
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shares.h"

static void run_child(struct load *l, struct shares *s, unsigned int i, int fd) __attribute__((noreturn));
static void run_child(struct load *l, struct shares *s, unsigned int i, int fd)
{
	procs_child_init();
	system_set_comm_of_child(l->name, i);
	for (unsigned int k = 0; k < i; k++)
		close(s->worker[k].fd);	/* the parent's ends: a worker must see when that is gone */
	fill_reseed();
	struct load mine = s->own;
	/* Memory is the child's own, unless all hold the same. */
	bool bad = !s->whole && mine.kind->open && mine.kind->open(&mine);
	worker_started(fd, bad ? EINVAL : 0);	/* it said why */
	if (bad)
		_exit(2);
	worker_serve(&mine, fd);
	procs_hold();	/* the parent is dead; children live on, as children do */
}

static int start_child(struct load *l, unsigned int i)
{
	struct shares *s = l->priv;
	int fd;
	if (worker_connect(&s->worker[i - 1], &fd) < 0)
		return error_say("%s: socketpair: %s", l->kind->name, failure_name(errno));
	pid_t pid = fork();
	if (pid < 0)
		return error_say("%s: fork: %s", l->kind->name, failure_name(errno));
	if (!pid)
		run_child(l, s, i, fd);
	close(fd);
	procs_add(pid);
	/* `ready` means that all children stand still. */
	failure f = worker_await_start(&s->worker[i - 1]);
	return f ? error_say("%s: child %u could not start", l->kind->name, (uint64_t)i) : 0;
}

static int children_open(struct load *l)
{
	const char *mem = load_arg(l, "mem");
	uint64_t shared, pidns;
	if (!load_arg_size(l, "shared", 0, 0, 1, &shared) || !load_arg_size(l, "pidns", 0, 0, 1, &pidns))
		return -1;
	if (mem && shared)
		return error_say("%s: mem= and shared=1 exclude each other", l->kind->name);
	const struct kind *kind = kind_find(shared ? "memfd" : mem ? mem : "anon");
	if (!kind || !kind->add || kind->main_only)
		return error_say("%s: mem=%s: no kind that a child can hold", l->kind->name, mem);
	if (shares_open(l, 4, kind))
		return -1;
	struct shares *s = l->priv;
	s->whole = shared;
	if (kind->open && kind->open(&s->own))
		return -1;
	if (pidns && unshare(CLONE_NEWPID) < 0)
		return error_say("%s: pidns=1: unshare: %s", l->kind->name, failure_name(errno));
	for (unsigned int i = 1; i <= s->n; i++)
		if (start_child(l, i))
			return -1;
	return 0;
}

static void children_close(struct load *l)
{
	struct shares *s = l->priv;
	procs_end();
	if (s->own.kind->close && s->own.total)
		s->own.kind->close(&s->own);
	l->total = 0;
}

const struct kind kind_children = {
	.name = "children",
	.help = "child processes that hold a share each; they are NAME/1, NAME/2, ... and outlive the parent",
	.args = {
		SHARES_ARGS("children"),
		{ "mem", "the kind of memory they hold, default anon" },
		{ "shared", "1: all hold the same shared memory" },
		{ "pidns", "1: in a PID namespace of their own; NAME/1 is its init" },
	},
	.open = children_open,
	.resize = shares_resize,
	.touch = shares_touch,
	.close = children_close,
};
