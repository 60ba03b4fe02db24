// SPDX-License-Identifier: GPL-2.0-or-later
/* POSIX shared memory: shm_open(), which is a file in /dev/shm. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filemem.h"

static int posixshm_open(struct load *l)
{
	/* The name is gone at once: a killed workload leaves nothing. Another workload may be just between the two. */
	static const char name[] = "/oomload";
	do
		l->fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	while (l->fd < 0 && errno == EEXIST && (shm_unlink(name) == 0 || errno == ENOENT));
	if (l->fd < 0)
		return error_say("%s: shm_open: %s; /dev/shm must be there, and best a tmpfs", l->kind->name, failure_name(errno));
	shm_unlink(name);
	return 0;
}

const struct kind kind_posixshm = {
	.name = "posixshm",
	.help = "POSIX shared memory (shm_open)",
	.open = posixshm_open,
	.add = filemem_add_mapped,
	.drop = filemem_drop_mapped,
	.touch = segment_touch,
	.close = filemem_close,
};
