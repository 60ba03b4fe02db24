// SPDX-License-Identifier: GPL-2.0-or-later
/* A task that shares all of its memory with PID 1, which the agent is in a guest. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "agent/agent.h"
#include "agent/proc.h"
#include "agent/spawn.h"

#define STACK_BYTES 16384

/* Lives in the agent's memory, errno and all: only system calls that touch none of it. */
static int stay(void *name)
{
	syscall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0);
	while (syscall(SYS_pause))
		;
	return 0;
}

static int set_adj(pid_t pid, int adj)
{
	CLEANUP_FREE char *path = xasprintf("/proc/%d/oom_score_adj", (int)pid);
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || dprintf(fd, "%d", adj) < 0 ? -1 : 0;
}

int spawn_beside_init(struct agent *a, struct task *t, struct error *err)
{
	const json_t *adj = json_object_get(t->spec, "adj");
	struct proc_stat st;
	if (getpid() != 1)
		return error_set(err, 0, "task %s: kind init shares the memory of PID 1, and the agent is %d", t->name, (int)getpid());
	char *stack = xcalloc(1, STACK_BYTES);	/* kept: who runs on it is ended only when the agent ends */
	t->pid = clone(stay, stack + STACK_BYTES, CLONE_VM | SIGCHLD, t->name);
	if (t->pid < 0) {
		t->pid = 0;
		free(stack);
		return error_set(err, errno, "starting %s", t->name);
	}
	t->start = proc_read_stat(t->pid, &st) == 0 ? st.start : 0;
	if (json_is_integer(adj) && set_adj(t->pid, (int)json_integer_value(adj)) < 0)
		return error_set(err, errno, "oom_score_adj of %s", t->name);
	t->running = t->ready = true;
	timeline_watch(a, t);
	return 0;
}
