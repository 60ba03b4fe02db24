// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cgroups with a limit. On v2 inotify tells of memory.events, on v1 an eventfd of memory.oom_control, and eventfds of usage that
 * passes a level; v2 has no such event for usage: that is looked at when memory.events or PSI speak, and at the ticks. New, removed
 * and newly limited cgroups are told by inotify on the directories and limits, and the tree is then read again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

#include "base/util.h"
#include "watch/state.h"

#define SETTLE_MS 200		/* a tree that is being built is read once, when that is done */
#define QUIET_NS (INT64_C(10) * 1000000000)	/* between two lines about one cgroup at its limit */

struct limited {
	char *path;
	uint64_t limit;
	int level, percent;
	int64_t n_max, n_oom, n_oom_kill;
	int64_t told;		/* ns: when its limit was last spoken of */
	int wd;			/* of memory.events */
	struct source events[1 + WATCH_LEVELS];	/* v1: OOM, and usage at each level; fd -1: not used */
	int oom_fd, usage_fd;	/* v1: they must stay open */
	bool keep;
};

struct cgroup_watch {
	struct source inotify, settle;
	struct watch *w;
	char *mount;
	bool v2;
	struct limited **all;
	size_t n;
};

static char *file_of(const struct cgroup_watch *c, const char *path, const char *file)
{
	return xasprintf("%s%s/%s", c->mount, streq(path, "/") ? "" : path, file);
}

static uint64_t number_in(const struct cgroup_watch *c, const char *path, const char *file)
{
	CLEANUP_FREE char *name = file_of(c, path, file);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, name, 4096, NULL);
	return text ? starts_with(text, "max") ? MACHINE_MAX : strtoull(text, NULL, 10) : 0;
}

static int64_t line_in(const struct cgroup_watch *c, const char *path, const char *file, const char *key)
{
	CLEANUP_FREE char *name = file_of(c, path, file);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, name, 1 << 20, NULL);
	size_t n = strlen(key);
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line ? 1 : 0)
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return strtoll(line + n, NULL, 10);
	return -1;
}

/* What can't simply be dropped: usage without the page cache that nobody has used for a while. */
static int used_percent(const struct cgroup_watch *c, const struct limited *g)
{
	uint64_t used = number_in(c, g->path, c->v2 ? "memory.current" : "memory.usage_in_bytes");
	int64_t cache = line_in(c, g->path, "memory.stat", c->v2 ? "inactive_file" : "total_inactive_file");
	if (cache > 0)
		used = used > (uint64_t)cache ? used - (uint64_t)cache : 0;
	return g->limit ? (int)(used / (g->limit / 100 ? g->limit / 100 : 1)) : 0;
}

static void look_at(struct cgroup_watch *c, struct limited *g)
{
	const struct watch_options *o = c->w->options;
	g->percent = used_percent(c, g);
	int level = level_reached(o, &g->level, g->percent);
	if (!level)
		return;
	json_t *list;
	CLEANUP_FREE char *next = next_victims(g->path, &list);
	CLEANUP_FREE char *text = xasprintf("%s uses %d %% of its limit (over %d %%); %s", g->path, g->percent, level, next);
	event_tell(c->w, &(struct event){ .type = "cgroup", .severity = SEVERITY_WARNING, .cgroup = g->path, .percent = g->percent,
					  .usec = -1, .more = json_pack("{so}", "next", list), .text = text });
}

/* memory.events, or v1's failcnt and oom_control: what has happened since the last look? */
static void read_counters(const struct cgroup_watch *c, const struct limited *g, int64_t *max, int64_t *oom, int64_t *kill)
{
	*max = c->v2 ? line_in(c, g->path, "memory.events", "max") : (int64_t)number_in(c, g->path, "memory.failcnt");
	*oom = c->v2 ? line_in(c, g->path, "memory.events", "oom") : line_in(c, g->path, "memory.oom_control", "under_oom");
	*kill = line_in(c, g->path, c->v2 ? "memory.events" : "memory.oom_control", "oom_kill");
}

static void tell_counters(struct cgroup_watch *c, struct limited *g)
{
	int64_t max, oom, kills, now = now_ns();
	read_counters(c, g, &max, &oom, &kills);
	int64_t killed = kills - g->n_oom_kill;
	bool hit = max > g->n_max;
	g->n_max = max;
	g->n_oom = oom;
	g->n_oom_kill = kills;
	if (killed <= 0 && (!hit || now - g->told < QUIET_NS))
		return;
	g->told = now;
	CLEANUP_FREE char *text = killed > 0 ? xasprintf("%s was out of memory: %" PRId64 " killed in it", g->path, killed) :
					       xasprintf("%s is at its limit: its tasks reclaim", g->path);
	event_tell(c->w, &(struct event){ .type = killed > 0 ? "cgroup-oom" : "limit", .severity = killed > 0 ? SEVERITY_CRITICAL : SEVERITY_NOTICE,
					  .cgroup = g->path, .usec = -1, .text = text });
}

