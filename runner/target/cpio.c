// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sys/stat.h>

#include "base/util.h"
#include "target/initramfs.h"

static void put(struct cpio *c, const void *data, size_t len)
{
	if (!c->errnum && write_all(c->fd, data, len) < 0)
		c->errnum = errno;
	c->at += len;
}

/* Header+name and data each start on a multiple of four bytes. */
static void pad(struct cpio *c)
{
	put(c, "\0\0\0", -c->at & 3);
}

static void entry(struct cpio *c, const char *path, mode_t mode, const void *data, size_t len, unsigned major,
		  unsigned minor)
{
	char head[111];
	if (len > UINT32_MAX) {
		c->errnum = c->errnum ? c->errnum : EFBIG;
		return;
	}
	/* magic ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check */
	snprintf(head, sizeof(head), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++c->inode,
		 (unsigned)mode, 0u, 0u, S_ISDIR(mode) ? 2u : 1u, 0u, (unsigned)len, 0u, 0u, major, minor,
		 (unsigned)strlen(path) + 1, 0u);
	put(c, head, 110);
	put(c, path, strlen(path) + 1);
	pad(c);
	put(c, data, len);
	pad(c);
}

void cpio_dir(struct cpio *c, const char *path, mode_t mode)
{
	entry(c, path, S_IFDIR | mode, "", 0, 0, 0);
}

void cpio_file(struct cpio *c, const char *path, mode_t mode, const void *data, size_t len)
{
	entry(c, path, S_IFREG | mode, data, len, 0, 0);
}

void cpio_link(struct cpio *c, const char *path, const char *to)
{
	entry(c, path, S_IFLNK | 0777, to, strlen(to), 0, 0);
}

void cpio_chardev(struct cpio *c, const char *path, mode_t mode, unsigned major, unsigned minor)
{
	entry(c, path, S_IFCHR | mode, "", 0, major, minor);
}

int cpio_end(struct cpio *c, struct error *err)
{
	entry(c, "TRAILER!!!", 0, "", 0, 0, 0);
	return c->errnum ? error_set(err, c->errnum, "cannot write the initramfs") : 0;
}
