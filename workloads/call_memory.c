// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls about address space: they map and promise, and touch nothing but where they say so. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sysfile.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4	/* since Linux 5.7 */
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08	/* a type of its own, like MAP_PRIVATE; since Linux 6.11 */
#endif

/* What mmap and mprotect made, the last one on top. */
static struct segment maps[64];
static unsigned int n_maps;

struct result keep_map(void *p, uint64_t size)
{
	if (p == MAP_FAILED)
		return result_of(-1);
	if (n_maps == ARRAY_SIZE(maps)) {
		munmap(p, size);
		return (struct result){ -1, ENOSPC };
	}
	maps[n_maps++] = (struct segment){ p, size };
	return (struct result){ 0, 0 };
}

static bool next_size(char **args, uint64_t *size)
{
	char *word = next_word(args);
	return word && parse_size(word, size);
}

/* What was mapped is kept where the kernel granted more for it, else undone; errno is the refusal's. */
static struct result keep_if(bool granted, void *p, uint64_t size)
{
	if (granted)
		return keep_map(p, size);
	struct result refused = result_of(-1);
	munmap(p, size);
	return refused;
}

/* A size is all that is said, and what is mapped can be kept; else the answer is in no. */
static bool one_size(char *args, uint64_t *size, struct result *no)
{
	*no = BAD_ARGS;
	if (!next_size(&args, size) || next_word(&args))
		return false;
	*no = (struct result){ -1, ENOSPC };
	return n_maps < ARRAY_SIZE(maps);
}

const struct segment *last_map(char *args, struct result *no)
{
	*no = BAD_ARGS;
	if (next_word(&args))
		return NULL;
	*no = (struct result){ -1, ENOENT };
	return n_maps ? &maps[n_maps - 1] : NULL;
}

char *last_part(char **args, uint64_t *size, struct result *no)
{
	char *at = next_word(args), none[] = "";
	uint64_t from;
	*no = BAD_ARGS;
	if (!at || !parse_size(at, &from) || !next_size(args, size))
		return NULL;
	const struct segment *last = last_map(none, no);
	if (!last)
		return NULL;
	*no = (struct result){ -1, ERANGE };
	return from <= last->len && *size <= last->len - from ? (char *)last->start + from : NULL;
}

/* Of huge pages, which main.c has forbidden. */
static void *map_huge(uint64_t size, int prot, int flags)
{
	void *p = segment_map(size, HUGE_PAGE, prot, flags);
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	if (p == MAP_FAILED || madvise(p, size, MADV_HUGEPAGE) == 0)
		return p;
	int why = errno;
	munmap(p, size);
	errno = why;
	return MAP_FAILED;
}

static struct result call_mmap(struct load *l, char *args)
{
	bool huge = false;
	static const struct {
		const char *word;
		int flags, not_prot;
	} options[] = {
		{ "private", 0, 0 },	{ "shared", MAP_SHARED, 0 },
		{ "ro", 0, PROT_WRITE },	{ "none", 0, PROT_READ | PROT_WRITE },
		{ "noreserve", MAP_NORESERVE, 0 },	{ "populate", MAP_POPULATE, 0 },
		{ "locked", MAP_LOCKED, 0 },	{ "hugetlb", MAP_HUGETLB, 0 },
		{ "droppable", MAP_DROPPABLE, 0 },
	};
	uint64_t size;
	int prot = PROT_READ | PROT_WRITE, flags = MAP_ANONYMOUS;
	(void)l;
	if (!next_size(&args, &size))
		return BAD_ARGS;
	for (char *word; (word = next_word(&args));) {
		size_t i = 0;
		if (streq(word, "huge")) {
			huge = true;
			continue;
		}
		while (i < ARRAY_SIZE(options) && !streq(options[i].word, word))
			i++;
		if (i == ARRAY_SIZE(options))
			return BAD_ARGS;
		flags |= options[i].flags;
		prot &= ~options[i].not_prot;
	}
	if (!(flags & (MAP_SHARED | MAP_DROPPABLE)))
		flags |= MAP_PRIVATE;
	if (n_maps == ARRAY_SIZE(maps))
		return (struct result){ -1, ENOSPC };
	return keep_map(huge ? map_huge(size, prot, flags) : mmap(NULL, size, prot, flags, -1, 0), size);
}

