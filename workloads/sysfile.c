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

struct result sysfile_reread(int fd)
{
	char text[64];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return result_of(n);
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

struct result sysfile_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return result_of(-1);
	struct result r = sysfile_reread(fd);
	close(fd);
	return r;
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

char *own_cgroup(char *path, const char *key, const char *mount)
{
	static char text[2048];
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	const char *line = strstr(text, key);
	if (!line)
		return NULL;
	line += strlen(key);
	size_t len = strcspn(line, "\n"), at = strlen(mount);
	memcpy(path, mount, at);
	memcpy(path + at, line, len);
	return path + at + len;
}

char *own_cgroup_file(char *path, const char *key, const char *mount, const char *file)
{
	char *end = own_cgroup(path, key, mount);
	if (!end)
		return NULL;
	*end = '/';
	memcpy(end + 1, file, strlen(file) + 1);
	return end;
}
