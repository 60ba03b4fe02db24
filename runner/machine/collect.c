// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "base/util.h"
#include "machine/machine.h"
#include "machine/root.h"

char *root_text(const char *root, const char *fmt, ...)
{
	CLEANUP_FREE char *path = NULL;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&path, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	CLEANUP_FREE char *whole = xasprintf("%s%s", root, path);
	return read_whole_at(AT_FDCWD, whole, ROOT_FILE_LIMIT, NULL);
}

int64_t root_read(int dirfd, const char *file, struct root_buffer *b)
{
	CLEANUP_FD int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	if (fd < 0)
		return -1;
	for (;;) {
		if (b->room - have < 2 || !b->text) {
			b->room = b->room ? b->room * 2 : 8192;
			b->text = xrealloc(b->text, b->room, 1);
		}
		ssize_t n = read(fd, b->text + have, b->room - have - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		have += (size_t)n;
		/* /proc and /sys give a small file whole; a second read would cost as much as the first */
		if (n == 0 || have < 2048)
			break;
	}
	b->text[have] = '\0';
	return (int64_t)have;
}

int machine_collect(const char *root, struct machine *m, struct error *err)
{
	*m = (struct machine){ .page_size = 4096, .cpus = 1, .min_ttl_ms = MACHINE_UNKNOWN };
	CLEANUP_FREE char *meminfo = root_text(root, "/proc/meminfo");
	if (!meminfo)
		return error_set(err, errno, "reading %s/proc/meminfo: a machine's /proc is needed there", root);
	facts_read(root, m);
	struct cgroup_tree *tree = cgroup_tree_read(root, m);
	int ret = tasks_read(root, m, tree);
	if (ret < 0)
		error_set(err, errno, "listing the processes in %s/proc", root);
	cgroup_tree_done(tree, m);
	machine_sort(m);
	if (ret == 0 && !*root)
		sharers_find(m);
	else if (ret == 0)
		machine_lack(m, "which processes share an mm: the kernel can be asked on the machine itself only");
	return ret;
}