/* Each try is undone at once, so the answer is what one mapping could have. */
static bool granted(uint64_t pages)
{
	void *p = mmap(NULL, pages * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return false;
	munmap(p, pages * page_size);
	return true;
}

static struct result call_mmapmax(struct load *l, char *args)
{
	(void)l;
	if (next_word(&args))
		return BAD_ARGS;
	uint64_t least = 0, most = (UINT64_C(1) << 47) / page_size;	/* more than any address space */
	while (most - least > 1) {
		uint64_t middle = least + (most - least) / 2;
		if (granted(middle))
			least = middle;
		else
			most = middle;
	}
	return (struct result){ (int64_t)least, 0 };
}

/* 0 on a kernel that grants the limit to its last page. statm begins with the size of the address space. */
static struct result call_asleft(struct load *l, char *args)
{
	struct rlimit r;
	struct result most = call_mmapmax(l, args), now = sysfile_read("/proc/self/statm");
	if (most.errnum || now.errnum)
		return most.errnum ? most : now;
	if (getrlimit(RLIMIT_AS, &r) < 0)
		return result_of(-1);
	if (r.rlim_cur == RLIM_INFINITY)
		return (struct result){ -1, ERANGE };
	return (struct result){ (int64_t)(r.rlim_cur / page_size) - now.value - most.value, 0 };
}

static struct result call_munmap(struct load *l, char *args)
{
	struct result no;
	const struct segment *last = last_map(args, &no);
	(void)l;
	if (!last)
		return no;
	n_maps--;
	return result_of(munmap(last->start, last->len));
}

/* One page, with room behind it, so that it can stay where it is. */
static struct result call_extend(struct load *l, char *args)
{
	uint64_t size;
	struct result no;
	(void)l;
	if (!one_size(args, &size, &no))
		return no;
	char *room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED || munmap(room + page_size, size - page_size) < 0 || mprotect(room, page_size, PROT_READ | PROT_WRITE) < 0)
		return result_of(-1);
	bool granted = mremap(room, page_size, size, 0) != MAP_FAILED;
	return keep_if(granted, room, granted ? size : page_size);
}

static struct result advise_last(char *args, int advice)
{
	struct result no;
	const struct segment *last = last_map(args, &no);
	return last ? result_of(madvise(last->start, last->len, advice)) : no;
}

/* A child that is forked from now on has not what the last mmap mapped. */
static struct result call_dontfork(struct load *l, char *args)
{
	(void)l;
	return advise_last(args, MADV_DONTFORK);
}

/* KSM may merge its pages with others of the same contents. */
static struct result call_mergeable(struct load *l, char *args)
{
	(void)l;
	return advise_last(args, MADV_MERGEABLE);
}

/* It has it, but empty. */
static struct result call_wipeonfork(struct load *l, char *args)
{
	(void)l;
	return advise_last(args, MADV_WIPEONFORK);
}

/* Its pages go elsewhere, and the mapping stays where it was, empty; both are kept. */
static struct result call_moveaway(struct load *l, char *args)
{
	struct result no;
	const struct segment *last = last_map(args, &no);
	(void)l;
	if (!last || n_maps == ARRAY_SIZE(maps))
		return last ? (struct result){ -1, ENOSPC } : no;
	return keep_map(mremap(last->start, last->len, last->len, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL), last->len);
}

