// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/timeline.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <time.h>

#include "agent/agent.h"

#define MS INT64_C(1000000)
#define QUIET_NS (200 * MS)
#define QUICK_NS (4 * MS)	/* around a trigger, as long as the share allows */
#define QUICK_FOR_NS (100 * MS)	/* after a step that may be a trigger, and after a death */
#define USUAL_NS (MS / 4)	/* a look, until some were measured: 0.05 ms on hardware, 0.5 ms under emulation */
#define NOTHING INT64_MIN	/* the file could not be read: null */
#define CELLS (32 << 10)
#define ROWS_A_MESSAGE 128	/* bounds the memory that a message is made in */
#define TEXT_MAX 4096		/* memory.oom_control, memory.events, a PSI file: some hundred bytes */

static int64_t cpu_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* False when it can't be read any more. */
static bool read_again(int fd, char *text)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, text, TEXT_MAX - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

/* The number behind "KEY " at the beginning of a line. */
static int64_t keyed(const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n'), line += line ? 1 : 0)
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoll(line + len + 1, NULL, 10);
	return NOTHING;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=N", then "full …": microseconds (kernel/sched/psi.c:psi_show). */
static int64_t stalled(const char *text, const char *which)
{
	const char *line = strstr(text, which), *total = line ? strstr(line, "total=") : NULL;
	return total ? strtoll(total + strlen("total="), NULL, 10) : NOTHING;
}

/* sysinfo() needs no file. */
static void read_machine(int64_t *v)
{
	struct sysinfo si;
	if (sysinfo(&si) < 0)
		return;
	v[0] = (int64_t)((uint64_t)si.freeram * si.mem_unit / 1024);
	v[1] = (int64_t)((uint64_t)(si.totalswap - si.freeswap) * si.mem_unit / 1024);
}

/* Fills the source's columns of a row that holds NOTHING yet. */
static void read_source(const struct agent *a, struct timeline_source *s, int64_t *row)
{
	char text[TEXT_MAX];
	int64_t *v = row + s->column;
	if (s->kind == TIMELINE_MACHINE) {
		read_machine(v);
		return;
	}
	if (!read_again(s->fd, text)) {
		if (s->fd >= 0)
			close(s->fd);
		s->fd = -1;
		return;
	}
	switch (s->kind) {
	case TIMELINE_PSI:
		v[0] = stalled(text, "some");
		v[1] = stalled(text, "full");
		break;
	case TIMELINE_CGROUP:
		v[0] = strtoll(text, NULL, 10) / 1024;
		break;
	case TIMELINE_EVENTS:
		v[0] = keyed(text, "oom_kill");
		v[1] = keyed(text, a->cgroups.v2 ? "oom" : "under_oom");
		if (a->cgroups.v2)
			v[2] = keyed(text, "max");
		break;
	case TIMELINE_FAILCNT:
		v[0] = strtoll(text, NULL, 10);
		break;
	case TIMELINE_TASK: {
		/* "size resident shared …" in pages (fs/proc/array.c:proc_pid_statm) */
		const char *resident = strchr(text, ' ');
		v[0] = resident ? strtoll(resident, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024) : NOTHING;
		break;
	}
	case TIMELINE_MACHINE:
		break;
	}
}

/* Room is out: every second row goes. */
static void thin(struct timeline *l)
{
	size_t to = 0;
	bool keep = true;
	for (size_t from = 0; from < l->used; keep = !keep) {
		size_t len = 2 + (size_t)l->cells[from];
		if (keep) {
			memmove(l->cells + to, l->cells + from, len * sizeof(*l->cells));
			to += len;
		}
		from += len;
	}
	l->used = to;
	l->thinned = true;
}

/* A guest's processor may stand still under a busy host while its clocks go on: a look that took far longer than they do
 * was held up, and must not keep the next ones from being made. */
static void charge(struct timeline *l, int64_t ns)
{
	if (ns > 4 * l->usual_ns)
		ns = 4 * l->usual_ns;
	l->usual_ns += (ns - l->usual_ns) / 8;
	l->cpu_ns += ns;
}

/*
 * Reading statm holds a reference on the task's mm, and kernel/fork.c:mmput() may let others run before it gives it back: a
 * victim that exits then would keep its memory until the agent runs again, and another one be killed for want of it. As a
 * realtime task the agent is not put aside by any of the scene's. Where it may not be one, this is not to be had.
 */
static void undisturbed(bool on)
{
	struct sched_param p = { .sched_priority = on };
	sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &p);
}

