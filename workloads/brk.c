// SPDX-License-Identifier: GPL-2.0-or-later
/* The heap as malloc's small blocks have it: the memory below the break. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oomload.h"

static uintptr_t brk_at(uintptr_t address)
{
	return (uintptr_t)syscall(SYS_brk, address);	/* returns the break as it is now; it has no other error */
}

static int brk_open(struct load *l)
{
	uintptr_t now = brk_at(0), aligned = (now + page_size - 1) & ~(uintptr_t)(page_size - 1);
	if (brk_at(aligned) != aligned)
		return error_say("%s: the break can't be moved to a page boundary", l->kind->name);
	return 0;
}

static failure brk_add(struct load *l, uint64_t bytes)
{
	uintptr_t start = brk_at(0);
	uint64_t done;
	if (brk_at(start + bytes) != start + bytes)
		return ENOMEM;
	failure f = fill_write(l, (char *)start, bytes, &done);
	if (done < bytes)
		brk_at(start + done);
	if (!done)
		return f;
	failure full = segment_add(l, (char *)start, done);
	if (full) {
		brk_at(start);
		return f ? f : full;
	}
	l->total += done;
	return f;
}

static failure brk_drop(struct load *l, uint64_t bytes)
{
	while (bytes) {
		struct segment *last = &l->seg[l->n_seg - 1];
		uint64_t part = bytes < last->len ? bytes : last->len;
		uintptr_t end = (uintptr_t)last->start + last->len;
		if (brk_at(0) != end)
			return EBUSY;	/* `call sbrk` moved it */
		if (brk_at(end - part) != end - part)
			return ENOMEM;
		last->len -= part;
		l->total -= part;
		bytes -= part;
		if (!last->len)
			l->n_seg--;
	}
	return 0;
}

const struct kind kind_brk = {
	.name = "brk",
	.help = "the heap below the break",
	.open = brk_open,
	.add = brk_add,
	.drop = brk_drop,
	.touch = segment_touch,
};
