// SPDX-License-Identifier: GPL-2.0-or-later
/* Notifications of the cgroup this process is in: v1's cgroup.event_control (mm/memcontrol-v1.c:memcg_write_event_control). */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "call.h"

static int efd = -1;

/* "/sys/fs/cgroup/memory" and the path that a line of /proc/self/cgroup has behind ":memory:". Returns the end, or NULL. */
static char *own_cgroup(char *path)
{
	static char text[2048];
	static const char mount[] = "/sys/fs/cgroup/memory", key[] = ":memory:";
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	const char *line = strstr(text, key);
	if (!line)
		return NULL;
	line += sizeof(key) - 1;
	size_t len = strcspn(line, "\n");
	memcpy(path, mount, sizeof(mount) - 1);
	memcpy(path + sizeof(mount) - 1, line, len);
	return path + sizeof(mount) - 1 + len;
}

static struct result call_notify(struct load *l, char *args)
{
	static char path[2400], order[128];
	char *file = next_word(&args), *end;
	(void)l;
	if (!file || strlen(file) > 100 || strlen(args) > 60)
		return BAD_ARGS;
	if (!(end = own_cgroup(path)))
		return (struct result){ -1, ENOENT };
	*end = '/';
	memcpy(end + 1, file, strlen(file) + 1);
	int about = open(path, O_RDONLY | O_CLOEXEC);
	memcpy(end, "/cgroup.event_control", sizeof("/cgroup.event_control"));
	int control = open(path, O_WRONLY | O_CLOEXEC);
	if (efd < 0)
		efd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (about < 0 || control < 0 || efd < 0)
		return result_of(-1);
	char *at = put_decimal(order, (uint64_t)efd);
	*at++ = ' ';
	at = put_decimal(at, (uint64_t)about);
	*at++ = ' ';
	memcpy(at, args, strlen(args) + 1);
	struct result r = result_of(write(control, order, strlen(order)));
	close(control);	/* `about` is kept: the kernel looks at it while it is open */
	return r.errnum ? r : (struct result){ 0, 0 };
}

static struct result call_notified(struct load *l, char *args)
{
	uint64_t count = 0;
	(void)l;
	if (next_word(&args))
		return BAD_ARGS;
	if (efd < 0)
		return (struct result){ -1, ENOENT };
	if (read(efd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return result_of(-1);
	return (struct result){ (int64_t)count, 0 };
}

const struct call notify_calls[] = {
	{ "notify", "FILE [ARGS]", "be notified about a file of the own v1 cgroup: memory.oom_control, memory.usage_in_bytes BYTES",
	  call_notify },
	{ "notified", "", "how often since it was asked last", call_notified },
	{ NULL, NULL, NULL, NULL },
};
