// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls about the process: its adj, its credentials, its children, its limits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
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

/* A child that stays. Its number. */
static struct result fork_kept(void)
{
	int start[2];
	if (procs_start_begin(start) < 0)
		return result_of(-1);
	pid_t pid = fork();
	if (pid == 0) {
		procs_child_init();
		procs_start_done(start);
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

static struct result call_fork(struct load *l, char *args)
{
	char *word = next_word(&args);
	if ((word && !streq(word, "keep")) || next_word(&args))
		return BAD_ARGS;
	(void)l;
	if (word)
		return fork_kept();
	pid_t pid = fork();
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
	(void)l;
	if (next_word(&args))
		return BAD_ARGS;
	for (int64_t n = 0;; n++) {
		struct result r = fork_kept();
		if (r.errnum)
			return (struct result){ n, r.errnum };
	}
}

static struct result call_exec(struct load *l, char *args)
{
	if (next_word(&args))
		return BAD_ARGS;
	/* A success is seen by the `ready` of the program that starts. */
	if (l->kind->close)
		l->kind->close(l);
	procs_end();
	return (struct result){ -1, system_exec() };
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
	if (!word || next_word(&args) || !parse_int(word, 0, INT32_MAX, &pid))
		return BAD_ARGS;
	return mrelease(pid ? (int)syscall(434, (pid_t)pid, 0) : open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
}

/* The signal that tells of a stop is charged to who stops, even beyond a limit (kernel/signal.c:do_notify_parent_cldstop). */
static int hear_of_no_stops(void)
{
	struct sigaction sa;
	if (sigaction(SIGCHLD, NULL, &sa) < 0)
		return -1;
	sa.sa_flags |= SA_NOCLDSTOP;
	return sigaction(SIGCHLD, &sa, NULL);
}

static struct result call_ptrace(struct load *l, char *args)
{
	int64_t i;
	char *child = next_word(&args), *word = next_word(&args);
	(void)l;
	if (!child || next_word(&args) || !parse_int(child, 1, PROCS_MAX, &i) || (word && !streq(word, "exit")))
		return BAD_ARGS;
	pid_t pid = procs_pid((unsigned int)i);
	if (word)
		return result_of(hear_of_no_stops() < 0 ? -1 : ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT));
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0 || waitpid(pid, NULL, __WALL) < 0)
		return result_of(-1);
	return (struct result){ 0, 0 };
}

/* A word of the child's stack, which is where this process has it: anonymous memory that a child has had from its birth. */
static struct result call_peek(struct load *l, char *args)
{
	long word;
	pid_t pid = procs_named(&args);
	(void)l;
	if (pid < 0)
		return BAD_ARGS;
	errno = 0;
	(void)ptrace(PTRACE_PEEKDATA, pid, &word, NULL);
	return (struct result){ 0, errno };
}

static struct result call_untrace(struct load *l, char *args)
{
	pid_t pid = procs_named(&args);
	(void)l;
	siginfo_t info;
	if (pid < 0)
		return BAD_ARGS;
	/* Until it has stopped it can't be let go. That it has may have been seen when its end was looked for. */
	while (ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0)
		if (errno != ESRCH || waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT | __WALL) < 0)
			return result_of(-1);
	return (struct result){ 0, 0 };
}

/* --- credentials --- */

static struct result call_userns(struct load *l, char *args)
{
	char map[32];
	(void)l;
	if (next_word(&args))
		return BAD_ARGS;
	memcpy(map, "0 ", 2);
	memcpy(put_decimal(map + 2, getuid()), " 1", sizeof(" 1"));
	if (unshare(CLONE_NEWUSER) < 0)
		return result_of(-1);
	struct result r = sysfile_write("/proc/self/uid_map", map);
	return r.errnum ? r : (struct result){ 0, 0 };
}

static struct result call_setuid(struct load *l, char *args)
{
	int64_t uid;
	char *word = next_word(&args);
	(void)l;
	if (!word || next_word(&args) || !parse_int(word, 0, UINT32_MAX, &uid))
		return BAD_ARGS;
	/* Without the library, which would ask all threads, also those that ended. */
	struct result r = result_of(syscall(SYS_setuid, (unsigned int)uid));
	/* The change made /proc/PID root's; a program that was started with this uid owns its own. */
	if (!r.errnum)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return r;
}

/* The real user id stays, and with it what reports say (task_uid). */
static struct result call_seteuid(struct load *l, char *args)
{
	int64_t uid;
	char *word = next_word(&args);
	(void)l;
	if (!word || next_word(&args) || !parse_int(word, 0, UINT32_MAX, &uid))
		return BAD_ARGS;
	return result_of(syscall(SYS_setresuid, -1, (unsigned int)uid, -1));
}