static void look(struct agent *a)
{
	struct timeline *l = &a->timeline;
	int64_t start = cpu_ns();
	if (l->used + 2 + l->n_columns > CELLS)
		thin(l);
	int64_t *row = l->cells + l->used;
	row[0] = (int64_t)l->n_columns;
	row[1] = now_ns() / 1000;
	for (size_t i = 0; i < l->n_columns; i++)
		row[2 + i] = NOTHING;
	undisturbed(true);
	for (size_t i = 0; i < l->n_sources; i++)
		read_source(a, &l->sources[i], row + 2);
	undisturbed(false);
	l->used += 2 + l->n_columns;
	l->rows++;
	charge(l, cpu_ns() - start);
}

/* When to look again, in ns from now. */
static int64_t next_look(const struct agent *a)
{
	const struct timeline *l = &a->timeline;
	int64_t now = now_ns();
	bool quick = tasks_growing(a) || now - l->hurry_ns < QUICK_FOR_NS ||
		     (a->tasks.last_exit_ns && now - a->tasks.last_exit_ns < QUICK_FOR_NS);
	int64_t wait = quick ? QUICK_NS : QUIET_NS;
	/* the next one, and the last one, must fit too */
	int64_t allowed = l->begin_ns + (int64_t)((double)(l->cpu_ns + 2 * l->usual_ns) / TIMELINE_SHARE) - now;
	return wait > allowed ? wait : allowed;
}

static void arm(struct agent *a)
{
	int64_t ns = next_look(a);
	struct itimerspec when = { .it_value = { .tv_sec = ns / (1000 * MS), .tv_nsec = ns % (1000 * MS) } };
	timerfd_settime(a->timeline.timer, 0, &when, NULL);
}

static void timer_ready(struct agent *a, int fd, void *data)
{
	uint64_t count;
	(void)data;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	look(a);
	arm(a);
}

/* Adds a source of n columns, if there is room, and reads it once. fd -1: it needs none. */
static void add(struct agent *a, enum timeline_kind kind, int fd, const char *cgroup, const char *task,
		const char *const *of, size_t n)
{
	struct timeline *l = &a->timeline;
	if ((fd < 0 && kind != TIMELINE_MACHINE) || l->n_sources == TIMELINE_SOURCES || l->n_columns + n > TIMELINE_COLUMNS) {
		if (fd >= 0)
			close(fd);
		return;
	}
	int64_t first[TIMELINE_COLUMNS];	/* of no interest */
	struct timeline_source *s = &l->sources[l->n_sources++];
	*s = (struct timeline_source){ .kind = kind, .fd = fd, .column = l->n_columns };
	for (size_t i = 0; i < n; i++)
		l->columns[l->n_columns++] = (struct timeline_column){ of[i], cgroup, task };
	read_source(a, s, first);
}

static void add_cgroup_file(struct agent *a, const struct scene_cgroup *cg, const char *file, enum timeline_kind kind,
			    const char *const *of, size_t n)
{
	CLEANUP_FREE char *path = scene_path(a, cg, file);
	add(a, kind, open(path, O_RDONLY | O_CLOEXEC), cg->name, NULL, of, n);
}

static void add_cgroup(struct agent *a, const struct scene_cgroup *cg)
{
	static const char *const current[] = { "current" }, *const failcnt[] = { "max" };
	static const char *const events_v2[] = { "oom_kill", "oom", "max" }, *const events_v1[] = { "oom_kill", "under_oom" };
	if (a->cgroups.v2) {
		add_cgroup_file(a, cg, "memory.current", TIMELINE_CGROUP, current, 1);
		add_cgroup_file(a, cg, "memory.events", TIMELINE_EVENTS, events_v2, 3);
	} else {
		add_cgroup_file(a, cg, "memory.usage_in_bytes", TIMELINE_CGROUP, current, 1);
		add_cgroup_file(a, cg, "memory.oom_control", TIMELINE_EVENTS, events_v1, 2);
		add_cgroup_file(a, cg, "memory.failcnt", TIMELINE_FAILCNT, failcnt, 1);
	}
}

