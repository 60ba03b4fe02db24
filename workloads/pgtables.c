// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables: they count for badness (mm/oom_kill.c:oom_badness) but are in no RSS. Reading a byte of memory that was
 * never written maps the zero page, which no counter sees, and needs a page of entries: one per page of them is read.
 */
#include <errno.h>
#include <sys/mman.h>

#include "oomload.h"

/* What one page of entries maps: 2 MiB where pages have 4 KiB. */
static uint64_t reach(void)
{
	return page_size / sizeof(uint64_t) * page_size;
}

/* The mapping starts where a page of entries does, so that none is shared with what lies before it. */
static failure pgtables_add(struct load *l, uint64_t bytes)
{
	uint64_t space, done;
	if (__builtin_mul_overflow(bytes / page_size, reach(), &space) || space + reach() < space)
		return ENOMEM;
	char *p = mmap(NULL, space + reach(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return errno;
	char *start = (char *)(((uintptr_t)p + reach() - 1) & ~(uintptr_t)(reach() - 1));
	if (start > p)
		munmap(p, (size_t)(start - p));
	if (start < p + reach())
		munmap(start + space, (size_t)(p + reach() - start));
	failure f = fill_read(start, space, reach(), &done);
	if (done < space)
		munmap(start + done, space - done);
	if (!done)
		return f;
	failure full = segment_add(l, start, done);
	if (full) {
		munmap(start, done);
		return f ? f : full;
	}
	l->total += done / reach() * page_size;
	return f;
}

static failure pgtables_drop(struct load *l, uint64_t bytes)
{
	segment_drop(l, bytes / page_size * reach());
	l->total -= bytes;
	return 0;
}

static uint64_t pgtables_touch(struct load *l)
{
	uint64_t total = 0, done;
	for (unsigned int i = 0; i < l->n_seg; i++) {
		fill_read(l->seg[i].start, l->seg[i].len, reach(), &done);
		total += done / reach() * page_size;
	}
	return total;
}

const struct kind kind_pgtables = {
	.name = "pgtables",
	.help = "pages of page table entries over memory that was only read, without RSS",
	.add = pgtables_add,
	.drop = pgtables_drop,
	.touch = pgtables_touch,
	.close = segment_close,
};
