// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --exec: the user's command for an event. It gets the event as JSON on standard input and the chief of it in the environment.
 * Nobody waits for it; when too many of them run, further events are only counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/util.h"
#include "watch/state.h"

/* The JSON as a file, so that a command that does not read can't hold us up. */
static int input_of(const char *json)
{
	int fd = memfd_create("event", MFD_CLOEXEC);
	if (fd >= 0 && (write_all(fd, json, strlen(json)) < 0 || write_all(fd, "\n", 1) < 0 || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

void exec_run(struct watch *w, const char *type, const char *text, const char *json)
{
	size_t slot = 0;
	while (slot < ARRAY_SIZE(w->children) && w->children[slot])
		slot++;
	if (slot == ARRAY_SIZE(w->children)) {
		w->exec_skipped++;
		return;
	}
	CLEANUP_FD int in = input_of(json);
	pid_t pid = in >= 0 ? fork() : -1;
	if (pid < 0) {
		w->exec_skipped++;
		return;
	}
	if (pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		dup2(in, STDIN_FILENO);
		setenv("OOMTESTS_EVENT", type, 1);
		setenv("OOMTESTS_TEXT", text, 1);
		execl("/bin/sh", "sh", "-c", w->options->exec, (char *)NULL);
		_exit(127);
	}
	w->children[slot] = pid;
}

void exec_reap(struct watch *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(w->children); i++)
		if (w->children[i] && waitpid(w->children[i], NULL, WNOHANG) != 0)
			w->children[i] = 0;
}
