// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oomload.h"

#define MPOL_BIND 2	/* linux/mempolicy.h, which musl's compiler does not find */

failure segment_add(struct load *l, char *start, uint64_t len)
{
	/* The kernel puts a mapping right below (or above) the last one, so nearly always one segment is enough. */
	if (l->n_seg) {
		struct segment *last = &l->seg[l->n_seg - 1];
		if (start + len == last->start || last->start + last->len == start) {
			if (start < last->start)
				last->start = start;
			last->len += len;
			return 0;
		}
	}
	if (l->n_seg == ARRAY_SIZE(l->seg))
		return ENOSPC;
	l->seg[l->n_seg++] = (struct segment){ start, len };
	return 0;
}

void segment_drop(struct load *l, uint64_t bytes)
{
	while (bytes && l->n_seg) {
		struct segment *last = &l->seg[l->n_seg - 1];
		uint64_t part = bytes < last->len ? bytes : last->len;
		munmap(last->start, part);
		last->start += part;
		last->len -= part;
		bytes -= part;
		if (!last->len)
			l->n_seg--;
	}
}

failure segment_drop_held(struct load *l, uint64_t bytes)
{
	segment_drop(l, bytes);
	l->total -= bytes;
	return 0;
}

uint64_t segment_touch(struct load *l)
{
	uint64_t total = 0, done;
	for (unsigned int i = 0; i < l->n_seg; i++) {
		fill_read(l->seg[i].start, l->seg[i].len, page_size, &done);
		total += done;
	}
	return total;
}

void segment_close(struct load *l)
{
	segment_drop(l, UINT64_MAX);
	l->total = 0;
}

char *segment_map(uint64_t bytes, uint64_t align, int prot, int flags)
{
	uint64_t spare = align > page_size ? align : 0;
	char *p = mmap(NULL, bytes + spare, prot, MAP_ANONYMOUS | flags, -1, 0);
	if (p == MAP_FAILED || !spare)
		return p;
	char *start = (char *)(((uintptr_t)p + align - 1) & ~(uintptr_t)(align - 1));
	if (start > p)
		munmap(p, (size_t)(start - p));
	if (start < p + spare)
		munmap(start + bytes, (size_t)(p + spare - start));
	return start;
}

failure segment_add_anon(struct load *l, uint64_t bytes, int flags,
			 failure (*then)(struct load *l, char *p, uint64_t len))
{
	char *p = segment_map(bytes, l->advice == MADV_HUGEPAGE ? HUGE_PAGE : page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags);
	if (p == MAP_FAILED)
		return errno;
	if ((l->advice >= 0 && madvise(p, bytes, l->advice) < 0) ||
	    (l->nodes && syscall(SYS_mbind, p, bytes, MPOL_BIND, &l->nodes, 64, 0) < 0)) {
		failure f = errno;
		munmap(p, bytes);
		return f;
	}
	uint64_t done = 0;
	failure f = fill_write_new(l, p, bytes, &done);
	if (!f && then) {
		f = then(l, p, bytes);
		if (f)
			done = 0;
	}
	if (done < bytes)
		munmap(p + done, bytes - done);
	if (!done)
		return f;
	failure full = segment_add(l, p, done);
	if (full) {
		munmap(p, done);
		return f ? f : full;
	}
	l->total += done;
	return f;
}
