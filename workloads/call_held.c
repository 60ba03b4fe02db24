// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls about the memory that the task's kind holds: what the kernel may do with it. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "call.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21	/* since Linux 5.4 */
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25	/* since Linux 6.1 */
#endif
#ifndef MADV_FREE
#define MADV_FREE 8	/* since Linux 4.5 */
#endif

static struct result advise(struct load *l, char *args, int advice)
{
	if (next_word(&args))
		return BAD_ARGS;
	if (!l->n_seg)
		return (struct result){ -1, ENOENT };
	for (unsigned int i = 0; i < l->n_seg; i++)
		if (madvise(l->seg[i].start, l->seg[i].len, advice) < 0)
			return result_of(-1);
	return (struct result){ 0, 0 };
}

/* Reads a byte of each page that the task's kind holds: what was swapped out comes in again. */
static struct result call_touch(struct load *l, char *args)
{
	struct result r = { 0, 0 };
	if (next_word(&args))
		return BAD_ARGS;
	for (unsigned int i = 0; i < l->n_seg && !r.errnum; i++) {
		uint64_t done;
		r.errnum = fill_read(l->seg[i].start, l->seg[i].len, page_size, &done);
		r.value += (int64_t)done;
	}
	return r;
}

/* All that is held, or a part of the last mapping. */
static struct result advise_part(struct load *l, char *args, int advice)
{
	uint64_t size;
	struct result no;
	if (!*args)
		return advise(l, args, advice);
	char *part = last_part(&args, &size, &no);
	return !part ? no : next_word(&args) ? BAD_ARGS : result_of(madvise(part, size, advice));
}

static struct result call_pageout(struct load *l, char *args)
{
	return advise_part(l, args, MADV_PAGEOUT);
}

static struct result call_dontneed(struct load *l, char *args)
{
	return advise_part(l, args, MADV_DONTNEED);
}

static struct result call_lazyfree(struct load *l, char *args)
{
	return advise(l, args, MADV_FREE);
}

/* For what comes, and for khugepaged: what is there stays until that has come. */
static struct result call_hugepages(struct load *l, char *args)
{
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);	/* main.c has set it */
	return advise(l, args, MADV_HUGEPAGE);
}

/* At once, where hugepages() has allowed it; or not at all. */
static struct result call_collapse(struct load *l, char *args)
{
	return advise(l, args, MADV_COLLAPSE);
}

const struct call held_calls[] = {
	{ "pageout", "[FROM SIZE]",
	  "reclaim what is held, or a part of the last mapping (MADV_PAGEOUT, since Linux 5.4): with swap, it is swapped out", call_pageout },
	{ "touch", "", "read what is held; the result is the bytes read up to a failure, SIGBUS where a page can't be read", call_touch },
	{ "dontneed", "[FROM SIZE]", "give up what is held, or a part of the last mapping, at once (MADV_DONTNEED)", call_dontneed },
	{ "lazyfree", "", "give up what is held, to be freed when memory is short (MADV_FREE)", call_lazyfree },
	{ "hugepages", "", "let huge pages be made of what is held (MADV_HUGEPAGE)", call_hugepages },
	{ "collapse", "", "have huge pages made of what is held, behind hugepages (MADV_COLLAPSE, since Linux 6.1)", call_collapse },
	{ NULL, NULL, NULL, NULL },
};
