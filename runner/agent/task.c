// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/task.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "agent/agent.h"
#include "agent/proc.h"
#include "agent/spawn.h"

#define GONE_PATIENCE_MS 300	/* for a parent's "childexit" after its child is gone */
#define KILL_SECONDS 10

static struct task *task_new(struct agent *a, char *name)
{
	struct tasks *ts = &a->tasks;
	if (ts->n == ts->room) {
		ts->room = ts->room ? ts->room * 2 : 64;
		ts->all = xrealloc(ts->all, ts->room, sizeof(struct task *));
	}
	struct task *t = xcalloc(1, sizeof(*t));
	t->name = name;
	t->sock = t->answers = t->exec_pipe = -1;
	ts->all[ts->n++] = t;
	return t;
}

int tasks_load(struct agent *a, const json_t *list, struct error *err)
{
	size_t i;
	json_t *spec;
	json_array_foreach(list, i, spec) {
		const char *name = json_string_value(json_object_get(spec, "name"));
		const char *kind = json_string_value(json_object_get(spec, "kind"));
		const char *cgroup = json_string_value(json_object_get(spec, "cgroup"));
		if (!name || !kind)
			return error_set(err, 0, "tasks[%zu]: \"name\" and \"kind\" are needed", i);
		if (task_named(a, name))
			return error_set(err, 0, "tasks[%zu]: a second task named \"%s\"", i, name);
		struct task *t = task_new(a, xstrdup(name));
		t->spec = spec;
		t->beside_init = streq(kind, "init");
		t->silent = t->beside_init || streq(kind, "stress-ng");
		t->cgroup = cgroup ? scene_cgroup(a, cgroup) : NULL;
		if (cgroup && !t->cgroup)
			return error_set(err, 0, "tasks[%zu]: no cgroup \"%s\" in the plan", i, cgroup);
	}
	return 0;
}

static void close_source(struct agent *a, int *fd)
{
	if (*fd >= 0) {
		loop_remove(a, *fd);
		close(*fd);
	}
	*fd = -1;
}

void tasks_free(struct agent *a)
{
	struct tasks *ts = &a->tasks;
	for (size_t i = 0; i < ts->n; i++) {
		struct task *t = ts->all[i];
		close_source(a, &t->sock);
		close_source(a, &t->answers);
		close_source(a, &t->exec_pipe);
		free(t->name);
		free(t->grow_end);
		free(t->answer);
		free(t);
	}
	ts->n = ts->n_reaped = ts->n_helpers = 0;
}

struct task *task_named(const struct agent *a, const char *name)
{
	for (size_t i = 0; i < a->tasks.n; i++)
		if (streq(a->tasks.all[i]->name, name))
			return a->tasks.all[i];
	return NULL;
}

/* The newest of that pid: numbers are used again. */
struct task *task_of_pid(const struct agent *a, pid_t pid)
{
	for (size_t i = a->tasks.n; pid > 0 && i-- > 0;)
		if (a->tasks.all[i]->pid == pid)
			return a->tasks.all[i];
	return NULL;
}

bool task_alive(const struct task *t)
{
	return t->pid > 0 && !t->ended;
}

bool tasks_growing(const struct agent *a)
{
	for (size_t i = 0; i < a->tasks.n; i++)
		if (a->tasks.all[i]->growing)
			return true;
	return false;
}

/* status: of waitpid(), or -1 when nobody knows. */
static void task_ended(struct agent *a, struct task *t, int status, int64_t t_us)
{
	if (t->ended)
		return;
	t->ended = true;
	t->growing = false;
	t->calling = false;
	a->tasks.last_exit_ns = now_ns();
	bool known = status >= 0;
	json_t *signal = known && WIFSIGNALED(status) ? json_integer(WTERMSIG(status)) : json_null();
	json_t *code = known && WIFEXITED(status) ? json_integer(WEXITSTATUS(status)) : json_null();
	wire_send(&a->wire, "exit", json_pack("{so si sI so so sb sb}", "name", json_text(t->name), "pid", (int)t->pid,
					      "t", (json_int_t)t_us, "signal", signal, "code", code, "core",
					      known && WIFSIGNALED(status) && WCOREDUMP(status), "by_agent",
					      t->killed));
}

static void register_child(struct agent *a, struct task *parent, int index, pid_t pid)
{
	struct tasks *ts = &a->tasks;
	struct proc_stat st;
	struct task *t = task_new(a, xasprintf("%s/%d", parent->name, index));
	t->parent = parent;
	t->cgroup = parent->cgroup;
	t->silent = true;
	t->pid = pid;
	t->running = true;
	if (proc_read_stat(pid, &st) == 0)
		t->start = st.start;
	timeline_watch(a, t);
	for (size_t i = 0; i < ts->n_reaped; i++)
		if (ts->reaped[i].pid == pid) {
			task_ended(a, t, ts->reaped[i].status, ts->reaped[i].t_us);
			ts->reaped[i] = ts->reaped[--ts->n_reaped];
			return;
		}
}