/* --- v1's eventfds ------------------------------------------------------------------------------------------ */

static struct limited *owner_of(struct cgroup_watch *c, const struct source *s)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(c->all[i]->events); k++)
			if (&c->all[i]->events[k] == s)
				return c->all[i];
	return NULL;
}

static void eventfd_ready(struct watch *w, struct source *s, uint32_t events)
{
	uint64_t count;
	struct limited *g = owner_of(w->cgroups, s);
	(void)events;
	if (read(s->fd, &count, sizeof(count)) != sizeof(count) || !g)
		return;
	look_at(w->cgroups, g);
	if (s == &g->events[0])
		tell_counters(w->cgroups, g);
}

/* "EVENTFD FD [THRESHOLD]" to cgroup.event_control (mm/memcontrol-v1.c:memcg_write_event_control) */
static void ask_v1(struct cgroup_watch *c, struct limited *g, size_t at, int fd, uint64_t threshold)
{
	CLEANUP_FREE char *control = file_of(c, g->path, "cgroup.event_control");
	CLEANUP_FD int cfd = open(control, O_WRONLY | O_CLOEXEC);
	struct source s = { eventfd_ready, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	char line[64];
	int n = threshold ? snprintf(line, sizeof(line), "%d %d %" PRIu64, s.fd, fd, threshold) :
			    snprintf(line, sizeof(line), "%d %d", s.fd, fd);
	g->events[at] = s;
	if (fd >= 0 && cfd >= 0 && s.fd >= 0 && write(cfd, line, (size_t)n) == n &&
	    loop_watch(c->w, &g->events[at], EPOLLIN, NULL) == 0)
		return;
	if (s.fd >= 0)
		close(s.fd);
	g->events[at].fd = -1;
}

static void start_v1(struct cgroup_watch *c, struct limited *g)
{
	CLEANUP_FREE char *oom = file_of(c, g->path, "memory.oom_control");
	CLEANUP_FREE char *usage = file_of(c, g->path, "memory.usage_in_bytes");
	g->oom_fd = open(oom, O_RDONLY | O_CLOEXEC);
	g->usage_fd = open(usage, O_RDONLY | O_CLOEXEC);
	ask_v1(c, g, 0, g->oom_fd, 0);
	for (size_t i = 0; i < c->w->options->n_levels; i++)
		ask_v1(c, g, 1 + i, g->usage_fd, g->limit / 100 * (uint64_t)c->w->options->levels[i]);
}

/* --- the tree ----------------------------------------------------------------------------------------------- */

static bool is_asked(const struct watch_options *o, const char *path)
{
	for (size_t i = 0; i < o->n_cgroups; i++) {
		size_t len = strlen(o->cgroups[i]);
		while (len && o->cgroups[i][len - 1] == '/')
			len--;
		if (strncmp(path, o->cgroups[i], len) == 0 && (path[len] == '/' || !path[len]))
			return true;
	}
	return !o->n_cgroups;
}

static void drop(struct cgroup_watch *c, struct limited *g)
{
	for (size_t i = 0; i < ARRAY_SIZE(g->events); i++)
		loop_forget(c->w, &g->events[i]);
	if (g->oom_fd >= 0)
		close(g->oom_fd);
	if (g->usage_fd >= 0)
		close(g->usage_fd);
	if (g->wd >= 0)
		inotify_rm_watch(c->inotify.fd, g->wd);
	free(g->path);
	free(g);
}

static void take(struct cgroup_watch *c, const struct machine_cgroup *m)
{
	for (size_t i = 0; i < c->n; i++) {
		if (streq(c->all[i]->path, m->path) && c->all[i]->limit == m->limit) {
			c->all[i]->keep = true;
			return;
		}
	}
	struct limited *g = xcalloc(1, sizeof(*g));
	g->path = xstrdup(m->path);
	g->limit = m->limit;
	g->keep = true;
	g->wd = g->oom_fd = g->usage_fd = -1;
	g->told = INT64_MIN / 2;
	for (size_t i = 0; i < ARRAY_SIZE(g->events); i++)
		g->events[i].fd = -1;
	read_counters(c, g, &g->n_max, &g->n_oom, &g->n_oom_kill);
	c->all = xrealloc(c->all, c->n + 1, sizeof(*c->all));
	c->all[c->n++] = g;
	if (c->v2) {
		CLEANUP_FREE char *events = file_of(c, g->path, "memory.events");
		g->wd = inotify_add_watch(c->inotify.fd, events, IN_MODIFY);
	} else {
		start_v1(c, g);
	}
	look_at(c, g);
}

/* Changes in the tree and of the limit itself; a watch that is there already stays. */
static void watch_shape(struct cgroup_watch *c, const char *path)
{
	CLEANUP_FREE char *dir = file_of(c, path, "");
	CLEANUP_FREE char *limit = file_of(c, path, c->v2 ? "memory.max" : "memory.limit_in_bytes");
	inotify_add_watch(c->inotify.fd, dir, IN_CREATE | IN_DELETE | IN_ONLYDIR);
	inotify_add_watch(c->inotify.fd, limit, IN_MODIFY);
}

static void read_tree(struct cgroup_watch *c)
{
	struct machine m;
	for (size_t i = 0; i < c->n; i++)
		c->all[i]->keep = false;
	machine_read_cgroups("", &m);
	watch_shape(c, "/");
	for (size_t i = 0; i < m.n_cgroups; i++) {
		watch_shape(c, m.cgroups[i].path);
		if (m.cgroups[i].limit != MACHINE_MAX && is_asked(c->w->options, m.cgroups[i].path))
			take(c, &m.cgroups[i]);
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->all[i]->keep)
			continue;
		drop(c, c->all[i]);
		c->all[i--] = c->all[--c->n];
	}
	machine_free(&m);
}

