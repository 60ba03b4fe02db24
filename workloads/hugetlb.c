// SPDX-License-Identifier: GPL-2.0-or-later
/* Huge pages of the pool (vm.nr_hugepages): in no RSS, not in badness, and their lack is SIGBUS, never an OOM. */
#include <errno.h>
#include <sys/mman.h>

#include "oomload.h"

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

static uint64_t huge_size;
static int flags;

static int hugetlb_open(struct load *l)
{
	uint64_t noreserve;
	if (!load_arg_size(l, "noreserve", 0, 0, 1, &noreserve) ||
	    !load_arg_size(l, "size", UINT64_C(2) << 20, UINT64_C(64) << 10, UINT64_C(16) << 30, &huge_size))
		return -1;
	if (huge_size & (huge_size - 1))
		return error_say("%s: size= is not a power of two", l->kind->name);
	flags = MAP_HUGETLB | __builtin_ctzll(huge_size) << MAP_HUGE_SHIFT | (noreserve ? MAP_NORESERVE : 0);
	return 0;
}

static uint64_t hugetlb_unit(struct load *l)
{
	(void)l;
	return huge_size;
}

static failure hugetlb_add(struct load *l, uint64_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (p == MAP_FAILED)
		return errno;
	uint64_t done;
	failure f = fill_write(l, p, bytes, &done);
	done -= done % huge_size;
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

const struct kind kind_hugetlb = {
	.name = "hugetlb",
	.help = "huge pages of the pool; `failed ENOMEM` when it can't reserve, `failed SIGBUS` when a page can't be had",
	.args = {
		{ "size", "of a huge page, default 2M" },
		{ "noreserve", "1: reserve nothing, meet the lack in the page fault" },
	},
	.open = hugetlb_open,
	.add = hugetlb_add,
	.drop = segment_drop_held,
	.touch = segment_touch,
	.close = segment_close,
	.unit = hugetlb_unit,
};
