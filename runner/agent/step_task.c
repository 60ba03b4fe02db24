// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "agent/agent.h"
#include "agent/proc.h"
#include "agent/snapshot.h"
#include "agent/step.h"

#define BLOCKED_TICK_MS 20
#define BLOCKED_TICKS 10	/* looks without a sign of life before a task counts as blocked */

static bool started(struct agent *a, void *arg)
{
	struct task *t = arg;
	if (t->ended || t->exec_errno)
		return true;
	if (!t->silent || t->beside_init)
		return t->running && t->ready;
	if (!t->running)
		return false;
	/* stress-ng runs when it has made its workers */
	tasks_scan(a);
	for (size_t i = 0; i < a->tasks.n; i++)
		if (a->tasks.all[i]->parent == t)
			return true;
	return false;
}

static int start(struct agent *a, struct task *t, const json_t *step, json_t *reply, struct error *err)
{
	if (t->pid)
		return error_set(err, 0, "task %s was started already", t->name);
	if (t->parent || task_spawn(a, t, err) < 0)
		return t->parent ? error_set(err, 0, "%s is started by its parent", t->name) : -1;
	json_object_set_new(reply, "pid", json_integer(t->pid));
	if (step_wait(a, started, t, step, t->silent ? 20 : 0, reply, err) < 0)
		return -1;
	if (t->exec_errno)
		return error_set(err, t->exec_errno, "task %s: %s", t->name, t->exec_what);
	if (t->ended)
		json_object_set_new(reply, "ended", json_true());
	return 0;
}

int op_start(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	struct task *t = step_task(a, step, err);
	return t ? start(a, t, step, reply, err) : -1;
}

static bool answered(struct agent *a, void *arg)
{
	struct task *t = arg;
	(void)a;
	return t->answer || t->ended;
}

static int ask(struct agent *a, struct task *t, const json_t *step, json_t *reply, struct error *err)
{
	if (step_wait(a, answered, t, step, 0, reply, err) < 0)
		return -1;
	if (t->answer)
		json_object_set_new(reply, "answer", json_text(t->answer));
	else if (t->ended)
		json_object_set_new(reply, "ended", json_true());
	return 0;
}

int op_fill(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	struct task *t = step_task(a, step, err);
	if (!t)
		return -1;
	if (!t->pid && (start(a, t, step, reply, err) < 0))
		return -1;
	if (t->silent || t->ended || json_object_get(reply, "timeout")) {
		if (t->ended)
			json_object_set_new(reply, "ended", json_true());
		return 0;
	}
	if (task_command(a, t, err, "fill %lld", json_integer_value(json_object_get(step, "bytes"))) < 0)
		return -1;
	return ask(a, t, step, reply, err);
}

int op_grow(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	struct task *t = step_task(a, step, err);
	(void)reply;
	if (!t)
		return -1;
	free(t->grow_end);
	t->grow_end = NULL;
	t->grow_awaited = false;
	/* stress-ng grows from its start on, so that nothing of it may be there before */
	if (t->silent) {
		t->growing = true;
		return t->pid ? 0 : task_spawn(a, t, err);
	}
	if (!t->pid)
		return error_set(err, 0, "%s was not started", t->name);
	if (t->ended) {
		json_object_set_new(reply, "ended", json_true());
		return 0;
	}
	t->growing = true;
	return task_command(a, t, err, "grow %lld %lld", json_integer_value(json_object_get(step, "step")),
			    json_integer_value(json_object_get(step, "bytes")));
}

struct await {
	struct task *t;
	enum { AWAIT_ANY, AWAIT_FILLED, AWAIT_DEAD, AWAIT_FAILED, AWAIT_BLOCKED } until;
	const char *how;
	int64_t next_look;
	uint64_t signs;		/* of life, at the last look */
	int quiet;		/* looks since they changed */
};

