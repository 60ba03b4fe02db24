// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/paths.h"
#include "base/util.h"

/* In the child: both streams of the script go to the pipe, and it is told to stop when its parent dies. */
static void exec_script(const char *script, const char *name, bool update, int out, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	int null = open("/dev/null", O_RDONLY);
	if (getppid() != parent || null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	execl(script, script, "--porcelain", name, update ? "--update" : NULL, NULL);
	dprintf(1, "error can't run %s: %s\n", script, strerror(errno));
	_exit(127);
}

struct answer {
	char *dir;		/* "done DIR" */
	char *error;		/* "error TEXT", or the last line that is neither */
	bool said;		/* the error is the script's own word */
};

static void keep(char **place, const char *text)
{
	free(*place);
	*place = xstrdup(text);
}

static void read_answer(FILE *f, struct answer *a, kernel_progress *progress, void *arg)
{
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	for (ssize_t len; (len = getline(&line, &room, f)) >= 0;) {
		if (len && line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (starts_with(line, "progress ")) {
			if (progress)
				progress(line + strlen("progress "), arg);
		} else if (starts_with(line, "done ")) {
			keep(&a->dir, line + strlen("done "));
		} else if (starts_with(line, "error ")) {
			keep(&a->error, line + strlen("error "));
			a->said = true;
		} else if (!a->said) {
			keep(&a->error, line);
		}
	}
}

char *fetch_kernel(const char *name, bool update, kernel_progress *progress, void *arg, struct error *err)
{
	CLEANUP_FREE char *script = find_program("fetch-kernel", err);
	if (!script)
		return NULL;
	int pipefd[2];
	if (pipe2(pipefd, O_CLOEXEC) < 0) {
		error_set(err, errno, "can't make a pipe");
		return NULL;
	}
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		exec_script(script, name, update, pipefd[1], parent);
	int errnum = errno;
	close(pipefd[1]);
	CLEANUP_FILE FILE *f = fdopen(pipefd[0], "r");
	if (pid < 0 || !f) {
		error_set(err, errnum, "can't start %s", script);
		if (!f)
			close(pipefd[0]);
		return NULL;
	}
	struct answer a = { 0 };
	read_answer(f, &a, progress, arg);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!(WIFEXITED(status) && WEXITSTATUS(status) == 0 && a.dir)) {
		if (WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) >= 128))
			error_set(err, 0, "fetching %s was interrupted", name);
		else
			error_set(err, 0, "can't fetch %s: %s", name, a.error ? a.error : "fetch-kernel gave no reason");
		if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
			error_is_input(err);
		free(TAKE_PTR(a.dir));
	}
	free(a.error);
	return a.dir;
}
