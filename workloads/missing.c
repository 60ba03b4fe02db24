// SPDX-License-Identifier: GPL-2.0-or-later
#include "missing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/userfaultfd.h, which musl's compiler does not find. */
struct uffd_api {
	uint64_t api, features, ioctls;
};
struct uffd_register {
	uint64_t start, len, mode, ioctls;
};
#define UFFD_API UINT64_C(0xaa)
#define UFFD_IOC_API _IOWR(0xaa, 0x3f, struct uffd_api)
#define UFFD_IOC_REGISTER _IOWR(0xaa, 0x00, struct uffd_register)
#define UFFD_MODE_MISSING 1

int map_missing(uint64_t size, char **start)
{
	struct uffd_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd < 0)
		return -1;
	*start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffd_register range = { .start = (uint64_t)(uintptr_t)*start, .len = size, .mode = UFFD_MODE_MISSING };
	if (*start == MAP_FAILED || ioctl(fd, UFFD_IOC_API, &api) < 0 || ioctl(fd, UFFD_IOC_REGISTER, &range) < 0) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}
