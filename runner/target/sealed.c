// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/util.h"

#define SECOND INT64_C(1000000000)
#define END_SECONDS 5

/* What the program started and did not wait for is the subreaper's now, and becomes so level by level as parents end. Children
 * that are in no list (no CONFIG_PROC_CHILDREN) are met by process group. */
static void end_children(pid_t program)
{
	CLEANUP_FREE char *path = xasprintf("/proc/self/task/%d/children", (int)syscall(SYS_gettid));
	do {
		CLEANUP_FREE char *list = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
		char *save = NULL;
		for (char *word = list ? strtok_r(list, " ", &save) : NULL; word; word = strtok_r(NULL, " ", &save))
			kill((pid_t)strtol(word, NULL, 10), SIGKILL);
		kill(-program, SIGKILL);
	} while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

/* Waits for the program's end or the lifeline's; then ends all, and exits with the program's status. */
static void __attribute__((noreturn)) keep_watch(pid_t program, int lifeline, bool first)
{
	int status = 0;
	int pidfd = (int)syscall(SYS_pidfd_open, program, 0);
	for (;;) {
		if (waitpid(program, &status, WNOHANG) != 0)
			break;
		struct pollfd p[] = { { .fd = lifeline }, { .fd = pidfd, .events = POLLIN } };
		poll(p, 2, pidfd < 0 ? 50 : -1);
		if (p[0].revents) {
			kill(program, SIGKILL);
			waitpid(program, &status, 0);
			break;
		}
	}
	/* The end of a namespace's first process is the end of all in it. */
	if (!first)
		end_children(program);
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* In the keeper. Reports through report_fd as soon as the program runs: 0, or an errno. */
static void __attribute__((noreturn)) keeper(const struct argv *a, const int *keep, size_t n_keep, int output_fd,
					     int lifeline, int report_fd, bool first)
{
	struct error err = { 0 };
	const struct rlimit no_core = { 0 };
	setsid();
	prctl(PR_SET_NAME, "oomtests-keeper");
	/* As a subreaper the keeper must outlive the runner to clean up: the lifeline tells it. */
	if (first)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	setrlimit(RLIMIT_CORE, &no_core);
	pid_t program = process_spawn(a, keep, n_keep, output_fd, &err);
	int errnum = program < 0 ? (err.errnum ? err.errnum : EIO) : 0;
	(void)!write(report_fd, &errnum, sizeof(errnum));
	if (program < 0)
		_exit(127);
	/* The machine's ends of sockets must be open in the machine only, or nobody sees them close. */
	int null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	dup2(lifeline, 3);
	if (syscall(SYS_close_range, 4, ~0U, 0) < 0)
		for (int fd = 4; fd < 1024; fd++)
			close(fd);
	keep_watch(program, 3, first);
}

int sealed_spawn(struct sealed *s, const struct argv *a, const int *keep, size_t n_keep, int output_fd, struct error *err)
{
	/* Root may make the namespace alone; everybody else inside a user namespace, where that is allowed. */
	static const unsigned long flags[] = { CLONE_NEWPID, CLONE_NEWPID | CLONE_NEWUSER, 0 };
	int life[2], report[2], errnum = EIO;
	if (pipe2(life, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe");
	const char *how = getenv("OOMTESTS_SEAL");
	pid_t pid = -1;
	for (size_t i = streq(how, "session") ? 2 : 0; pid < 0 && i < ARRAY_SIZE(flags); i++) {
		pid = (pid_t)syscall(SYS_clone, flags[i] | SIGCHLD, NULL, NULL, NULL, NULL);
		if (pid == 0) {
			close(life[1]);
			close(report[0]);
			keeper(a, keep, n_keep, output_fd, life[0], report[1], flags[i]);
		}
	}
	int fork_errno = errno;
	close(life[0]);
	close(report[1]);
	ssize_t n = pid > 0 ? read(report[0], &errnum, sizeof(errnum)) : 0;
	close(report[0]);
	if (pid < 0 || n != (ssize_t)sizeof(errnum) || errnum) {
		close(life[1]);
		if (pid > 0)
			process_kill(pid, NULL);
		return error_set(err, pid < 0 ? fork_errno : errnum, "cannot start %s", a->v[0]);
	}
	*s = (struct sealed){ .pid = pid, .lifeline = life[1] };
	return 0;
}

int sealed_end(struct sealed *s, int64_t deadline_ns, bool *ended)
{
	int status;
	*ended = process_wait(s->pid, deadline_ns, &status);
	close(s->lifeline);
	if (!*ended && !process_wait(s->pid, now_ns() + END_SECONDS * SECOND, &status))
		process_kill(s->pid, &status);
	*s = (struct sealed){ .lifeline = -1 };
	return status;
}
