// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls of a tracer: whom it stops keeps what it holds, also when it is about to end. */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "call.h"

/* The signal that tells of a stop is charged to who stops, even beyond a limit (kernel/signal.c:do_notify_parent_cldstop). */
static int hear_of_no_stops(void)
{
	struct sigaction sa;
	if (sigaction(SIGCHLD, NULL, &sa) < 0)
		return -1;
	sa.sa_flags |= SA_NOCLDSTOP;
	return sigaction(SIGCHLD, &sa, NULL);
}

/* One child by number, or "all" that live: until one of them fails. */
static struct result each_named(const char *word, struct result (*run)(pid_t pid))
{
	int64_t i;
	struct result r = { 0, 0 };
	if (!streq(word, "all"))
		return parse_int(word, 1, PROCS_MAX, &i) ? run(procs_pid((unsigned int)i)) : BAD_ARGS;
	for (unsigned int k = 1; k <= PROCS_MAX && !r.errnum; k++)
		if (procs_pid(k))
			r = run(procs_pid(k));
	return r;
}

static struct result trace_at_exit(pid_t pid)
{
	return result_of(hear_of_no_stops() < 0 ? -1 : ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT));
}

static struct result trace_now(pid_t pid)
{
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0 || waitpid(pid, NULL, __WALL) < 0)
		return result_of(-1);
	return (struct result){ 0, 0 };
}

static struct result call_ptrace(struct load *l, char *args)
{
	char *child = next_word(&args), *word = next_word(&args);
	(void)l;
	if (!child || next_word(&args) || (word && !streq(word, "exit")))
		return BAD_ARGS;
	return each_named(child, word ? trace_at_exit : trace_now);
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

/* Until it has stopped it can't be let go. That it has may have been seen when its end was looked for. */
static struct result let_go(pid_t pid)
{
	siginfo_t info;
	while (ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0)
		if (errno != ESRCH || waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT | __WALL) < 0)
			return result_of(-1);
	return (struct result){ 0, 0 };
}

static struct result call_untrace(struct load *l, char *args)
{
	char *child = next_word(&args);
	(void)l;
	return !child || next_word(&args) ? BAD_ARGS : each_named(child, let_go);
}

const struct call trace_calls[] = {
	{ "ptrace", "CHILD|all [exit]", "trace a child, which stops, or does so only when it is about to end, with all it holds", call_ptrace },
	{ "peek", "CHILD", "read a word of the memory of a child that is stopped by its tracer, this process", call_peek },
	{ "untrace", "CHILD|all", "wait until a traced child stops, and let it go", call_untrace },
	{ NULL, NULL, NULL, NULL },
};
