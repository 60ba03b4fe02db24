// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of files: empty files on tmpfs, each an inode and a dentry that the cgroup of their maker is charged for
 * (SLAB_ACCOUNT) and that nothing reclaims. They stay when their maker is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "oomload.h"

#define FILES_MAX (1 << 20)
#define SPARE 32		/* files removed to have room for an answer: some pages' worth of each kind of object */

struct inodes {
	unsigned int n;
	uint64_t object;
	int dir;
};

static int inodes_open(struct load *l)
{
	struct inodes *s = system_scratch(sizeof(*s));
	const char *dir = load_arg(l, "dir");
	if (!s)
		return error_say("%s: no memory for its book-keeping", l->kind->name);
	l->priv = s;
	if (!load_arg_size(l, "object", 1024, 256, 65536, &s->object))
		return -1;
	s->dir = open(dir ? dir : "/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->dir < 0 ? error_say("%s: %s: %s", l->kind->name, dir ? dir : "/dev/shm", failure_name(errno)) : 0;
}

/* The process and a number: nobody else makes it. */
static const char *name_of(unsigned int i)
{
	static char name[64];
	char *at = put_decimal(name, (uint64_t)getpid());
	*at++ = '-';
	put_decimal(at, i);
	return name;
}

static failure inodes_drop(struct load *l, uint64_t bytes)
{
	struct inodes *s = l->priv;
	l->total -= bytes;
	while (s->n && (s->n - 1) * s->object >= l->total)
		unlinkat(s->dir, name_of(--s->n), 0);
	return 0;
}

static failure inodes_add(struct load *l, uint64_t bytes)
{
	struct inodes *s = l->priv;
	for (uint64_t end = l->total + bytes; s->n * s->object < end; s->n++) {
		int fd = s->n < FILES_MAX ? openat(s->dir, name_of(s->n), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) :
					    (errno = EMFILE, -1);
		if (fd >= 0) {
			close(fd);
			continue;
		}
		failure why = errno;
		for (unsigned int i = 0; i < SPARE && s->n; i++)
			unlinkat(s->dir, name_of(--s->n), 0);
		l->total = s->n * s->object;
		return why;
	}
	l->total += bytes;
	return 0;
}

static uint64_t inodes_touch(struct load *l)
{
	struct inodes *s = l->priv;
	unsigned int n = 0;
	for (unsigned int i = 0; i < s->n; i++)
		n += faccessat(s->dir, name_of(i), F_OK, 0) == 0;
	return n == s->n ? l->total : n * s->object;
}

static void inodes_close(struct load *l)
{
	if (l->total)
		inodes_drop(l, l->total);
}

const struct kind kind_inodes = {
	.name = "inodes",
	.help = "empty files on tmpfs, which stay when their maker is killed; the bytes are an estimate",
	.args = {
		{ "dir", "directory for the files, default /dev/shm" },
		{ "object", "bytes that one file is taken for, default 1024" },
	},
	.open = inodes_open,
	.add = inodes_add,
	.drop = inodes_drop,
	.touch = inodes_touch,
	.close = inodes_close,
};
