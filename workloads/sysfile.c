// SPDX-License-Identifier: GPL-2.0-or-later
#include "sysfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct result sysfile_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return result_of(-1);
	struct result r = result_of(write(fd, text, strlen(text)));
	close(fd);
	return r;
}

struct result sysfile_read(const char *path)
{
	char text[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return result_of(-1);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	struct result r = result_of(n);
	close(fd);
	if (n < 0)
		return r;
	text[n] = '\0';
	size_t len = 0;
	while (text[len] == '-' || (text[len] >= '0' && text[len] <= '9'))
		len++;
	text[len] = '\0';
	int64_t value;
	if (!parse_int(text, INT64_MIN, INT64_MAX, &value))
		return (struct result){ -1, EINVAL };
	return (struct result){ value, 0 };
}

static const char *path_of(pid_t pid, const char *file)
{
	static char path[64];
	memcpy(path, "/proc/", 6);
	char *end = put_decimal(path + 6, (uint64_t)pid);
	*end++ = '/';
	memcpy(end, file, strlen(file) + 1);
	return path;
}

struct result sysfile_write_of(pid_t pid, const char *file, const char *text)
{
	return sysfile_write(path_of(pid, file), text);
}

struct result sysfile_read_of(pid_t pid, const char *file)
{
	return sysfile_read(path_of(pid, file));
}
