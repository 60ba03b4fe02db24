// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls that make another call, under circumstances. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "call.h"

/* linux/suspend_ioctls.h */
#define SNAPSHOT_FREEZE _IO('3', 1)
#define SNAPSHOT_UNFREEZE _IO('3', 2)

static struct result call_again(struct load *l, char *args);
static struct result call_frozen(struct load *l, char *args);
static struct result call_threaded(struct load *l, char *args);

/* The call whose name comes next; none of this file. */
static const struct call *inner(char **args)
{
	char *name = next_word(args);
	const struct call *c = name ? call_find(name) : NULL;
	return c && c->run != call_again && c->run != call_frozen && c->run != call_threaded ? c : NULL;
}

/* Over and over, as long as it succeeds: this process is in it, or about to be, whatever happens meanwhile. */
static struct result call_again(struct load *l, char *args)
{
	char rest[256];
	const struct call *c = inner(&args);
	size_t len = strlen(args) + 1;
	if (!c || len > sizeof(rest))
		return BAD_ARGS;
	struct result r;
	do {
		memcpy(rest, args, len);
		r = c->run(l, rest);
	} while (!r.errnum);
	return r;
}

/*
 * Between the two the kernel is as it is just before it writes memory to disk (kernel/power/user.c:snapshot_ioctl): whoever may be
 * frozen is, but for who asked, and the OOM killer is off.
 */
static struct result call_frozen(struct load *l, char *args)
{
	const struct call *c = inner(&args);
	if (!c)
		return BAD_ARGS;
	int fd = open("/dev/snapshot", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return result_of(-1);
	struct result r = result_of(ioctl(fd, SNAPSHOT_FREEZE));
	if (!r.errnum) {
		r = c->run(l, args);
		if (ioctl(fd, SNAPSHOT_UNFREEZE) < 0 && !r.errnum)
			r = result_of(-1);
	}
	close(fd);
	return r;
}

struct threaded {
	const struct call *call;
	struct load *load;
	char *args;
	struct result result;
};

static void *run_threaded(void *arg)
{
	struct threaded *t = arg;
	t->result = t->call->run(t->load, t->args);
	return NULL;
}

/* By a thread that ends behind it. */
static struct result call_threaded(struct load *l, char *args)
{
	pthread_t id;
	const struct call *c = inner(&args);
	if (!c)
		return BAD_ARGS;
	struct threaded t = { .call = c, .load = l, .args = args };
	int why = pthread_create(&id, NULL, run_threaded, &t);
	if (!why)
		why = pthread_join(id, NULL);
	return why ? (struct result){ -1, why } : t.result;
}

const struct call wrapped_calls[] = {
	{ "again", "CALL [ARGS]", "another call over and over, until it fails", call_again },
	{ "frozen", "CALL [ARGS]", "another call while all other processes are frozen and the OOM killer is off, as before hibernation", call_frozen },
	{ "threaded", "CALL [ARGS]", "another call by a thread that ends behind it", call_threaded },
	{ NULL, NULL, NULL, NULL },
};
