// SPDX-License-Identifier: GPL-2.0-or-later
/* Threads that each fault in a share of the process's memory; the main thread serves orders. */
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shares.h"

struct thread {
	struct load load;
	int fd, cpu;	/* cpu -1: any */
	pthread_barrier_t *started;
};

static void *run_thread(void *arg)
{
	struct thread *t = arg;
	if (t->cpu >= 0) {
		uint64_t mask = UINT64_C(1) << t->cpu;
		syscall(SYS_sched_setaffinity, 0, sizeof(mask), &mask);	/* a CPU that is not there: any */
	}
	system_prefault_stack();
	pthread_barrier_wait(t->started);
	worker_serve(&t->load, t->fd);
	return NULL;
}

static int start_thread(struct load *l, struct thread *t, unsigned int i, pthread_barrier_t *started)
{
	struct shares *s = l->priv;
	pthread_attr_t attr;
	pthread_t id;
	t->load = s->own;
	t->started = started;
	if (worker_connect(&s->worker[i], &t->fd) < 0)
		return error_say("%s: socketpair: %s", l->kind->name, failure_name(errno));
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	int f = pthread_create(&id, &attr, run_thread, t);
	return f ? error_say("%s: pthread_create: %s", l->kind->name, failure_name(f)) : 0;
}

/*
 * The CPUs that threads can be pinned to, however few of them this task was given (musl counts only those). 64 at the
 * most: bits of a mask.
 */
static unsigned int count_cpus(void)
{
	uint64_t own[16], mask;
	long len = syscall(SYS_sched_getaffinity, 0, sizeof(own), own);
	unsigned int n = 1;
	if (len < 0)
		return 1;
	while (n < 64 && (mask = UINT64_C(1) << n, syscall(SYS_sched_setaffinity, 0, sizeof(mask), &mask) == 0))
		n++;
	syscall(SYS_sched_setaffinity, 0, len, own);
	return n;
}

static int threads_open(struct load *l)
{
	uint64_t pin;
	if (!load_arg_size(l, "pin", 0, 0, 1, &pin) || shares_open(l, 4, kind_find("anon")))
		return -1;
	struct shares *s = l->priv;
	struct thread *threads = system_scratch(s->n * sizeof(*threads));
	if (!threads)
		return error_say("%s: no memory for its book-keeping", l->kind->name);
	pthread_barrier_t started;
	pthread_barrier_init(&started, NULL, s->n + 1);
	unsigned int cpus = pin ? count_cpus() : 1;
	for (unsigned int i = 0; i < s->n; i++) {
		threads[i].cpu = pin ? (int)(i % cpus) : -1;
		if (start_thread(l, &threads[i], i, &started))
			return -1;
	}
	/* `ready` means that all stand still, and that their stacks are there. */
	pthread_barrier_wait(&started);
	return 0;
}

const struct kind kind_threads = {
	.name = "threads",
	.help = "threads that fault in a share each of the memory of one process",
	.args = {
		SHARES_ARGS("threads"),
		{ "pin", "1: thread I on CPU I-1 (modulo the CPUs)" },
	},
	.open = threads_open,
	.resize = shares_resize,
	.touch = shares_touch,
};
