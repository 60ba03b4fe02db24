// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages of a file that were written in a private mapping of it, and are the process's own since: anonymous memory in a
 * mapping that is a file's. The file is this program, as often as is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oomload.h"

static int cow_open(struct load *l)
{
	l->fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	return l->fd < 0 ? error_say("%s: /proc/self/exe: %s", l->kind->name, failure_name(errno)) : 0;
}

/* Maps the file over and over into [p, p + bytes). */
static failure map_windows(int fd, char *p, uint64_t bytes)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return errno;
	uint64_t window = ((uint64_t)st.st_size + page_size - 1) / page_size * page_size;
	for (uint64_t at = 0; at < bytes; at += window)
		if (mmap(p + at, window < bytes - at ? window : bytes - at, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
			return errno;
	return 0;
}

static failure cow_add(struct load *l, uint64_t bytes)
{
	uint64_t done = 0;
	char *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return errno;
	failure f = map_windows(l->fd, p, bytes);
	if (!f)
		f = fill_write(l, p, bytes, &done);
	failure full = done ? segment_add(l, p, done) : 0;
	if (full)
		done = 0;
	if (done < bytes)
		munmap(p + done, bytes - done);
	l->total += done;
	return f ? f : full;
}

const struct kind kind_cow = {
	.name = "cow",
	.help = "pages of a file that were written in a private mapping of it",
	.open = cow_open,
	.add = cow_add,
	.drop = segment_drop_held,
	.touch = segment_touch,
	.close = segment_close,
};
