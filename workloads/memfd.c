// SPDX-License-Identifier: GPL-2.0-or-later
/* Shared memory without a file system: memfd_create(). */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filemem.h"

static int memfd_open(struct load *l)
{
	l->fd = (int)syscall(SYS_memfd_create, "oomload", 1 /* MFD_CLOEXEC */);
	return l->fd < 0 ? error_say("%s: memfd_create: %s", l->kind->name, failure_name(errno)) : 0;
}

const struct kind kind_memfd = {
	.name = "memfd",
	.help = "a memfd, mapped and written through the mapping",
	.open = memfd_open,
	.add = filemem_add_mapped,
	.drop = filemem_drop_mapped,
	.touch = segment_touch,
	.close = filemem_close,
};

const struct kind kind_memfd_unmapped = {
	.name = "memfd-unmapped",
	.help = "a memfd, written, not mapped",
	.open = memfd_open,
	.add = filemem_add_written,
	.drop = filemem_drop_written,
	.touch = filemem_touch_written,
	.close = filemem_close,
};
