// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that even the kernel has no mapping of: memfd_secret(), since Linux 5.14 and, until 6.4, with secretmem.enable=1. It is
 * locked, shared, and nowhere but in memory. Such a file gets its size once (mm/secretmem.c:secretmem_setattr), so that there is
 * one for each piece.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oomload.h"

static int secret_file(void)
{
	return (int)syscall(447, O_CLOEXEC);	/* memfd_secret */
}

static int secret_open(struct load *l)
{
	int fd = secret_file();
	if (fd < 0)
		return error_say("%s: memfd_secret: %s", l->kind->name, failure_name(errno));
	close(fd);
	system_raise_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	return 0;
}

static failure secret_add(struct load *l, uint64_t bytes)
{
	uint64_t done = 0;
	int fd = secret_file();
	if (fd < 0)
		return errno;
	char *p = MAP_FAILED;
	if (ftruncate(fd, (off_t)bytes) == 0)
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	failure f = p == MAP_FAILED ? errno : 0;
	close(fd);
	if (f)
		return f;
	f = fill_write(l, p, bytes, &done);
	if (done < bytes)
		munmap(p + done, bytes - done);
	if (!done)
		return f;
	l->total += done;
	failure kept = segment_add(l, p, done);
	return f ? f : kept;
}

const struct kind kind_secret = {
	.name = "secret",
	.help = "memory that the kernel itself does not map (memfd_secret)",
	.open = secret_open,
	.add = secret_add,
	.drop = segment_drop_held,
	.touch = segment_touch,
	.close = segment_close,
};