static void workload_said(struct agent *a, struct task *t, const char *line)
{
	int index, pid, sig, code;
	if (starts_with(line, "ready ")) {
		if (!t->ready) {
			t->ready = true;
			return;
		}
		line = "called exec 0 ok";	/* it has started over, and nobody else is left to say so */
	}
	if (streq(line, "pong")) {
		t->pings -= t->pings > 0;
		return;
	}
	if (sscanf(line, "child %d %d", &index, &pid) == 2) {
		register_child(a, t, index, pid);
	} else if (sscanf(line, "childexit %d %d %d", &index, &sig, &code) == 3) {
		CLEANUP_FREE char *name = xasprintf("%s/%d", t->name, index);
		struct task *child = task_named(a, name);
		if (child)
			task_ended(a, child, sig ? sig & 0x7f : (code & 0xff) << 8, now_ns() / 1000);
	} else {
		free(t->answer);
		t->answer = xstrdup(line);
		t->calling = false;
		if (t->growing && (starts_with(line, "filled ") || starts_with(line, "failed "))) {
			t->growing = false;
			free(t->grow_end);
			t->grow_end = xstrdup(line);
		}
	}
	wire_send(&a->wire, "answer", json_pack("{so so so}", "name", json_text(t->name), "t", json_now(), "text",
						json_text(line)));
}

static void answers_ready(struct agent *a, int fd, void *data)
{
	struct task *t = data;
	for (;;) {
		ssize_t n = read(fd, t->line + t->line_len, sizeof(t->line) - 1 - t->line_len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			break;
		t->line_len += (size_t)n;
		char *start = t->line, *end;
		while ((end = memchr(start, '\n', t->line_len - (size_t)(start - t->line)))) {
			*end = '\0';
			workload_said(a, t, start);
			start = end + 1;
		}
		t->line_len -= (size_t)(start - t->line);
		memmove(t->line, start, t->line_len);
		if (t->line_len == sizeof(t->line) - 1) {
			note(a, "%s: a line of its workload is too long and was dropped", t->name);
			t->line_len = 0;
		}
	}
	close_source(a, &t->answers);
	close_source(a, &t->sock);
}

void task_listen(struct agent *a, struct task *t, int sock, int answers)
{
	t->sock = sock;
	t->answers = answers;
	loop_add(a, answers, POLLIN, answers_ready, t);
}

int task_command(struct agent *a, struct task *t, struct error *err, const char *fmt, ...)
{
	char line[1024];
	(void)a;
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line) - 1)
		return error_set(err, 0, "%s: the command is too long", t->name);
	line[n++] = '\n';
	free(t->answer);
	t->answer = NULL;
	if (t->sock < 0)
		return error_set(err, 0, "%s takes no commands: %s", t->name,
				 t->silent ? "it runs stress-ng or is a child of a task" :
					     t->pid ? "it has ended" : "it was not started");
	if (send(t->sock, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n && errno != EPIPE && errno != ECONNRESET)
		return error_set(err, errno, "sending \"%.*s\" to %s", n - 1, line, t->name);
	return 0;
}

static bool helper_ended(struct agent *a, pid_t pid, int status)
{
	for (size_t i = 0; i < a->tasks.n_helpers; i++) {
		struct helper *h = &a->tasks.helpers[i];
		if (h->pid != pid || h->done)
			continue;
		h->done = true;
		h->status = status;
		if (!h->background)
			return true;
		int why = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
		const char *name = why ? strerrorname_np(why) : "ok";
		CLEANUP_FREE char *text = WIFSIGNALED(status) ? xasprintf("killed %d", WTERMSIG(status)) :
								xasprintf("wrote %s", name ? name : "?");
		wire_send(&a->wire, "answer", json_pack("{sn si so ss}", "name", "step", h->step, "t", json_now(),
							"text", text));
		return true;
	}
	return false;
}

static void reap(struct agent *a)
{
	struct tasks *ts = &a->tasks;
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct task *t = task_of_pid(a, pid);
		/* what it said before it died comes first; it may name this pid */
		if (t && t->answers >= 0)
			answers_ready(a, t->answers, t);
		if (t && !t->ended)
			task_ended(a, t, status, now_ns() / 1000);
		else if (!helper_ended(a, pid, status) && ts->n_reaped < ARRAY_SIZE(ts->reaped))
			ts->reaped[ts->n_reaped++] = (struct reaped){ pid, status, now_ns() / 1000 };
	}
}

