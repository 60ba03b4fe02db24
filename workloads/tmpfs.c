// SPDX-License-Identifier: GPL-2.0-or-later
/* A file on tmpfs: it is in memory, no process is bigger for it, and it stays when its writer is killed (with path=). */
#include "filemem.h"

static const char *const dirs[] = { "/dev/shm", "/tmp", "/run", "/dev", NULL };

static int tmpfs_open(struct load *l)
{
	return filemem_open(l, dirs, true);
}

const struct kind kind_tmpfs = {
	.name = "tmpfs",
	.help = "a file on tmpfs, written, not mapped",
	.args = { FILEMEM_ARGS("/dev/shm, /tmp, /run or /dev (the first on tmpfs)") },
	.open = tmpfs_open,
	.add = filemem_add_written,
	.drop = filemem_drop_written,
	.touch = filemem_touch_written,
	.close = filemem_close,
};

const struct kind kind_tmpfs_mapped = {
	.name = "tmpfs-mapped",
	.help = "a file on tmpfs, mapped and written through the mapping",
	.args = { FILEMEM_ARGS("/dev/shm, /tmp, /run or /dev (the first on tmpfs)") },
	.open = tmpfs_open,
	.add = filemem_add_mapped,
	.drop = filemem_drop_mapped,
	.touch = segment_touch,
	.close = filemem_close,
};
