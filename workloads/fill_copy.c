// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages of private memory by userfaultfd's copy (mm/userfaultfd.c:mfill_atomic()): the kernel allocates a page,
 * copies to it and maps it. No other way takes it so little a page: nothing is zeroed first, and there is neither a
 * fault nor a second walk of the page table, as in process_vm_writev() and MAP_POPULATE.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fill_copy.h"

/* linux/userfaultfd.h, which musl's compiler does not find */
struct uffd_api { uint64_t api, features, ioctls; };
struct uffd_range { uint64_t start, len; };
struct uffd_register { struct uffd_range range; uint64_t mode, ioctls; };
struct uffd_copy { uint64_t dst, src, len, mode; int64_t copied; };
#define UFFD_USER_MODE_ONLY 1	/* since 5.11; needs no privilege */
#define UFFD_API 0xAA
#define UFFDIO_API _IOWR(0xAA, 0x3F, struct uffd_api)
#define UFFDIO_REGISTER _IOWR(0xAA, 0x00, struct uffd_register)
#define UFFDIO_UNREGISTER _IOR(0xAA, 0x01, struct uffd_range)
#define UFFDIO_COPY _IOWR(0xAA, 0x03, struct uffd_copy)
#define MODE_MISSING 1
#define MODE_DONTWAKE 1

static int open_uffd(void)
{
	struct uffd_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (fd < 0)
		fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

uint64_t fill_copy(char *p, uint64_t len, const void *(*next)(void *arg, uint64_t *len), void *arg)
{
	uint64_t done = 0;
	int fd = open_uffd();
	struct uffd_register all = { .range = { (uintptr_t)p, len }, .mode = MODE_MISSING };
	if (fd >= 0 && ioctl(fd, UFFDIO_REGISTER, &all) == 0) {
		while (done < len) {
			struct uffd_copy c = { .dst = (uintptr_t)p + done, .len = len - done, .mode = MODE_DONTWAKE };
			c.src = (uintptr_t)next(arg, &c.len);
			/* `copied` is what was done before an error, or the error; untouched where it did not come
			 * to that */
			ioctl(fd, UFFDIO_COPY, &c);
			if (c.copied > 0)
				done += (uint64_t)c.copied;
			if (c.copied != (int64_t)c.len)
				break;	/* the faults in user mode say why */
		}
		ioctl(fd, UFFDIO_UNREGISTER, &all.range);
	}
	if (fd >= 0)
		close(fd);
	return done;
}
