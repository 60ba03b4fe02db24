// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include "base/util.h"

/* A worker's line holds the whole observation of a test. */
#define WORKER_LINE_MAX (256u << 20)

static _Noreturn void child(int (*work)(void *context, int fd), void *context, int fd, pid_t parent,
			    const sigset_t *mask)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)	/* the runner died before the request was in place */
		_exit(1);
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, mask, NULL);
	_exit(work(context, fd));
}

int worker_start(struct worker *w, int (*work)(void *context, int fd), void *context, const sigset_t *mask,
		 int64_t patience_ns, struct error *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, errno, "no pipe for a worker");
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid < 0) {
		int errnum = errno;
		close(fds[0]);
		close(fds[1]);
		return error_set(err, errnum, "no process for a worker");
	}
	if (pid == 0) {
		close(fds[0]);
		child(work, context, fds[1], parent, mask);
	}
	setpgid(pid, pid);	/* both sides do it, so that it is done before either relies on it */
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*w = (struct worker){
		.pid = pid,
		.fd = fds[0],
		.lines.max = WORKER_LINE_MAX,
		.deadline_ns = now_ns() + patience_ns,
	};
	return 0;
}

void worker_kill(const struct worker *w)
{
	if (w->pid > 0 && kill(-w->pid, SIGKILL) < 0)
		kill(w->pid, SIGKILL);
}

void worker_finish(struct worker *w, line_handler *handle, void *context)
{
	/* a grandchild may hold the pipe open: what is there counts, not its end */
	while (lines_read(&w->lines, w->fd, handle, context) > 0)
		;
	lines_release(&w->lines);
	close(w->fd);
	w->fd = -1;
	w->pid = 0;
}
