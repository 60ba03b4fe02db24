// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls that have the kernel keep memory of its own for the process: what describes its mappings, descriptors and signals. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

/* One number of at least 1, and nothing else. */
static bool parse_number(char *args, int64_t most, int64_t *n)
{
	char *word = next_word(&args);
	return word && !next_word(&args) && parse_int(word, 1, most, n);
}

/* Mappings merge with neighbours of the same rights, so that every other page gets others. */
static struct result call_mappings(struct load *l, char *args)
{
	int64_t n;
	(void)l;
	if (!parse_number(args, 1 << 20, &n))
		return BAD_ARGS;
	char *start = mmap(NULL, (size_t)n * page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED)
		return result_of(-1);
	for (int64_t i = 1; i < n; i += 2) {
		if (mprotect(start + (size_t)i * page_size, page_size, PROT_READ) < 0)
			return result_of(-1);
	}
	return (struct result){ n, 0 };
}

/* The table of descriptors reaches as far as the highest one (fs/file.c:alloc_fdtable). */
static struct result call_descriptor(struct load *l, char *args)
{
	int64_t n;
	(void)l;
	if (!parse_number(args, INT32_MAX - 1, &n))
		return BAD_ARGS;
	struct result r = limit_to(RLIMIT_NOFILE, (uint64_t)n + 1);
	return r.errnum ? r : result_of(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, (int)n));
}

/* They stay in the queue, for the signal is blocked from now on. */
static struct result call_signals(struct load *l, char *args)
{
	static const int number = 40;	/* one of the realtime signals, which queue */
	siginfo_t info = { .si_signo = number, .si_code = SI_QUEUE };
	sigset_t blocked;
	int64_t n, queued = 0;
	(void)l;
	if (!parse_number(args, 1 << 20, &n))
		return BAD_ARGS;
	sigemptyset(&blocked);
	sigaddset(&blocked, number);
	struct result r = limit_to(RLIMIT_SIGPENDING, (uint64_t)n);
	if (r.errnum || sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
		return r.errnum ? r : result_of(-1);
	while (queued < n && syscall(SYS_rt_tgsigqueueinfo, getpid(), (pid_t)syscall(SYS_gettid), number, &info) == 0)
		queued++;
	return (struct result){ queued, 0 };
}

const struct call kernel_calls[] = {
	{ "mappings", "N", "so many mappings of a page; the kernel describes each", call_mappings },
	{ "descriptor", "N", "a file descriptor N or higher; the kernel's table reaches as far. It is the result", call_descriptor },
	{ "signals", "N", "queue N signals for this process, which never come; the result is how many were taken", call_signals },
	{ NULL, NULL, NULL, NULL },
};
