// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that is pinned for input and output and then unmapped: buffers of io_uring (IORING_REGISTER_BUFFERS). It stays
 * charged, and is in no process's RSS any more. A ring takes its buffers once, so that there is a ring for each piece. When a
 * ring is closed, the kernel gives its buffers back by and by (io_uring/io_uring.c:io_ring_exit_work).
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "oomload.h"

#define RINGS_MAX 256

struct pinned {
	unsigned int n;
	struct {
		int fd;
		uint64_t bytes;
	} ring[RINGS_MAX];
};

static int new_ring(void)
{
	uint32_t params[30] = { 0 };	/* struct io_uring_params: nothing special is asked for */
	return (int)syscall(425, 1, params);	/* io_uring_setup */
}

static int pinned_open(struct load *l)
{
	int fd = new_ring();
	if (fd < 0)
		return error_say("%s: io_uring_setup: %s", l->kind->name, failure_name(errno));
	close(fd);
	l->priv = system_scratch(sizeof(struct pinned));
	if (!l->priv)
		return error_say("%s: no memory for its book-keeping", l->kind->name);
	system_raise_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	return 0;
}

/* The ring that holds the pages, or -1 with errno. */
static int pin(char *p, uint64_t len)
{
	struct iovec piece = { p, len };
	int fd = new_ring();
	if (fd >= 0 && syscall(427, fd, 0, &piece, 1) < 0) {	/* io_uring_register: IORING_REGISTER_BUFFERS */
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

static failure pinned_add(struct load *l, uint64_t bytes)
{
	struct pinned *r = l->priv;
	uint64_t done = 0;
	if (r->n == RINGS_MAX)
		return ENFILE;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return errno;
	failure f = fill_write_new(l, p, bytes, &done);
	int fd = done ? pin(p, done) : -1;
	if (done && fd < 0)
		f = errno;
	munmap(p, bytes);
	if (fd < 0)
		return f;
	r->ring[r->n].fd = fd;
	r->ring[r->n++].bytes = done;
	l->total += done;
	return f;
}

/* Whole pieces, the newest first; what is too much comes back. */
static failure pinned_drop(struct load *l, uint64_t bytes)
{
	struct pinned *r = l->priv;
	uint64_t left = l->total - bytes;
	while (r->n && l->total > left) {
		r->n--;
		l->total -= r->ring[r->n].bytes;
		close(r->ring[r->n].fd);
	}
	return l->total < left ? pinned_add(l, left - l->total) : 0;
}

static void pinned_close(struct load *l)
{
	pinned_drop(l, l->total);
}

const struct kind kind_pinned = {
	.name = "pinned",
	.help = "private anonymous memory that io_uring holds, pinned, and which is not mapped any more",
	.open = pinned_open,
	.add = pinned_add,
	.drop = pinned_drop,
	.touch = load_held,
	.close = pinned_close,
};
