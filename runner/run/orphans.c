// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/orphans.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/util.h"

/* Reaps what has ended. Is any child left? */
static bool any_left(void)
{
	pid_t pid;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		;
	return pid == 0;
}

static void kill_children(void)
{
	CLEANUP_FREE char *path = xasprintf("/proc/self/task/%d/children", (int)getpid());
	CLEANUP_FREE char *list = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
	char *rest = list, *word;
	while (rest && (word = strsep(&rest, " \n"))) {
		if (*word)
			kill((pid_t)strtol(word, NULL, 10), SIGKILL);
	}
}

void orphans_end(int signal_fd, int64_t deadline_ns)
{
	bool killed = false;
	while (any_left()) {
		int64_t left = deadline_ns - now_ns();
		if (left <= 0 && killed)
			return;	/* in the kernel's hands: a task that SIGKILL does not end at once */
		if (left <= 0) {
			kill_children();
			killed = true;
			deadline_ns = now_ns() + INT64_C(5) * 1000000000;
			continue;
		}
		struct pollfd fd = { .fd = signal_fd, .events = POLLIN };
		struct signalfd_siginfo info;
		poll(&fd, 1, (int)(left / 1000000) + 1);
		/* a signal to stop, too: no patience any more */
		while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
			if (info.ssi_signo != SIGCHLD)
				deadline_ns = 0;
		}
	}
}
