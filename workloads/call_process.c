// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls about the process: its adj and its children. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "sysfile.h"

/* --- /proc/PID/oom_* of this process or, by number, of a child --- */

/* Takes an optional child number; the pid, or 0 when there is no such child. */
static pid_t whose(char **args, bool *bad)
{
	int64_t i;
	char *word = next_word(args);
	*bad = word && !parse_int(word, 1, PROCS_MAX, &i);
	*bad |= next_word(args) != NULL;
	if (*bad)
		return 0;
	return word ? procs_pid((unsigned int)i) : getpid();
}

static struct result write_adj(const char *file, char *args)
{
	char *value = next_word(&args);
	bool bad;
	pid_t pid = whose(&args, &bad);
	if (!value || bad)
		return BAD_ARGS;
	if (!pid)
		return (struct result){ -1, ESRCH };
	struct result r = sysfile_write_of(pid, file, value);
	return r.errnum ? r : (struct result){ 0, 0 };
}

static struct result read_adj(const char *file, char *args)
{
	bool bad;
	pid_t pid = whose(&args, &bad);
	if (bad)
		return BAD_ARGS;
	if (!pid)
		return (struct result){ -1, ESRCH };
	return sysfile_read_of(pid, file);
}

static struct result call_setadj(struct load *l, char *args)
{
	(void)l;
	return write_adj("oom_score_adj", args);
}

static struct result call_setoldadj(struct load *l, char *args)
{
	(void)l;
	return write_adj("oom_adj", args);
}

static struct result call_getadj(struct load *l, char *args)
{
	(void)l;
	return read_adj("oom_score_adj", args);
}

static struct result call_getoldadj(struct load *l, char *args)
{
	(void)l;
	return read_adj("oom_adj", args);
}

static struct result call_getscore(struct load *l, char *args)
{
	(void)l;
	return read_adj("oom_score", args);
}

/* --- processes --- */

/* Holds as much of its own, in whole pages. */
static bool hold_own(uint64_t bytes)
{
	char *p = bytes ? system_scratch(bytes) : NULL;
	for (uint64_t i = 0; p && i < bytes; i += page_size)
		((volatile char *)p)[i] = 1;
	return p || !bytes;
}

/* As fork(); with a directory, relative to the own v2 cgroup's, into the cgroup there, without having been in this one. */
static pid_t fork_into(const char *dir)
{
	static char path[2400];
	if (!dir)
		return fork();
	if (strlen(dir) > 100 || !own_cgroup_file(path, "0::", "/sys/fs/cgroup", dir)) {
		errno = ENOENT;
		return -1;
	}
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* struct clone_args of linux/sched.h: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup */
	uint64_t how[11] = { [0] = UINT64_C(0x200000000) /* CLONE_INTO_CGROUP */, [4] = SIGCHLD, [10] = (uint64_t)fd };
	pid_t pid = fd < 0 ? -1 : (pid_t)syscall(435, how, sizeof(how));	/* clone3, since Linux 5.3; this of it since 5.7 */
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return pid;
}

/* A child that stays, with so much memory of its own; or in the kernel until a child in its turn has ended, as in vfork(). Its number. */
static struct result fork_kept(uint64_t bytes, bool waits, const char *into)
{
	int start[2];
	if (procs_start_begin(start) < 0)
		return result_of(-1);
	pid_t pid = fork_into(into);
	if (pid == 0) {
		procs_child_init();
		if (!hold_own(bytes))
			_exit(1);
		procs_start_done(start);
		if (waits)
			(void)syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
		procs_hold();
	}
	struct result r = result_of(pid);
	bool started = procs_start_wait(start);	/* without a child: the end of file, at once */
	if (r.errnum)
		return r;
	r.value = started ? procs_add(pid) : 0;
	if (r.value)
		return r;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return (struct result){ 0, started ? ENOSPC : ECHILD };
}

/* A child that has a child in its turn, with so much memory of its own; both end. */
static void end_with_child(uint64_t bytes) __attribute__((noreturn));
static void end_with_child(uint64_t bytes)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(!hold_own(bytes));
	_exit(pid < 0 || waitpid(pid, NULL, 0) < 0);
}

static struct result call_fork(struct load *l, char *args)
{
	uint64_t bytes = 0;
	char *word = next_word(&args), *what = next_word(&args);
	bool keep = word && streq(word, "keep"), waits = word && streq(word, "waiting");
	bool nested = word && streq(word, "nested"), into = word && streq(word, "into");
	(void)l;
	if (next_word(&args) || (word && !keep && !waits && !nested && !into) || (nested || into) != (what != NULL) ||
	    (nested && !parse_size(what, &bytes)))
		return BAD_ARGS;
	if (keep || waits || into)
		return fork_kept(0, waits, into ? what : NULL);
	pid_t pid = fork();
	if (pid == 0 && nested)
		end_with_child(bytes);
	if (pid == 0)
		_exit(0);
	struct result r = result_of(pid);
	if (r.errnum)
		return r;
	waitpid(pid, NULL, 0);
	return (struct result){ 0, 0 };
}