static void settle_ready(struct watch *w, struct source *s, uint32_t events)
{
	uint64_t times;
	(void)events;
	if (read(s->fd, &times, sizeof(times)) == sizeof(times))
		read_tree(w->cgroups);
}

static void inotify_ready(struct watch *w, struct source *s, uint32_t events)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct cgroup_watch *c = w->cgroups;
	ssize_t n = read(s->fd, buf, sizeof(buf));
	bool shape = false;
	(void)events;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(buf + at);
		struct limited *g = NULL;
		for (size_t i = 0; i < c->n && !g; i++)
			g = c->all[i]->wd == e->wd ? c->all[i] : NULL;
		if (g && e->mask & IN_MODIFY) {
			look_at(c, g);
			tell_counters(c, g);
		}
		shape = shape || !g;
		at += (ssize_t)(sizeof(*e) + e->len);
	}
	struct itimerspec t = { .it_value.tv_nsec = SETTLE_MS * 1000000L };
	if (shape)
		timerfd_settime(c->settle.fd, 0, &t, NULL);
}

void cgroups_look(struct watch *w)
{
	struct cgroup_watch *c = w->cgroups;
	for (size_t i = 0; c && i < c->n; i++)
		look_at(c, c->all[i]);
}

static bool is_there(const struct machine *m, const char *path)
{
	size_t len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < m->n_cgroups && len; i++)
		if (strlen(m->cgroups[i].path) == len && memcmp(m->cgroups[i].path, path, len) == 0)
			return true;
	return !len;
}

void cgroups_tell_missing(struct watch *w, const struct machine *m)
{
	for (size_t i = 0; i < w->options->n_cgroups; i++) {
		if (is_there(m, w->options->cgroups[i]))
			continue;
		CLEANUP_FREE char *text = xasprintf("no memory cgroup %s is there (yet)", w->options->cgroups[i]);
		event_tell(w, &(struct event){ .type = "lack", .severity = SEVERITY_NOTICE, .usec = -1, .text = text });
	}
}

int cgroups_start(struct watch *w, struct error *err)
{
	struct machine m;
	machine_read_cgroups("", &m);
	if (!m.mount) {
		event_tell(w, &(struct event){ .type = "lack", .severity = SEVERITY_NOTICE, .usec = -1,
					       .text = m.n_lacks ? m.lacks[0] : "no memory cgroups" });
		machine_free(&m);
		return 0;
	}
	cgroups_tell_missing(w, &m);
	struct cgroup_watch *c = w->cgroups = xcalloc(1, sizeof(*c));
	c->w = w;
	c->v2 = m.memory_v2;
	c->mount = TAKE_PTR(m.mount);
	machine_free(&m);
	c->inotify = (struct source){ inotify_ready, inotify_init1(IN_CLOEXEC | IN_NONBLOCK) };
	c->settle = (struct source){ settle_ready, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK) };
	if (c->inotify.fd < 0 || c->settle.fd < 0)
		return error_set(err, errno, "inotify (fs.inotify.max_user_instances may be reached)");
	if (loop_watch(w, &c->inotify, EPOLLIN, err) < 0 || loop_watch(w, &c->settle, EPOLLIN, err) < 0)
		return -1;
	read_tree(c);
	return 0;
}

void cgroups_stop(struct watch *w)
{
	struct cgroup_watch *c = w->cgroups;
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		drop(c, c->all[i]);
	loop_forget(w, &c->inotify);
	loop_forget(w, &c->settle);
	free(c->all);
	free(c->mount);
	free(c);
	w->cgroups = NULL;
}

/* For the metrics. */
size_t cgroups_count(const struct watch *w)
{
	return w->cgroups ? w->cgroups->n : 0;
}

const char *cgroups_percent(const struct watch *w, size_t i, int *percent)
{
	*percent = w->cgroups->all[i]->percent;
	return w->cgroups->all[i]->path;
}