/* Numbers of linux/capability.h, which musl's compiler does not find. */
static const struct {
	const char *name;
	unsigned int bit;
} capabilities[] = {
	{ "dac_override", 1 },	{ "kill", 5 },	{ "setuid", 7 },	{ "ipc_lock", 14 },
	{ "sys_ptrace", 19 },	{ "sys_admin", 21 },	{ "sys_nice", 23 },	{ "sys_resource", 24 },
};

static struct result call_dropcap(struct load *l, char *args)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 };	/* _LINUX_CAPABILITY_VERSION_3 */
	struct {
		uint32_t effective, permitted, inheritable;
	} sets[2];
	char *word = next_word(&args);
	(void)l;
	if (!word || next_word(&args))
		return BAD_ARGS;
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (!streq(capabilities[i].name, word))
			continue;
		if (syscall(SYS_capget, &header, sets) < 0)
			return result_of(-1);
		sets[0].effective &= ~(1u << capabilities[i].bit);
		sets[0].permitted &= ~(1u << capabilities[i].bit);
		sets[0].inheritable &= ~(1u << capabilities[i].bit);
		return result_of(syscall(SYS_capset, &header, sets));
	}
	return BAD_ARGS;
}

/* --- limits --- */

static struct result set_limit(int which, char *args)
{
	uint64_t size;
	char *word = next_word(&args);
	if (!word || next_word(&args) || !parse_size(word, &size))
		return BAD_ARGS;
	struct rlimit r;
	if (getrlimit(which, &r) < 0)
		return result_of(-1);
	r.rlim_cur = size;
	if (r.rlim_max < size)
		r.rlim_max = size;
	return result_of(setrlimit(which, &r));
}

static struct result call_rlimit_as(struct load *l, char *args)
{
	(void)l;
	return set_limit(RLIMIT_AS, args);
}

static struct result call_rlimit_data(struct load *l, char *args)
{
	(void)l;
	return set_limit(RLIMIT_DATA, args);
}

static struct result call_rlimit_memlock(struct load *l, char *args)
{
	(void)l;
	return set_limit(RLIMIT_MEMLOCK, args);
}

static struct result call_cpu(struct load *l, char *args)
{
	uint64_t mask;
	char *word = next_word(&args);
	(void)l;
	if (!word || next_word(&args) || !parse_mask(word, &mask))
		return BAD_ARGS;
	struct result r = result_of(syscall(SYS_sched_setaffinity, 0, sizeof(mask), &mask));
	return r.errnum ? r : (struct result){ 0, 0 };
}

const struct call process_calls[] = {
	{ "setadj", "N [CHILD]", "write oom_score_adj of this process, or of a child by number", call_setadj },
	{ "setoldadj", "N [CHILD]", "write oom_adj", call_setoldadj },
	{ "getadj", "[CHILD]", "read oom_score_adj; it is the result", call_getadj },
	{ "getoldadj", "[CHILD]", "read oom_adj; it is the result", call_getoldadj },
	{ "getscore", "[CHILD]", "read oom_score; it is the result", call_getscore },
	{ "fork", "[keep]", "a child that ends at once, or stays and is child number RESULT", call_fork },
	{ "forkmax", "", "children that stay, until there can be no more; the result is how many", call_forkmax },
	{ "exec", "", "start over with the same name and kind, holding nothing; the answer is `ready PID`", call_exec },
	{ "kill", "CHILD N", "send signal N to a child (0: to this process)", call_kill },
	{ "mrelease", "CHILD [FLAGS]", "free the memory of a child that is dying (process_mrelease)", call_mrelease },
	{ "mreleaseof", "PID", "the same of any process; 0: of a descriptor that is no process's", call_mreleaseof },
	{ "ptrace", "CHILD [exit]", "trace a child, which stops, or does so only when it is about to end, with all it holds", call_ptrace },
	{ "peek", "CHILD", "read a word of the memory of a child that is stopped by its tracer, this process", call_peek },
	{ "untrace", "CHILD", "wait until a traced child stops, and let it go", call_untrace },
	{ "userns", "", "a user namespace of its own, in which this user is root", call_userns },
	{ "setuid", "N", "become this user", call_setuid },
	{ "seteuid", "N", "become this user, but for the real user id", call_seteuid },
	{ "dropcap", "NAME", "give up a capability: sys_resource, sys_admin, ipc_lock, dac_override, kill, setuid, sys_nice, sys_ptrace",
	  call_dropcap },
	{ "rlimit_as", "SIZE", "limit the address space", call_rlimit_as },
	{ "rlimit_data", "SIZE", "limit private writable memory", call_rlimit_data },
	{ "rlimit_memlock", "SIZE", "limit locked memory", call_rlimit_memlock },
	{ "cpu", "LIST", "run on these CPUs only", call_cpu },
	{ NULL, NULL, NULL, NULL },
};
