// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notifications: of v1 by an eventfd (mm/memcontrol-v1.c:memcg_write_event_control), of v2's event files and of pressure by poll()
 * (fs/kernfs/file.c:kernfs_generic_poll, kernel/sched/psi.c:psi_trigger_poll).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "call.h"
#include "sysfile.h"

#define V1 "/sys/fs/cgroup/memory"

static int efd = -1;
static struct pollfd polled = { .fd = -1, .events = POLLPRI };
static char seen[2048];		/* the text of the polled file */

/* What a notification by v1 needs. After that it is one write, which takes no memory of the cgroup's. */
static struct {
	char file[128];
	int about, control;	/* `about` is kept: the kernel looks at it while it is open */
} opened;

/* @about: the path of the file; @path, up to @end: of the cgroup whose event_control is asked. */
static struct result open_v1(const char *about, char *path, char *end, const char *file)
{
	opened.about = open(about, O_RDONLY | O_CLOEXEC);
	memcpy(end, "/cgroup.event_control", sizeof("/cgroup.event_control"));
	opened.control = open(path, O_WRONLY | O_CLOEXEC);
	if (efd < 0)
		efd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (opened.about < 0 || opened.control < 0 || efd < 0)
		return result_of(-1);
	memcpy(opened.file, file, strlen(file) + 1);
	return (struct result){ 0, 0 };
}

static struct result notify_v1(const char *args)
{
	static char order[128];
	char *at = put_decimal(order, (uint64_t)efd);
	*at++ = ' ';
	at = put_decimal(at, (uint64_t)opened.about);
	*at++ = ' ';
	memcpy(at, args, strlen(args) + 1);
	struct result r = result_of(write(opened.control, order, strlen(order)));
	close(opened.control);
	*opened.file = '\0';
	return r.errnum ? r : (struct result){ 0, 0 };
}

/* The text from the beginning, which arms the next notification. */
static int look(char *text)
{
	ssize_t n = pread(polled.fd, text, sizeof(seen) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -1 : 0;
}

/* With arguments it is a trigger, which is written; without, an event file. */
static struct result notify_by_poll(const char *path, const char *args)
{
	if (polled.fd >= 0)
		close(polled.fd);
	polled.fd = open(path, (*args ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
	if (polled.fd < 0)
		return result_of(-1);
	if (*args)
		return result_of(write(polled.fd, args, strlen(args) + 1) < 0 ? -1 : 0);
	return result_of(look(seen));
}

static struct result call_notify(struct load *l, char *args)
{
	static char path[2400];
	char *file = next_word(&args), *end;
	(void)l;
	if (!file || strlen(file) > 100 || strlen(args) > 60)
		return BAD_ARGS;
	if (streq(file, opened.file))
		return notify_v1(args);
	bool v1 = strncmp(file, V1 "/", strlen(V1 "/")) == 0;
	if (*file == '/') {
		memcpy(path, file, strlen(file) + 1);
		end = strrchr(path, '/');
	} else {
		v1 = (end = own_cgroup_file(path, ":memory:", V1, file)) != NULL;
		if (!v1 && !(end = own_cgroup_file(path, "0::", "/sys/fs/cgroup", file)))
			return (struct result){ -1, ENOENT };
	}
	if (!v1)
		return notify_by_poll(path, args);
	struct result r = open_v1(path, path, end, file);
	return r.errnum ? r : notify_v1(args);
}

/* The own cgroup is asked to tell about a file of another one. */
static struct result call_notifyforeign(struct load *l, char *args)
{
	static char path[2400];
	char *foreign = next_word(&args), *file = foreign ? strrchr(foreign, '/') : NULL, *end;
	(void)l;
	if (!file || strlen(file) > 100 || strlen(args) > 60)
		return BAD_ARGS;
	if (!(end = own_cgroup(path, ":memory:", V1)))
		return (struct result){ -1, ENOENT };
	struct result r = open_v1(foreign, path, end, file + 1);
	return r.errnum ? r : notify_v1(args);
}

static struct result call_notifyopen(struct load *l, char *args)
{
	static char path[2400];
	char *file = next_word(&args), *end;
	(void)l;
	if (!file || next_word(&args) || strlen(file) > 100)
		return BAD_ARGS;
	if (!(end = own_cgroup_file(path, ":memory:", V1, file)))
		return (struct result){ -1, ENOENT };
	return open_v1(path, path, end, file);
}

/* Whether poll() tells of something within that time, 1 or 0. ENODATA: it tells, but an event file says what it said before. */
static struct result was_told(int64_t seconds)
{
	static char now[sizeof(seen)];
	int n;
	while ((n = poll(&polled, 1, (int)seconds * 1000)) < 0 && errno == EINTR)
		;
	if (n < 0 || (polled.revents & POLLNVAL))
		return result_of(-1);
	if (!(polled.revents & POLLPRI))
		return (struct result){ 0, 0 };
	if (!*seen)
		return (struct result){ 1, 0 };
	if (look(now) < 0)
		return result_of(-1);
	bool same = streq(now, seen);
	memcpy(seen, now, sizeof(seen));
	return (struct result){ 1, same ? ENODATA : 0 };
}

static struct result call_notified(struct load *l, char *args)
{
	uint64_t count = 0;
	int64_t seconds = 0;
	char *word = next_word(&args);
	(void)l;
	if (next_word(&args) || (word && !parse_int(word, 0, 60, &seconds)))
		return BAD_ARGS;
	if (polled.fd >= 0)
		return was_told(seconds);
	if (efd < 0)
		return (struct result){ -1, ENOENT };
	struct pollfd p = { .fd = efd, .events = POLLIN };
	while (poll(&p, 1, (int)seconds * 1000) < 0 && errno == EINTR)
		;
	if (read(efd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return result_of(-1);
	return (struct result){ (int64_t)count, 0 };
}

/*
 * Twice a call that causes a notification, the second within microseconds of having been told of the first: sooner than
 * the 10 ms for which the kernel holds the next one back (kernel/cgroup/cgroup.c:cgroup_file_notify).
 */
static struct result call_toldtwice(struct load *l, char *args)
{
	char none[1] = "", *name = next_word(&args);
	const struct call *cause = name ? call_find(name) : NULL;
	int64_t told = 0;
	if (!cause || *args)
		return BAD_ARGS;
	if (polled.fd < 0)
		return (struct result){ -1, ENOENT };
	for (int i = 0; i < 2; i++) {
		struct result r = cause->run(l, none);
		if (!r.errnum)
			r = was_told(25);	/* an order is waited for for 60 s */
		if (r.errnum)
			return r;
		told += r.value;
	}
	return (struct result){ told, 0 };
}

const struct call notify_calls[] = {
	{ "notify", "FILE [ARGS]",
	  "be notified about a file of the own cgroup, or a path: memory.oom_control, memory.usage_in_bytes BYTES; "
	  "v2: memory.events, ../memory.events, memory.pressure some 100000 1000000; or /proc/pressure/memory",
	  call_notify },
	{ "notifyforeign", "PATH [ARGS]", "ask the own cgroup of v1 to tell about a file of another one", call_notifyforeign },
	{ "notifyopen", "FILE", "open what `notify FILE` needs on v1, which then takes no more memory", call_notifyopen },
	{ "notified", "[SECONDS]", "how often since it was asked last (v1), or whether (1 or 0); waits so long for the first", call_notified },
	{ "toldtwice", "CALL", "twice a call like pageout, at once again after being told (v2); how often that was", call_toldtwice },
	{ NULL, NULL, NULL, NULL },
};
