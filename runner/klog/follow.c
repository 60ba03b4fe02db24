// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/util.h"
#include "klog/stream.h"
#include "klog/text.h"

#define QUIET_MS 4000	/* a reaper's line comes up to 3 s after the kill */

extern char **environ;

static size_t undo_escapes(char *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		struct text hex = text_of(text + i + 2, i + 4 <= len ? 2 : 0);
		int64_t v;
		if (text[i] == '\\' && i + 3 < len && text[i + 1] == 'x' && text_hex(&hex, &v) && hex.p == hex.end) {
			text[n++] = (char)v;
			i += 3;
		} else {
			text[n++] = text[i];
		}
	}
	return n;
}

bool kmsg_record(struct klog *k, char *record, size_t len)
{
	struct text t = text_of(record, len);
	int64_t pri, seq, usec;
	if (!text_int(&t, &pri) || !text_eat(&t, ",") || !text_int(&t, &seq) || !text_eat(&t, ",") ||
	    !text_int(&t, &usec))
		return false;
	const char *semicolon = memchr(t.p, ';', text_len(t));
	if (!semicolon || pri < 0 || pri > 7)
		return false;
	enum klog_continues continues = text_eat(&t, ",") && text_len(t) ? klog_continues(*t.p) : CONTINUES_UNSAID;
	char caller[16] = "";
	const char *at = text_find(text_of(t.p, (size_t)(semicolon - t.p)), "caller=");
	if (at)
		text_copy(text_of(at + 7, (size_t)(semicolon - at) - 7), caller, sizeof(caller));
	char *text = record + (semicolon - record) + 1;
	size_t n = (size_t)(t.end - text);
	char *nl = memchr(text, '\n', n);	/* a dictionary follows */
	if (nl)
		n = (size_t)(nl - text);
	klog_record(k, seq, usec, (int)pri, continues, caller, text, undo_escapes(text, n));
	return true;
}

static int block_signals(sigset_t *before)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, before);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* What asked to end has done so: a signal left pending would kill when it is no longer blocked. */
static void unblock_signals(int signals, const sigset_t *before)
{
	struct signalfd_siginfo info;
	while (read(signals, &info, sizeof(info)) > 0)
		;
	sigprocmask(SIG_SETMASK, before, NULL);
}

/* Waits for fd. 1: readable; 0: a signal asks to end; quiet for long: hands out what is open, and waits on. */
static int wait_for(struct klog *k, int fd, int signals)
{
	for (;;) {
		struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
		int n = poll(p, 2, klog_open(k) ? QUIET_MS : -1);
		if (n < 0 && errno != EINTR)
			return 0;
		if (n == 0)
			klog_flush(k);
		if (n > 0 && p[1].revents)
			return 0;
		if (n > 0 && p[0].revents)
			return 1;
	}
}

int follow_kmsg(struct klog *k, struct error *err)
{
	static char buf[8193];
	CLEANUP_FD int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno,
				 "/dev/kmsg can't be opened (be root, set kernel.dmesg_restrict=0, or try --journal)");
	lseek(fd, 0, SEEK_END);
	sigset_t before;
	CLEANUP_FD int signals = block_signals(&before);
	int rc = 0;
	while (rc == 0 && wait_for(k, fd, signals)) {
		ssize_t n = read(fd, buf, sizeof(buf) - 1);
		if (n > 0)
			kmsg_record(k, buf, (size_t)n);
		else if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE)
			rc = error_set(err, errno, "/dev/kmsg can't be read");
	}
	klog_flush(k);
	unblock_signals(signals, &before);
	return rc;
}

static pid_t start_journalctl(int *fd, struct error *err)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		return error_set(err, errno, "no pipe for journalctl");
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent || dup2(p[1], STDOUT_FILENO) < 0)
			_exit(127);
		execlp("journalctl", "journalctl", "-k", "-f", "-n", "0", "-o", "export", "--no-pager", (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	if (pid < 0) {
		close(p[0]);
		return error_set(err, errno, "journalctl can't be started");
	}
	*fd = p[0];
	return pid;
}

int follow_journal(struct klog *k, struct error *err)
{
	char buf[16384];
	int in = -1;
	sigset_t before;
	CLEANUP_FD int signals = block_signals(&before);
	pid_t pid = start_journalctl(&in, err);
	CLEANUP_FD int fd = in;
	if (pid < 0)
		return -1;
	struct stream *s = stream_new(k);
	bool ended = false;
	while (!ended && wait_for(k, fd, signals)) {
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n > 0)
			stream_feed(s, buf, (size_t)n);
		ended = n == 0 || (n < 0 && errno != EINTR);
	}
	stream_end(s);
	stream_free(s);
	if (!ended)
		kill(pid, SIGTERM);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	unblock_signals(signals, &before);
	if (ended && (!WIFEXITED(status) || WEXITSTATUS(status)))
		return error_set(err, 0, WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "journalctl is not installed"
											  : "journalctl failed");
	return 0;
}