static struct result call_forkmax(struct load *l, char *args)
{
	uint64_t bytes = 0;
	char *size = next_word(&args);
	(void)l;
	if (next_word(&args) || (size && !parse_size(size, &bytes)))
		return BAD_ARGS;
	for (int64_t n = 0;; n++) {
		struct result r = fork_kept(bytes, false, NULL);
		if (r.errnum)
			return (struct result){ n, r.errnum };
	}
}

/* One child after the other, each of which ends at once. */
static struct result call_forks(struct load *l, char *args)
{
	int64_t n, refused = 0;
	char *word = next_word(&args);
	(void)l;
	if (!word || next_word(&args) || !parse_int(word, 1, INT32_MAX, &n))
		return BAD_ARGS;
	for (int64_t i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		if (pid < 0)
			refused++;
		else
			waitpid(pid, NULL, 0);
	}
	return (struct result){ refused, 0 };
}

static struct result call_kill(struct load *l, char *args)
{
	int64_t i, signo;
	char *child = next_word(&args), *number = next_word(&args);
	(void)l;
	if (!number || next_word(&args) || !parse_int(child, 0, PROCS_MAX, &i) || !parse_int(number, 0, 64, &signo))
		return BAD_ARGS;
	pid_t pid = i ? procs_pid((unsigned int)i) : getpid();
	return pid ? result_of(kill(pid, (int)signo)) : (struct result){ -1, ESRCH };
}

static struct result mrelease(int fd, int64_t flags)
{
	if (fd < 0)
		return result_of(-1);
	struct result r = result_of(syscall(448, fd, (unsigned int)flags));	/* process_mrelease, since Linux 5.15 */
	close(fd);
	return r;
}

static struct result call_mrelease(struct load *l, char *args)
{
	int64_t i, flags = 0;
	char *child = next_word(&args), *word = next_word(&args);
	(void)l;
	if (!child || next_word(&args) || !parse_int(child, 1, PROCS_MAX, &i) || (word && !parse_int(word, 0, INT32_MAX, &flags)))
		return BAD_ARGS;
	return mrelease((int)syscall(434, procs_pid((unsigned int)i), 0), flags);	/* pidfd_open */
}

static struct result call_mreleaseof(struct load *l, char *args)
{
	int64_t pid;
	char *word = next_word(&args);
	(void)l;
	if (!word || next_word(&args))
		return BAD_ARGS;
	if (strncmp(word, "/proc/", strlen("/proc/")) == 0) {	/* as a case can name it: /proc/@TASK/ */
		word += strlen("/proc/");
		word[strcspn(word, "/")] = '\0';
	}
	if (!parse_int(word, 0, INT32_MAX, &pid))
		return BAD_ARGS;
	return mrelease(pid ? (int)syscall(434, (pid_t)pid, 0) : open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
}

/* Of all children that have ended, and were waited for, and of theirs, the largest; once this one has, too. */
static struct result call_maxrss(struct load *l, char *args)
{
	struct rusage usage;
	siginfo_t info;
	pid_t pid = *args ? procs_named(&args) : 0;
	(void)l;
	if (pid < 0)
		return BAD_ARGS;
	/* 0: it has been waited for before */
	while (pid && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	procs_reap();
	return getrusage(RUSAGE_CHILDREN, &usage) < 0 ? result_of(-1) : (struct result){ usage.ru_maxrss, 0 };
}

const struct call process_calls[] = {
	{ "setadj", "N [CHILD]", "write oom_score_adj of this process, or of a child by number", call_setadj },
	{ "setoldadj", "N [CHILD]", "write oom_adj", call_setoldadj },
	{ "getadj", "[CHILD]", "read oom_score_adj; it is the result", call_getadj },
	{ "getoldadj", "[CHILD]", "read oom_adj; it is the result", call_getoldadj },
	{ "getscore", "[CHILD]", "read oom_score; it is the result", call_getscore },
	{ "fork", "[keep | waiting | into DIR | nested SIZE]",
	  "a child that ends at once, or stays and is child number RESULT (waiting: for a vfork child of its own; into: in a v2 cgroup from the first, as from the own one, like ../other); nested: that ends behind a child of its own, which has SIZE", call_fork },
	{ "forks", "N", "N children, one after the other, that end at once; the result is how many were refused", call_forks },
	{ "forkmax", "[SIZE]", "children that stay, each with SIZE of its own, until there can be no more; the result is how many", call_forkmax },
	{ "kill", "CHILD N", "send signal N to a child (0: to this process)", call_kill },
	{ "maxrss", "[CHILD]", "kB of the largest resident set of all children that have ended (ru_maxrss); waits for one", call_maxrss },
	{ "mrelease", "CHILD [FLAGS]", "free the memory of a child that is dying (process_mrelease)", call_mrelease },
	{ "mreleaseof", "PID|/proc/PID/", "the same of any process; 0: of a descriptor that is no process's", call_mreleaseof },
	{ NULL, NULL, NULL, NULL },
};
