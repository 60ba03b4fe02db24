// SPDX-License-Identifier: GPL-2.0-or-later
/* A lock in shared memory whose owner may die with it: the kernel tells who waits (kernel/futex/core.c:exit_robust_list). */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "call.h"

static pthread_mutex_t *mutex;

static int make_mutex(void)
{
	pthread_mutexattr_t attr;
	void *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return errno;
	mutex = page;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	return pthread_mutex_init(mutex, &attr);
}

static struct result call_mutex(struct load *l, char *args)
{
	int start[2], why;
	(void)l;
	if (next_word(&args))
		return BAD_ARGS;
	if ((why = mutex ? EBUSY : make_mutex()) != 0)
		return (struct result){ -1, why };
	if (procs_start_begin(start) < 0)
		return result_of(-1);
	pid_t pid = fork();
	if (pid == 0) {
		procs_child_init();
		if (pthread_mutex_lock(mutex))
			_exit(1);
		procs_start_done(start);
		procs_hold();
	}
	struct result r = result_of(pid);
	bool started = procs_start_wait(start);
	if (r.errnum)
		return r;
	r.value = started ? procs_add(pid) : 0;
	return r.value ? r : (struct result){ 0, started ? ENOSPC : ECHILD };
}

static struct result call_lock(struct load *l, char *args)
{
	int64_t seconds;
	char *word = next_word(&args);
	struct timespec until;
	(void)l;
	if (!word || next_word(&args) || !parse_int(word, 0, 60, &seconds))
		return BAD_ARGS;
	if (!mutex)
		return (struct result){ -1, ENOENT };
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)seconds;
	int why = pthread_mutex_timedlock(mutex, &until);
	return (struct result){ why ? -1 : 0, why };
}

const struct call mutex_calls[] = {
	{ "mutex", "", "a child that holds a robust lock in shared memory; it is child number RESULT", call_mutex },
	{ "lock", "SECONDS", "take that lock, and wait so long for it: EOWNERDEAD when its holder died", call_lock },
	{ NULL, NULL, NULL, NULL },
};