/* Blocked: uninterruptible, and neither CPU time, faults nor switches move. A task that waits for its disk moves. */
static bool blocked(struct agent *a, struct await *w)
{
	struct proc_stat st;
	int64_t now = now_ns();
	if (now < w->next_look)
		return false;
	w->next_look = now + (int64_t)(BLOCKED_TICK_MS * 1e6 * a->scale);
	CLEANUP_FREE char *status = proc_text(w->t->pid, "status");
	if (!status || proc_read_stat(w->t->pid, &st) < 0 || st.state != 'D') {
		w->quiet = 0;
		return false;
	}
	uint64_t signs = st.utime + st.stime + st.minflt + st.majflt +
			 (uint64_t)key_number(status, "voluntary_ctxt_switches") +
			 (uint64_t)key_number(status, "nonvoluntary_ctxt_switches");
	w->quiet = signs == w->signs ? w->quiet + 1 : 0;
	w->signs = signs;
	return w->quiet >= BLOCKED_TICKS;
}

static bool awaited(struct agent *a, void *arg)
{
	struct await *w = arg;
	struct task *t = w->t;
	if (t->parent)
		tasks_check_gone(a);
	/* the end of the grow comes first: it may have been filled and then died */
	if (t->grow_end && !(w->until == AWAIT_DEAD && t->grow_awaited)) {
		w->how = starts_with(t->grow_end, "filled") ? "filled" : "failed";
		t->grow_awaited = true;
	} else if (t->ended) {
		w->how = "dead";
	} else if (w->until == AWAIT_BLOCKED && blocked(a, w)) {
		w->how = "blocked";
	}
	return w->how;
}

int op_await(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	static const char *const words[] = { "any", "filled", "dead", "failed", "blocked" };
	struct await w = { .t = step_task(a, step, err) };
	const char *until = json_string_value(json_object_get(step, "for"));
	if (!w.t)
		return -1;
	size_t i = 0;
	while (until && i < ARRAY_SIZE(words) && !streq(words[i], until))
		i++;
	if (i == ARRAY_SIZE(words))
		return error_set(err, 0, "\"for\" must be any, filled, dead, failed or blocked, not \"%s\"", until);
	w.until = (__typeof__(w.until))i;
	if (!w.t->pid)
		return error_set(err, 0, "%s was not started", w.t->name);
	int tick = w.until == AWAIT_BLOCKED ? BLOCKED_TICK_MS : w.t->parent ? 20 : 0;
	if (step_wait(a, awaited, &w, step, tick, reply, err) < 0)
		return -1;
	if (w.how)
		json_object_set_new(reply, "how", json_string(w.how));
	if (w.how && !streq(w.how, "dead") && w.t->grow_end)
		json_object_set_new(reply, "answer", json_text(w.t->grow_end));
	if (streq(w.how, "blocked")) {
		CLEANUP_FREE char *wchan = proc_text(w.t->pid, "wchan");
		json_object_set_new(reply, "wchan", json_text(wchan));
	}
	return 0;
}

int op_call(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	struct task *t = step_task(a, step, err);
	const char *what = t ? step_text(step, "what", err) : NULL;
	CLEANUP_FREE char *named = what ? step_names(a, what, err) : NULL;
	if (!named)
		return -1;
	/* whoever ended it: the judge knows, and what came before stands */
	if (t->ended && !t->silent) {
		json_object_set_new(reply, "pid", json_integer(t->pid));
		json_object_set_new(reply, "unasked", json_true());
		return 0;
	}
	if (task_command(a, t, err, "call %s", named) < 0)
		return -1;
	t->calling = json_is_true(json_object_get(step, "background"));
	return t->calling ? 0 : ask(a, t, step, reply, err);
}

static bool pingable(const struct agent *a, const struct task *t)
{
	return t->sock >= 0 && t->ready && task_alive(t) && !t->growing && !t->calling && !scene_is_frozen(a, t->cgroup);
}

static bool all_ponged(struct agent *a, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < a->tasks.n; i++)
		if (pingable(a, a->tasks.all[i]) && a->tasks.all[i]->pings)
			return false;
	return true;
}

