// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oomload.h"

static pid_t procs[PROCS_MAX];	/* 0: ended */
static unsigned int n_procs;
static bool said;

static void say_child(unsigned int i)
{
	say(control_out, "child %u %u", (uint64_t)i, (uint64_t)procs[i - 1]);
}

unsigned int procs_add(pid_t pid)
{
	if (n_procs == PROCS_MAX)
		return 0;
	procs[n_procs++] = pid;
	if (said)
		say_child(n_procs);
	return n_procs;
}

pid_t procs_pid(unsigned int i)
{
	return i >= 1 && i <= n_procs ? procs[i - 1] : 0;
}

pid_t procs_named(char **args)
{
	int64_t i;
	char *word = next_word(args);
	if (!word || next_word(args) || !parse_int(word, 1, PROCS_MAX, &i))
		return -1;
	return procs_pid((unsigned int)i);
}

void procs_say_all(void)
{
	said = true;
	for (unsigned int i = 1; i <= n_procs; i++)
		say_child(i);
}

void procs_reap(void)
{
	for (unsigned int i = 1; i <= n_procs; i++) {
		int status;
		/* __WALL: a child by clone() may end with another signal than SIGCHLD. */
		if (!procs[i - 1] || waitpid(procs[i - 1], &status, WNOHANG | __WALL) <= 0 || WIFSTOPPED(status))
			continue;
		procs[i - 1] = 0;
		say(control_out, "childexit %u %u %u", (uint64_t)i, (uint64_t)(WIFSIGNALED(status) ? WTERMSIG(status) : 0),
		    (uint64_t)(WIFEXITED(status) ? WEXITSTATUS(status) : 0));
	}
}

void procs_end(void)
{
	for (unsigned int i = 0; i < n_procs; i++)
		if (procs[i])
			kill(procs[i], SIGKILL);
	/* The init of a PID namespace ends only when the others in it have been waited for. */
	for (unsigned int i = n_procs; i-- > 0;) {
		while (procs[i] && waitpid(procs[i], NULL, __WALL) < 0 && errno == EINTR)
			;
		procs[i] = 0;
	}
}

void procs_child_init(void)
{
	/* A holder outlives its parent, as any process does; only when nobody listens any more it must not be left over.
	 * Standard input may be at its end while orders are still to be read from it: then it does go with its parent. */
	if (control_in != 3)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

int procs_start_begin(int fd[2])
{
	return pipe2(fd, O_CLOEXEC);
}

void procs_start_done(const int fd[2])
{
	close(fd[0]);
	(void)!write(fd[1], "", 1);
	close(fd[1]);
}

bool procs_start_wait(const int fd[2])
{
	char c;
	ssize_t n;
	close(fd[1]);	/* a child that dies is an end of file */
	while ((n = read(fd[0], &c, 1)) < 0 && errno == EINTR)
		;
	close(fd[0]);
	return n == 1;
}

void procs_hold(void)
{
	struct pollfd p = { .fd = control_in, .events = POLLRDHUP };
	do
		p.revents = 0;
	while (poll(&p, control_in == 3, -1) < 0 || !control_gone(p.revents));
	_exit(0);
}