/* A new mapping in place of the last one. */
static struct result call_mapover(struct load *l, char *args)
{
	struct result no;
	const struct segment *last = last_map(args, &no);
	(void)l;
	if (!last)
		return no;
	void *p = mmap(last->start, last->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return result_of(p == MAP_FAILED ? -1 : 0);
}

/*
 * A page of the last mapping goes elsewhere, where it may have more behind it (size, bytes). What is left of it is the
 * last one then: behind its first page, or with a hole.
 */
static struct result move_page(bool middle, uint64_t size)
{
	if (!n_maps || n_maps == ARRAY_SIZE(maps))
		return (struct result){ -1, n_maps ? ENOSPC : ENOENT };
	struct segment rest = maps[n_maps - 1];
	char *from = (char *)rest.start + (middle ? rest.len / 2 / page_size * page_size : 0);
	void *to = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED || mremap(from, page_size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
		return result_of(-1);
	maps[n_maps - 1] = (struct segment){ to, size };
	return middle ? keep_map(rest.start, rest.len) : keep_map(from + page_size, rest.len - page_size);
}

static struct result call_movefirst(struct load *l, char *args)
{
	uint64_t size = page_size;
	char *word = next_word(&args);
	(void)l;
	if ((word && (!parse_size(word, &size) || size < page_size)) || next_word(&args))
		return BAD_ARGS;
	return move_page(false, size);
}

static struct result call_movemiddle(struct load *l, char *args)
{
	(void)l;
	return next_word(&args) ? BAD_ARGS : move_page(true, page_size);
}

static struct result call_fault(struct load *l, char *args)
{
	uint64_t done, size = UINT64_MAX;
	bool before = l->by_faults;
	char *word = next_word(&args);
	if ((word && !parse_size(word, &size)) || next_word(&args))
		return BAD_ARGS;
	if (!n_maps)
		return (struct result){ -1, ENOENT };
	struct segment *last = &maps[n_maps - 1];
	l->by_faults = true;
	failure f = fill_write(l, last->start, size < last->len ? size / page_size * page_size : last->len, &done);
	l->by_faults = before;
	return (struct result){ (int64_t)done, f };
}

/* What is left keeps the huge pages whole, if it has them, until memory is short. */
static struct result call_thinout(struct load *l, char *args)
{
	struct result no, r = { 0, 0 };
	const struct segment *last = last_map(args, &no);
	(void)l;
	if (!last)
		return no;
	for (char *end = last->start + last->len, *at = last->start; at < end && !r.errnum; at += HUGE_PAGE)
		r = result_of(madvise(at + page_size, HUGE_PAGE - page_size, MADV_DONTNEED));
	return r;
}

static struct result call_mprotect(struct load *l, char *args)
{
	uint64_t size;
	struct result no;
	(void)l;
	if (!one_size(args, &size, &no))
		return no;
	void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return result_of(-1);
	return keep_if(mprotect(p, size, PROT_READ | PROT_WRITE) == 0, p, size);
}

static struct result protect_last(char *args, int prot)
{
	struct result no;
	const struct segment *last = last_map(args, &no);
	return last ? result_of(mprotect(last->start, last->len, prot)) : no;
}

static struct result call_readonly(struct load *l, char *args)
{
	(void)l;
	return protect_last(args, PROT_READ);
}

static struct result call_writable(struct load *l, char *args)
{
	(void)l;
	return protect_last(args, PROT_READ | PROT_WRITE);
}

static struct result call_sbrk(struct load *l, char *args)
{
	uint64_t size;
	(void)l;
	if (!next_size(&args, &size) || next_word(&args))
		return BAD_ARGS;
	/* The system call returns the break as it is afterwards, and no error. */
	unsigned long now = (unsigned long)syscall(SYS_brk, 0);
	unsigned long then = (unsigned long)syscall(SYS_brk, now + size);
	return then == now + size ? (struct result){ 0, 0 } : (struct result){ -1, ENOMEM };
}

const struct call memory_calls[] = {
	{ "mmap", "SIZE [private|shared] [ro|none] [noreserve] [populate] [locked] [hugetlb] [huge] [droppable]",
	  "map anonymous memory and keep it, untouched; huge: of huge pages, where there is room for them; droppable: since Linux 6.11",
	  call_mmap },
	{ "mmapmax", "", "pages of the largest private writable mapping that is granted; nothing is kept", call_mmapmax },
	{ "asleft", "", "pages that RLIMIT_AS has left beside the address space and the largest mapping that is granted", call_asleft },
	{ "munmap", "", "unmap what the last mmap or mprotect mapped", call_munmap },
	{ "extend", "SIZE", "map a page, then so much where it is (mremap); keep it", call_extend },
	{ "moveaway", "", "move what the last mmap mapped, and leave the mapping there, too (MREMAP_DONTUNMAP, since Linux 5.7)", call_moveaway },
	{ "dontfork", "", "children don't get what the last mmap or mapfile mapped (MADV_DONTFORK)", call_dontfork },
	{ "wipeonfork", "", "children get it empty (MADV_WIPEONFORK)", call_wipeonfork },
	{ "mergeable", "", "let KSM merge its pages with others of the same contents (MADV_MERGEABLE)", call_mergeable },
	{ "mapover", "", "map anew where the last mmap did (MAP_FIXED)", call_mapover },
	{ "movefirst", "[SIZE]", "move the first page of what the last mmap mapped elsewhere, and enlarge it there; the rest is the last mapping then",
	  call_movefirst },
	{ "movemiddle", "", "move the page in the midst of it; the rest, with a hole, is the last mapping then", call_movemiddle },
	{ "fault", "[SIZE]", "write what the last mmap or mprotect mapped, by page faults; the result is the bytes written", call_fault },
	{ "thinout", "", "give up all of it but a page in 2M", call_thinout },
	{ "mprotect", "SIZE", "map read-only memory, then make it writable; keep it", call_mprotect },
	{ "readonly", "", "make what the last mmap or mprotect mapped read-only (mprotect)", call_readonly },
	{ "writable", "", "make it writable (mprotect)", call_writable },
	{ "sbrk", "SIZE", "move the break up", call_sbrk },
	{ NULL, NULL, NULL, NULL },
};
