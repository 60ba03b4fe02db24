// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small kernel objects: eventfds that nobody uses. Each has a dentry and a struct file, from slabs that the cgroup is charged
 * for (SLAB_ACCOUNT), and its own few bytes; none can be reclaimed. Not sockets, or anything with an inode of its own: what
 * security modules keep of one is asked for without __GFP_FS (security/security.c:lsm_inode_alloc), and who asks for
 * that brings no kill, however long it takes (mm/oom_kill.c:out_of_memory).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "oomload.h"

#define FILES_MAX (1 << 20)	/* fs.nr_open's default */

struct slab {
	unsigned int n;
	uint64_t object;	/* bytes per eventfd */
	int fd[FILES_MAX];
};

static int slab_open(struct load *l)
{
	struct slab *s = system_scratch(sizeof(*s));
	if (!s)
		return error_say("%s: no memory for its book-keeping", l->kind->name);
	l->priv = s;
	return load_arg_size(l, "object", 512, 128, 65536, &s->object) ? 0 : -1;
}

static failure slab_add(struct load *l, uint64_t bytes)
{
	struct slab *s = l->priv;
	for (uint64_t end = l->total + bytes; s->n * s->object < end; s->n++) {
		int fd = s->n < FILES_MAX ? eventfd(0, EFD_CLOEXEC) : (errno = EMFILE, -1);
		if (fd < 0) {
			l->total = s->n * s->object;
			return errno;
		}
		s->fd[s->n] = fd;
	}
	l->total += bytes;
	return 0;
}

static failure slab_drop(struct load *l, uint64_t bytes)
{
	struct slab *s = l->priv;
	l->total -= bytes;
	while (s->n && (s->n - 1) * s->object >= l->total)
		close(s->fd[--s->n]);
	return 0;
}

static uint64_t slab_touch(struct load *l)
{
	struct slab *s = l->priv;
	uint64_t n = 0;
	for (unsigned int i = 0; i < s->n; i++)
		n += fcntl(s->fd[i], F_GETFD) >= 0;
	return n == s->n ? l->total : n * s->object;
}

static void slab_close(struct load *l)
{
	if (l->total)
		slab_drop(l, l->total);
}

const struct kind kind_slab = {
	.name = "slab",
	.help = "small kernel objects (unused eventfds); the bytes are an estimate",
	.args = { { "object", "bytes that one eventfd is taken for, default 512" } },
	.open = slab_open,
	.add = slab_add,
	.drop = slab_drop,
	.touch = slab_touch,
	.close = slab_close,
};
