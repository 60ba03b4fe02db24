// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/util.h"
#include "target/console.h"

static void argv_push(struct argv *a, char *s)
{
	a->v = xrealloc(a->v, a->n + 2, sizeof(*a->v));
	a->v[a->n++] = s;
	a->v[a->n] = NULL;
}

void argv_add(struct argv *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	argv_push(a, s ? s : xstrdup(""));
}

void argv_opt(struct argv *a, const char *option, const char *fmt, ...)
{
	va_list ap;
	char *s;
	argv_push(a, xstrdup(option));
	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	argv_push(a, s ? s : xstrdup(""));
}

void argv_free(struct argv *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	*a = (struct argv){ 0 };
}

/* In the child, after fork: only system calls. Reports errno through report_fd (close-on-exec) and ends. */
static void __attribute__((noreturn)) become(const struct argv *a, const int *keep, size_t n_keep, int in_fd, int out_fd,
					     int output_fd, int report_fd, bool heir)
{
	int errnum;
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		signal(sig, SIG_DFL);
	setsid();
	/* The signal is lost when the parent died before prctl(): then nobody reads the pipe any more. getppid() would not
	 * do: in a new PID namespace it is 0. */
	struct pollfd p = { .fd = report_fd };
	if (prctl(PR_SET_PDEATHSIG, heir ? 0 : SIGKILL) < 0)
		goto fail;
	if (poll(&p, 1, 0) > 0)
		_exit(127);
	int null = open("/dev/null", O_RDWR);
	int output = output_fd >= 0 ? output_fd : null;
	if (null < 0 || dup2(in_fd >= 0 ? in_fd : null, STDIN_FILENO) < 0 ||
	    dup2(out_fd >= 0 ? out_fd : output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		goto fail;
	/* Whatever the caller held open without close-on-exec ends here; keep[] is opened again below. */
	syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC; absent before 5.11, and then ours are cloexec anyway */);
	for (size_t i = 0; i < n_keep; i++)
		if (keep[i] >= 0 && fcntl(keep[i], F_SETFD, 0) < 0)
			goto fail;
	execvp(a->v[0], a->v);
fail:
	errnum = errno;
	(void)!write(report_fd, &errnum, sizeof(errnum));
	_exit(127);
}

static pid_t spawn(const struct argv *a, const int *keep, size_t n_keep, int in_fd, int out_fd, int output_fd, bool heir,
		   struct error *err)
{
	int report[2], errnum = 0;
	if (pipe2(report, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe");
	pid_t pid = fork();
	if (pid == 0) {
		close(report[0]);
		become(a, keep, n_keep, in_fd, out_fd, output_fd, report[1], heir);
	}
	int fork_errno = errno;
	close(report[1]);
	ssize_t n = pid > 0 ? read(report[0], &errnum, sizeof(errnum)) : 0;
	close(report[0]);
	if (pid < 0)
		return error_set(err, fork_errno, "cannot start %s", a->v[0]);
	if (n == (ssize_t)sizeof(errnum)) {
		waitpid(pid, NULL, 0);
		return error_set(err, errnum, "cannot start %s", a->v[0]);
	}
	return pid;
}

pid_t process_spawn(const struct argv *a, const int *keep, size_t n_keep, int output_fd, struct error *err)
{
	return spawn(a, keep, n_keep, -1, -1, output_fd, false, err);
}

pid_t process_spawn_heir(const struct argv *a, const int *keep, size_t n_keep, int output_fd, struct error *err)
{
	return spawn(a, keep, n_keep, -1, -1, output_fd, true, err);
}

pid_t process_spawn_stream(const struct argv *a, int stream_fd, int output_fd, struct error *err)
{
	return spawn(a, NULL, 0, stream_fd, stream_fd, output_fd, true, err);
}

pid_t process_spawn_talking(const struct argv *a, const int *keep, size_t n_keep, int in_fd, int out_fd, int output_fd,
			    struct error *err)
{
	return spawn(a, keep, n_keep, in_fd, out_fd, output_fd, false, err);
}

int process_wait(pid_t pid, int64_t deadline_ns, int *status)
{
	CLEANUP_FD int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	for (;;) {
		pid_t got = waitpid(pid, status, WNOHANG);
		if (got == pid)
			return 1;
		if (got < 0 && errno != EINTR) {
			*status = 0;	/* reaped by someone else: gone in any case */
			return 1;
		}
		int64_t left = (deadline_ns - now_ns()) / 1000000;
		if (left <= 0)
			return 0;
		/* Kernels before 5.3 have no pidfd: then look every 5 ms. */
		struct pollfd p = { .fd = fd, .events = POLLIN };
		poll(&p, 1, fd < 0 && left > 5 ? 5 : (int)(left > 60000 ? 60000 : left));
	}
}

void process_kill(pid_t pid, int *status)
{
	int dropped;
	kill(pid, SIGKILL);
	while (waitpid(pid, status ? status : &dropped, 0) < 0 && errno == EINTR)
		;
}

char *process_status(int status, char buf[64])
{
	if (WIFSIGNALED(status))
		snprintf(buf, 64, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buf, 64, "exit status %d", WEXITSTATUS(status));
	return buf;
}

bool process_find(const char *name, char path[PATH_MAX])
{
	const char *list = getenv("PATH");
	char here[PATH_MAX];
	struct stat st;
	for (const char *p = list ? list : "/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");
		int len = snprintf(here, sizeof(here), "%.*s/%s", (int)n, p, name);
		if (n && len < (int)sizeof(here) && access(here, X_OK) == 0 && stat(here, &st) == 0 && S_ISREG(st.st_mode)) {
			if (path)
				memcpy(path, here, (size_t)len + 1);
			return true;
		}
		p += n + (p[n] == ':');
	}
	return false;
}

char *process_line(const char *program, const char *option)
{
	struct argv a = { 0 };
	int status;
	CLEANUP_FD int out = memfd_new(program, 0, NULL);
	if (out < 0)
		return NULL;
	argv_opt(&a, program, "%s", option);
	pid_t pid = process_spawn(&a, NULL, 0, out, NULL);
	argv_free(&a);
	if (pid < 0)
		return NULL;
	if (!process_wait(pid, now_ns() + INT64_C(10) * 1000000000, &status)) {
		process_kill(pid, NULL);
		return NULL;
	}
	char text[256];
	ssize_t n = pread(out, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return *text ? xstrdup(text) : NULL;
}

int memfd_new(const char *name, uint64_t size, struct error *err)
{
	/* Growing a file past RLIMIT_FSIZE raises SIGXFSZ, which ends the program: look first. */
	struct rlimit lim;
	if (getrlimit(RLIMIT_FSIZE, &lim) == 0 && lim.rlim_cur != RLIM_INFINITY && size > lim.rlim_cur)
		return error_set(err, 0, "the file size limit (ulimit -f) is %llu kB, %s needs %llu kB: raise it",
				 (unsigned long long)lim.rlim_cur / 1024, name, (unsigned long long)size / 1024);
	CLEANUP_FD int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return error_set(err, errno, "cannot make a memory file of %llu bytes for %s", (unsigned long long)size, name);
	return TAKE_FD(fd);
}

int socket_pair(int *ours, int *theirs, struct error *err)
{
	int fd[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	/* Each small write takes the best part of a kilobyte; only root may have more than net.core.wmem_max. */
	int room = 8 << 20;
	if (setsockopt(fd[1], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	*ours = fd[0];
	*theirs = fd[1];
	return 0;
}

int wide_pipe(int *ours, int *theirs, struct error *err)
{
	int fd[2];
	if (pipe2(fd, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe");
	fcntl(fd[0], F_SETPIPE_SZ, 1 << 20);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	*ours = fd[0];
	*theirs = fd[1];
	return 0;
}

char *memfd_text(int fd, size_t limit)
{
	struct stat st;
	struct tail tail = { 0 };
	if (fd < 0 || fstat(fd, &st) < 0)
		return xstrdup("");
	char buf[4096];
	off_t at = (size_t)st.st_size > limit ? st.st_size - (off_t)limit : 0;
	ssize_t n;
	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		tail_add(&tail, buf, (size_t)n);
		at += n;
	}
	return tail_lines(&tail, 20);
}