static void signal_ready(struct agent *a, int fd, void *data)
{
	struct signalfd_siginfo si;
	(void)data;
	while (read(fd, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo != SIGCHLD && !a->guest)
			a->abort = true;
	reap(a);
}

int tasks_init(struct agent *a, struct error *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	a->tasks.signalfd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (a->tasks.signalfd < 0)
		return error_set(err, errno, "signalfd");
	loop_add(a, a->tasks.signalfd, POLLIN, signal_ready, NULL);
	return 0;
}

bool task_found(struct agent *a, pid_t ppid, pid_t pid)
{
	struct task *parent = task_of_pid(a, ppid);
	struct task *top = parent && parent->parent ? parent->parent : parent;
	int number = 1;
	if (!top || !top->silent || task_of_pid(a, pid))
		return false;
	for (size_t i = 0; i < a->tasks.n; i++)
		number += a->tasks.all[i]->parent == top;
	register_child(a, top, number, pid);
	return true;
}

struct scan {
	struct agent *a;
	bool found;
};

static void scan_one(pid_t pid, void *arg)
{
	struct scan *s = arg;
	struct proc_stat st;
	if (!task_of_pid(s->a, pid) && proc_read_stat(pid, &st) == 0 && st.state != 'Z' &&
	    task_found(s->a, st.ppid, pid))
		s->found = true;
}

void tasks_scan(struct agent *a)
{
	struct scan s = { .a = a };
	bool any = false;
	for (size_t i = 0; i < a->tasks.n; i++)
		any |= a->tasks.all[i]->silent && !a->tasks.all[i]->parent && task_alive(a->tasks.all[i]);
	do {
		s.found = false;
		if (any)
			proc_each(scan_one, &s);
	} while (s.found);
}

void task_told_exit(struct agent *a, struct task *t, int status)
{
	task_ended(a, t, status, now_ns() / 1000);
}

void tasks_check_gone(struct agent *a)
{
	for (size_t i = 0; i < a->tasks.n; i++) {
		struct task *t = a->tasks.all[i];
		if (!t->parent || t->ended || !proc_dead(t->pid, t->start))
			continue;
		/* a zombie's parent, or we, will learn more; stress-ng tells nobody */
		int64_t now = now_ns();
		if (!t->gone_ns)
			t->gone_ns = now;
		/* nobody to wait for, where the kernel does not report exits */
		if ((t->parent->silent && a->exits_fd < 0) || now - t->gone_ns > GONE_PATIENCE_MS * INT64_C(1000000))
			task_ended(a, t, -1, t->gone_ns / 1000);
	}
}

static bool all_ended(struct agent *a, void *arg)
{
	(void)arg;
	tasks_check_gone(a);
	for (size_t i = 0; i < a->tasks.n; i++)
		if (task_alive(a->tasks.all[i]))
			return false;
	for (size_t i = 0; i < a->tasks.n_helpers; i++)
		if (!a->tasks.helpers[i].done)
			return false;
	return true;
}

bool tasks_kill_all(struct agent *a)
{
	struct tasks *ts = &a->tasks;
	reap(a);
	tasks_scan(a);
	for (size_t i = 0; i < a->cgroups.n; i++)
		if (a->cgroups.all[i]->frozen)
			scene_freeze(a, a->cgroups.all[i], false);
	for (size_t i = 0; i < ts->n; i++) {
		struct task *t = ts->all[i];
		/* the agent's own children can't lose their pid before reap(); others can */
		if (!task_alive(t) || (t->parent && proc_dead(t->pid, t->start)))
			continue;
		t->killed = true;
		kill(t->pid, SIGKILL);
	}
	for (size_t i = 0; i < ts->n_helpers; i++)
		if (!ts->helpers[i].done)
			kill(ts->helpers[i].pid, SIGKILL);
	return loop_wait(a, all_ended, NULL, deadline_in(a, KILL_SECONDS * 1000), 20) == WAIT_DONE;
}

struct helper *helper_fork(struct agent *a, bool background, struct error *err)
{
	struct tasks *ts = &a->tasks;
	if (ts->n_helpers == ARRAY_SIZE(ts->helpers)) {
		error_set(err, 0, "more than %zu writes in one plan", ARRAY_SIZE(ts->helpers));
		return NULL;
	}
	struct helper *h = &ts->helpers[ts->n_helpers++];
	*h = (struct helper){ .step = a->step, .background = background };
	h->pid = fork();
	if (h->pid < 0) {
		ts->n_helpers--;
		error_set(err, errno, "fork for a write");
		return NULL;
	}
	return h;
}
