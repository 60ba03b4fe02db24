// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "agent/agent.h"
#include "agent/cgroup.h"

static void eventfd_ready(struct agent *a, int fd, void *data)
{
	const struct scene_cgroup *cg = data;
	uint64_t count;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	wire_send(&a->wire, "eventfd", json_pack("{so so sI}", "cgroup", json_text(cg->name), "t", json_now(), "count",
						 (json_int_t)count));
}

/* Registers for OOMs of a v1 cgroup: "<eventfd> <fd of memory.oom_control>" to cgroup.event_control
 * (mm/memcontrol-v1.c:memcg_write_event_control). */
static int watch_v1(struct agent *a, struct scene_cgroup *cg, struct error *err)
{
	CLEANUP_FREE char *oom = scene_path(a, cg, "memory.oom_control");
	CLEANUP_FREE char *control = scene_path(a, cg, "cgroup.event_control");
	CLEANUP_FD int efd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	CLEANUP_FD int ofd = open(oom, O_RDONLY | O_CLOEXEC);
	CLEANUP_FD int cfd = open(control, O_WRONLY | O_CLOEXEC);
	char line[32];
	int len = snprintf(line, sizeof(line), "%d %d", efd, ofd);
	if (efd < 0 || ofd < 0 || cfd < 0 || write(cfd, line, (size_t)len) != len)
		return error_set(err, errno, "asking %s for OOM notifications", control);
	loop_add(a, efd, POLLIN, eventfd_ready, cg);
	cg->eventfd = TAKE_FD(efd);
	cg->oom_fd = TAKE_FD(ofd);
	return 0;
}

static void inotify_ready(struct agent *a, int fd, void *data)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(fd, buf, sizeof(buf));
	(void)data;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(buf + at);
		for (size_t i = 0; i < a->cgroups.n; i++)
			if (a->cgroups.all[i]->wd == e->wd && e->mask & IN_MODIFY)
				wire_send(&a->wire, "inotify",
					  json_pack("{so so}", "cgroup", json_text(a->cgroups.all[i]->name), "t",
						    json_now()));
		at += (ssize_t)(sizeof(*e) + e->len);
	}
}

static int watch_v2(struct agent *a, struct scene_cgroup *cg, struct error *err)
{
	CLEANUP_FREE char *events = scene_path(a, cg, "memory.events");
	struct cgroups *c = &a->cgroups;
	if (c->inotify < 0) {
		c->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		if (c->inotify < 0)
			return error_set(err, errno, "inotify");
		loop_add(a, c->inotify, POLLIN, inotify_ready, NULL);
	}
	cg->wd = inotify_add_watch(c->inotify, events, IN_MODIFY);
	return cg->wd < 0 ? error_set(err, errno, "watching %s", events) : 0;
}

int scene_watch(struct agent *a, struct scene_cgroup *cg, struct error *err)
{
	return a->cgroups.v2 ? watch_v2(a, cg, err) : watch_v1(a, cg, err);
}

void scene_watch_again(struct agent *a)
{
	for (size_t i = 0; i < a->cgroups.n && a->cgroups.v2; i++) {
		struct scene_cgroup *cg = a->cgroups.all[i];
		CLEANUP_FREE char *events = scene_path(a, cg, "memory.events");
		if (cg->wd >= 0 && access(events, F_OK) == 0)
			cg->wd = inotify_add_watch(a->cgroups.inotify, events, IN_MODIFY);
	}
}

void scene_unwatch(struct agent *a)
{
	struct cgroups *c = &a->cgroups;
	for (size_t i = 0; i < c->n; i++) {
		struct scene_cgroup *cg = c->all[i];
		if (cg->eventfd >= 0) {
			loop_remove(a, cg->eventfd);
			close(cg->eventfd);
			close(cg->oom_fd);
		}
		cg->eventfd = cg->oom_fd = cg->wd = -1;
	}
	if (c->inotify >= 0) {
		loop_remove(a, c->inotify);
		close(c->inotify);
	}
	c->inotify = -1;
}
