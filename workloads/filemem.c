// SPDX-License-Identifier: GPL-2.0-or-later
#include "filemem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>


#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6u

/* --- opening --- */

static bool fits(const char *dir, bool on_tmpfs)
{
	struct statfs fs;
	if (statfs(dir, &fs) < 0)
		return false;
	if (on_tmpfs)
		return (unsigned int)fs.f_type == TMPFS_MAGIC;
	return (unsigned int)fs.f_type != TMPFS_MAGIC && (unsigned int)fs.f_type != RAMFS_MAGIC;
}

/* ramfs and some network file systems have no O_TMPFILE. */
static int open_then_unlink(const char *dir)
{
	char path[512];
	size_t len = strlen(dir);
	if (len > sizeof(path) - 40)
		return errno = ENAMETOOLONG, -1;
	memcpy(path, dir, len);
	memcpy(path + len, "/oomload-", 9);
	put_decimal(path + len + 9, (uint64_t)getpid());
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int open_nameless(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : open_then_unlink(dir);
}

/* A disk that is given up to be written, from its beginning; what it has is not read first. */
static bool overwrites;

/* Only a plain file is written, or a disk for which that was asked. It must not be in use, mounted or by swap: EBUSY. */
static int open_path(const char *path, const char *dirty)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	overwrites = there && S_ISBLK(st.st_mode) && dirty && streq(dirty, "1");
	if (overwrites) {
		int unused = open(path, O_RDWR | O_EXCL | O_CLOEXEC), fd = unused < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
		if (unused >= 0)
			close(unused);	/* or nobody else could have it for himself, like who discards of it */
		return fd;
	}
	if (there && !S_ISREG(st.st_mode))
		return open(path, O_RDONLY | O_CLOEXEC);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

int filemem_open(struct load *l, const char *const *dirs, bool on_tmpfs)
{
	const char *path = load_arg(l, "path"), *dir = load_arg(l, "dir");
	if (path) {
		l->fd = open_path(path, load_arg(l, "dirty"));
		return l->fd < 0 ? error_say("%s: path=%s: %s", l->kind->name, path, failure_name(errno)) : 0;
	}
	if (dir && !fits(dir, on_tmpfs))
		return error_say("%s: dir=%s: is not a directory %s", l->kind->name, dir,
				 on_tmpfs ? "on tmpfs" : "on a disk (it is in memory itself)");
	for (; !dir && *dirs; dirs++)
		if (fits(*dirs, on_tmpfs))
			dir = *dirs;
	if (!dir)
		return error_say("%s: no directory %s was found: name one with dir=", l->kind->name,
				 on_tmpfs ? "on tmpfs" : "on a disk");
	l->fd = open_nameless(dir);
	return l->fd < 0 ? error_say("%s: a file in %s: %s", l->kind->name, dir, failure_name(errno)) : 0;
}

/* --- by write() --- */

/* How many bytes the file has. A device has a size too, but not in its status. */
static uint64_t file_size(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	return end < 0 ? 0 : (uint64_t)end;
}

static bool is_shared(struct load *l)
{
	return load_arg(l, "path") != NULL;
}

static failure move_blocks(struct load *l, uint64_t *at, uint64_t end, bool writing)
{
	while (*at < end) {
		ssize_t n = writing ? pwrite(l->fd, fill_block(), FILL_BLOCK, (off_t)*at) :
				      pread(l->fd, fill_room(), FILL_BLOCK, (off_t)*at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n < FILL_BLOCK)
			return ENOSPC;	/* a short write says why only at the next try; a short read: a device that ends here */
		*at += FILL_BLOCK;
	}
	return 0;
}

failure filemem_add_written(struct load *l, uint64_t bytes)
{
	uint64_t at = l->total, end = at + bytes, there = is_shared(l) && !overwrites ? file_size(l->fd) : 0;
	there -= there % FILL_BLOCK;
	failure f = move_blocks(l, &at, there < end ? there : end, false);
	if (!f)
		f = move_blocks(l, &at, end, true);
	l->total = at - at % page_size;
	if (at > l->total && !is_shared(l))
		(void)!ftruncate(l->fd, (off_t)l->total);
	return f;
}

failure filemem_add_written_back(struct load *l, uint64_t bytes)
{
	failure f = filemem_add_written(l, bytes);
	if (!f && !is_shared(l) && fdatasync(l->fd) < 0)
		f = errno;
	return f;
}

failure filemem_drop_written(struct load *l, uint64_t bytes)
{
	uint64_t left = l->total - bytes;
	if (is_shared(l))
		posix_fadvise(l->fd, (off_t)left, (off_t)bytes, POSIX_FADV_DONTNEED);
	else if (ftruncate(l->fd, (off_t)left) < 0)
		return errno;
	l->total = left;
	return 0;
}

uint64_t filemem_touch_written(struct load *l)
{
	uint64_t at = 0;
	move_blocks(l, &at, l->total, false);
	return at;
}

/* --- mapped: one mapping of all that is held, in seg[0] --- */

static failure map_up_to(struct load *l, uint64_t size, int prot)
{
	char *p;
	if (l->n_seg)
		p = mremap(l->seg[0].start, l->seg[0].len, size, MREMAP_MAYMOVE);
	else
		p = mmap(NULL, size, prot, MAP_SHARED, l->fd, 0);
	if (p == MAP_FAILED)
		return errno;
	l->seg[0] = (struct segment){ p, size };
	l->n_seg = 1;
	return 0;
}

static void unmap_down_to(struct load *l, uint64_t size)
{
	struct segment *s = &l->seg[0];
	if (!l->n_seg || s->len <= size)
		return;
	munmap(s->start + size, s->len - size);
	s->len = size;
	l->n_seg = size > 0;
}

failure filemem_add_written_mapped(struct load *l, uint64_t bytes)
{
	uint64_t before = l->total, done = 0;
	failure f = filemem_add_written_back(l, bytes), unmapped = 0;
	if (l->total == before)
		return f;
	unmapped = map_up_to(l, l->total, PROT_READ);
	if (!unmapped)
		unmapped = fill_read(l->seg[0].start + before, l->total - before, page_size, &done);
	if (unmapped) {
		unmap_down_to(l, before + done);
		filemem_drop_written(l, l->total - before - done);
	}
	return f ? f : unmapped;
}

failure filemem_add_mapped(struct load *l, uint64_t bytes)
{
	uint64_t at = l->total, end = at + bytes, done = 0, there = file_size(l->fd);
	there -= there % page_size;
	if (there < end && ftruncate(l->fd, (off_t)end) < 0)
		return errno;
	failure f = map_up_to(l, end, PROT_READ | PROT_WRITE);
	if (!f && at < there) {
		f = fill_read(l->seg[0].start + at, (there < end ? there : end) - at, page_size, &done);
		at += done;
	}
	if (!f && at < end) {
		f = fill_write(l, l->seg[0].start + at, end - at, &done);
		at += done;
	}
	l->total = at;
	if (at < end)
		filemem_drop_mapped(l, 0);
	return f;
}

failure filemem_drop_mapped(struct load *l, uint64_t bytes)
{
	uint64_t left = l->total - bytes;
	unmap_down_to(l, left);
	if (!is_shared(l) && ftruncate(l->fd, (off_t)left) < 0)
		return errno;
	l->total = left;
	return 0;
}

void filemem_close(struct load *l)
{
	unmap_down_to(l, 0);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->total = 0;
}