void timeline_begin(struct agent *a)
{
	static const char *const machine[] = { "free", "swap_used" }, *const psi[] = { "psi_some_us", "psi_full_us" };
	struct timeline *l = &a->timeline;
	if (!l->cells) {
		l->cells = xcalloc(CELLS, sizeof(*l->cells));
		memset(l->cells, 0, CELLS * sizeof(*l->cells));	/* touched, as in wire_open() */
	}
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (l->timer < 0)
		return;
	l->on = true;
	l->used = l->n_columns = l->told_columns = l->n_sources = l->rows = 0;
	l->cpu_ns = 0;
	l->usual_ns = USUAL_NS;
	l->thinned = false;
	add(a, TIMELINE_MACHINE, -1, NULL, NULL, machine, 2);
	add(a, TIMELINE_PSI, open("/proc/pressure/memory", O_RDONLY | O_CLOEXEC), NULL, NULL, psi, 2);
	/* the bystander never has anything */
	for (size_t i = 0; i < a->cgroups.n; i++)
		if (!streq(a->cgroups.all[i]->name, "bystander"))
			add_cgroup(a, a->cgroups.all[i]);
	loop_add(a, l->timer, POLLIN, timer_ready, NULL);
	l->begin_ns = l->hurry_ns = now_ns();
	look(a);
	arm(a);
}

/*
 * While a task without a limit grows, the next allocation may be the one that fails: no file is opened then. With more
 * than one CPU nothing keeps a task from exiting while its mm is held by a look, not even undisturbed().
 */
void timeline_watch(struct agent *a, const struct task *t)
{
	static const char *const rss[] = { "rss" };
	char path[64];
	if (!a->timeline.on || (tasks_growing(a) && !t->cgroup) || sysconf(_SC_NPROCESSORS_ONLN) > 1)
		return;
	snprintf(path, sizeof(path), "/proc/%d/statm", (int)t->pid);
	add(a, TIMELINE_TASK, open(path, O_RDONLY | O_CLOEXEC), NULL, t->name, rss, 1);
}

void timeline_hurry(struct agent *a)
{
	if (!a->timeline.on)
		return;
	a->timeline.hurry_ns = now_ns();
	arm(a);
}

void timeline_stop(struct agent *a)
{
	struct itimerspec never = { .it_value.tv_sec = 0 };
	if (!a->timeline.on)
		return;
	timerfd_settime(a->timeline.timer, 0, &never, NULL);
	look(a);
}

static json_t *column_list(const struct timeline *l)
{
	json_t *list = json_array();
	for (size_t i = 0; i < l->n_columns; i++) {
		const struct timeline_column *c = &l->columns[i];
		json_t *o = json_pack("{ss}", "of", c->of);
		if (c->cgroup)
			json_object_set_new(o, "cgroup", json_text(c->cgroup));
		if (c->task)
			json_object_set_new(o, "task", json_text(c->task));
		json_array_append_new(list, o);
	}
	return list;
}

void timeline_tell(struct agent *a)
{
	struct timeline *l = &a->timeline;
	for (size_t at = 0; l->on && at < l->used;) {
		json_t *rows = json_array(), *message = json_object();
		for (int i = 0; i < ROWS_A_MESSAGE && at < l->used; i++) {
			json_t *row = json_array();
			size_t n = (size_t)l->cells[at];
			for (size_t k = 0; k <= n; k++) {
				int64_t cell = l->cells[at + 1 + k];
				json_array_append_new(row, cell == NOTHING ? json_null() : json_integer(cell));
			}
			json_array_append_new(rows, row);
			at += 2 + n;
		}
		if (l->told_columns < l->n_columns)
			json_object_set_new(message, "columns", column_list(l));
		l->told_columns = l->n_columns;
		json_object_set_new(message, "rows", rows);
		json_object_set_new(message, "cpu_us", json_integer(l->cpu_ns / 1000));
		json_object_set_new(message, "span_us", json_integer((now_ns() - l->begin_ns) / 1000));
		if (l->thinned)
			json_object_set_new(message, "thinned", json_true());
		wire_send(&a->wire, "timeline", message);
	}
	l->used = 0;
}

void timeline_end(struct agent *a)
{
	struct timeline *l = &a->timeline;
	if (!l->on)
		return;
	for (size_t i = 0; i < l->n_sources; i++)
		if (l->sources[i].fd >= 0)
			close(l->sources[i].fd);
	loop_remove(a, l->timer);
	close(l->timer);
	l->on = false;
}
