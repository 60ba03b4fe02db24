// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel memory in pieces of several pages: the rings of pipes. A ring is one array of 40 bytes a slot, a slot for each
 * page of the pipe's size (fs/pipe.c:pipe_resize_ring), and above 8K such an array is not from a slab but whole pages;
 * of 8K at the most it is from a slab of two pages or more. The pipes themselves, which are small objects, are there
 * before anything is filled, so that nothing else is asked for then.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "oomload.h"

#define PIPES_MAX (1 << 16)
#define SETPIPE_SZ 1031		/* F_SETPIPE_SZ of linux/fcntl.h */

struct rings {
	unsigned int n;		/* with a large ring */
	uint64_t order, pipes;
	int fd[PIPES_MAX][2];
};

static uint64_t ring_unit(struct load *l)
{
	const struct rings *r = l->priv;
	return page_size << r->order;
}

static int rings_open(struct load *l)
{
	struct rings *r = system_scratch(sizeof(*r));
	if (!r)
		return error_say("%s: no memory for its book-keeping", l->kind->name);
	l->priv = r;
	if (!load_arg_size(l, "order", 2, 1, 6, &r->order) || !load_arg_size(l, "pipes", 2048, 1, PIPES_MAX, &r->pipes))
		return -1;
	for (uint64_t i = 0; i < r->pipes; i++)
		if (pipe2(r->fd[i], O_CLOEXEC) < 0)
			return error_say("%s: pipe: %s", l->kind->name, failure_name(errno));
	return 0;
}

/* By closing: to ask for a smaller ring would be to ask for memory. */
static failure rings_drop(struct load *l, uint64_t bytes)
{
	struct rings *r = l->priv;
	for (uint64_t end = l->total - bytes; r->n && l->total > end; l->total -= ring_unit(l)) {
		int *last = r->fd[--r->n], *spare = r->fd[--r->pipes];
		close(last[0]);
		close(last[1]);
		last[0] = spare[0];
		last[1] = spare[1];
	}
	return 0;
}

static failure rings_add(struct load *l, uint64_t bytes)
{
	struct rings *r = l->priv;
	/* 128 slots take 5120 bytes, which are order 1; twice the slots, one order more */
	int size = (int)((128 * page_size) << (r->order - 1));
	for (uint64_t end = l->total + bytes; l->total < end; l->total += ring_unit(l), r->n++) {
		if (r->n == r->pipes)
			return ENFILE;
		if (fcntl(r->fd[r->n][0], SETPIPE_SZ, size) >= 0)
			continue;
		int why = errno;
		/* The answer takes memory too, and there is none where a limit is met to the page. */
		if (r->n)
			rings_drop(l, ring_unit(l));
		return why;
	}
	return 0;
}

static uint64_t rings_touch(struct load *l)
{
	const struct rings *r = l->priv;
	unsigned int n = 0;
	for (unsigned int i = 0; i < r->n; i++)
		n += fcntl(r->fd[i][0], F_GETFD) >= 0;
	return n * ring_unit(l);
}

static void rings_close(struct load *l)
{
	if (l->total)
		rings_drop(l, l->total);
}

const struct kind kind_rings = {
	.name = "rings",
	.help = "kernel memory in pieces of several pages: rings of empty pipes",
	.args = {
		{ "order", "pieces of 2^order pages, from 1 to 6; default 2" },
		{ "pipes", "how many pipes there are, and pieces at the most; default 2048" },
	},
	.open = rings_open,
	.add = rings_add,
	.drop = rings_drop,
	.touch = rings_touch,
	.close = rings_close,
	.unit = ring_unit,
};
