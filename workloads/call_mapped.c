// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls that map files. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"

#define SPARSE (2 << 20)	/* what one page table maps, from where it begins */

/* All of a file, read once, so that what is written later is copied. */
static struct result call_mapfile(struct load *l, char *args)
{
	char *path = next_word(&args), *how = next_word(&args);
	struct stat st;
	(void)l;
	if (!path || (how && !streq(how, "sparse")) || next_word(&args))
		return BAD_ARGS;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *p = MAP_FAILED;
	if (fd >= 0 && fstat(fd, &st) == 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	struct result r = p == MAP_FAILED ? result_of(-1) : keep_map(p, (uint64_t)st.st_size);
	if (fd >= 0)
		close(fd);
	for (off_t at = 0; !r.errnum && at < st.st_size; at += how ? SPARSE - (off_t)(((uintptr_t)p + (size_t)at) % SPARSE) : (off_t)page_size)
		(void)((volatile char *)p)[at];
	return r;
}

/* Of a file that is made, or made longer, as far as it must be. */
static struct result map_part(char *args, int type)
{
	char *path = next_word(&args), *at = next_word(&args), *word = next_word(&args);
	uint64_t from, size;
	struct stat st;
	if (!path || !at || !word || next_word(&args) || !parse_size(at, &from) || !parse_size(word, &size))
		return BAD_ARGS;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *p = MAP_FAILED;
	if (fd >= 0 && fstat(fd, &st) == 0 && ((uint64_t)st.st_size >= from + size || ftruncate(fd, (off_t)(from + size)) == 0))
		p = mmap(NULL, size, PROT_READ | PROT_WRITE, type, fd, (off_t)from);
	struct result r = p == MAP_FAILED ? result_of(-1) : keep_map(p, size);
	if (fd >= 0)
		close(fd);
	return r;
}

static struct result call_mapshared(struct load *l, char *args)
{
	(void)l;
	return map_part(args, MAP_SHARED);
}

static struct result call_mapprivate(struct load *l, char *args)
{
	(void)l;
	return map_part(args, MAP_PRIVATE);
}

const struct call mapped_calls[] = {
	{ "mapfile", "PATH [sparse]", "map a file, privately, and read it (sparse: a page in 2M); it is the last mapping then", call_mapfile },
	{ "mapshared", "PATH FROM SIZE", "map a part of a file, shared, and touch nothing; it is the last mapping then", call_mapshared },
	{ "mapprivate", "PATH FROM SIZE", "the same, privately: what is written there is a copy", call_mapprivate },
	{ NULL, NULL, NULL, NULL },
};