/* Its state and where in the kernel it waits: a task in mem_cgroup_oom_synchronize can't answer. */
static void put_whereabouts(json_t *where, const struct task *t)
{
	struct proc_stat st;
	CLEANUP_FREE char *wchan = proc_text(t->pid, "wchan");
	if (proc_read_stat(t->pid, &st) < 0)
		return;
	json_t *key = json_text(t->name);
	CLEANUP_FREE char *text = xasprintf("%c %s", st.state, wchan ? wchan : "?");
	json_object_set_new(where, json_string_value(key), json_text(text));
	json_decref(key);
}

/* A silent task is what this step is there to find: no time-out of the plan. */
int op_ping(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	json_t *yes = json_array(), *no = json_array(), *why = json_object();
	for (size_t i = 0; i < a->tasks.n; i++) {
		struct task *t = a->tasks.all[i];
		t->pings = 0;
		if (pingable(a, t) && task_command(a, t, err, "ping") == 0)
			t->pings = 1;
	}
	enum wait_end end = loop_wait(a, all_ponged, NULL, step_deadline(a, step), 0);
	for (size_t i = 0; i < a->tasks.n; i++) {
		struct task *t = a->tasks.all[i];
		if (!pingable(a, t))
			continue;
		json_array_append_new(t->pings ? no : yes, json_text(t->name));
		if (t->pings)
			put_whereabouts(why, t);
	}
	json_object_set_new(reply, "answered", yes);
	json_object_set_new(reply, "silent", no);
	json_object_set_new(reply, "where", why);
	return end == WAIT_ABORT ? error_set(err, ECANCELED, "the plan was called off") : 0;
}

static int signal_number(const json_t *step, struct error *err)
{
	const json_t *value = json_object_get(step, "signal");
	if (json_is_integer(value))
		return (int)json_integer_value(value);
	const char *name = step_text(step, "signal", err);
	if (!name)
		return -1;
	const char *bare = starts_with(name, "SIG") ? name + 3 : name;
	for (int i = 1; i < NSIG; i++)
		if (streq(sigabbrev_np(i), bare))
			return i;
	return error_set(err, 0, "no signal \"%s\"", name);
}

int op_signal(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	struct task *t = step_task(a, step, err);
	int sig = t ? signal_number(step, err) : -1;
	if (sig < 0)
		return -1;
	int why = !task_alive(t) || (t->parent && proc_dead(t->pid, t->start)) ? ESRCH :
		  kill(t->pid, sig) < 0					   ? errno :
									     0;
	json_object_set_new(reply, "errno", json_errno(why));
	return 0;
}

int op_move(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	struct task *t = step_task(a, step, err);
	const char *name = t ? step_text(step, "cgroup", err) : NULL;
	struct scene_cgroup *cg = name ? scene_cgroup(a, name) : NULL;
	if (!cg)
		return name ? error_set(err, 0, "no cgroup \"%s\" in the plan", name) : -1;
	int why = task_alive(t) ? scene_move(a, cg, t->pid) : ESRCH;
	if (!why)
		t->cgroup = cg;
	json_object_set_new(reply, "errno", json_errno(why));
	return 0;
}

int op_score(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	json_t *scores = json_object(), *name;
	size_t i;
	json_array_foreach(json_object_get(step, "tasks"), i, name) {
		struct task *t = task_named(a, json_string_value(name));
		if (!t) {
			json_decref(scores);
			return error_set(err, 0, "no task \"%s\"", json_string_value(name));
		}
		json_t *key = json_text(t->name), *row = snapshot_score(t);
		json_object_set_new(scores, json_string_value(key), row ? row : json_null());
		json_decref(key);
	}
	json_object_set_new(reply, "scores", scores);
	/* what they are relative to, which may have changed since the last snapshot */
	CLEANUP_FREE char *mem = read_whole_at(AT_FDCWD, "/proc/meminfo", 1 << 16, NULL);
	json_object_set_new(reply, "memtotal_kb", json_integer(mem ? key_number(mem, "MemTotal") : -1));
	json_object_set_new(reply, "swaptotal_kb", json_integer(mem ? key_number(mem, "SwapTotal") : -1));
	return 0;
}
