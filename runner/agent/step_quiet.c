// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/agent.h"
#include "agent/proc.h"
#include "agent/snapshot.h"
#include "agent/step.h"

#define TICK_MS 10
/* On several CPUs a victim may be gone before its "Killed process" line is in the log (mm/oom_kill.c sends the signal
 * first): quiet is when nothing has come for this long. */
#define QUIET_MS 10
/* No task grows, every death that the log announced has happened, and yet one that should die lives: after this time
 * without a sign nothing will come any more, and waiting on would only turn a finding into a time-out. */
#define OVER_MS 1000

struct settle {
	const json_t *dead;
	int64_t start_ns;
};

static bool name_ended(const struct agent *a, const char *name)
{
	const struct task *t = task_named(a, name);
	return t && t->ended;
}

static void add(json_t *names, const char *name)
{
	if (names)
		json_array_append_new(names, json_text(name));
}

/* Do tasks that the plan names still live? Their names go to `names`, if given. */
static bool waiting_for_named(const struct agent *a, const json_t *dead, json_t *names)
{
	bool any = false;
	size_t i;
	json_t *name;
	json_array_foreach(dead, i, name)
		if (!name_ended(a, json_string_value(name))) {
			any = true;
			add(names, json_string_value(name));
		}
	return any;
}

/*
 * Do tasks live that the kernel's log says were killed? With @doomed only those count that are on their way: a SIGKILL stays in
 * the process's pending signals to its end (kernel/signal.c:complete_signal). Who has none was not killed, whatever the log says.
 */
static bool waiting_for_killed(const struct agent *a, bool doomed, json_t *names)
{
	bool any = false;
	for (size_t i = 0; i < a->kmsg.n_killed; i++) {
		const struct task *t = task_of_pid(a, a->kmsg.killed[i]);
		if (t && !t->ended && (!doomed || proc_doomed(t->pid))) {
			any = true;
			add(names, t->name);
		}
	}
	return any;
}

static int64_t latest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool settled(struct agent *a, void *arg)
{
	struct settle *s = arg;
	tasks_scan(a);
	tasks_check_gone(a);
	kmsg_read(a);
	int64_t now = now_ns();
	int64_t quiet = (int64_t)(QUIET_MS * 1e6 * a->scale), over = (int64_t)(OVER_MS * 1e6 * a->scale);
	int64_t sign = latest(a->kmsg.last_ns, latest(a->tasks.last_exit_ns, s->start_ns));
	if (waiting_for_killed(a, true, NULL))
		return false;
	if (!waiting_for_named(a, s->dead, NULL) && !waiting_for_killed(a, false, NULL))
		return now - sign >= quiet;
	return !tasks_growing(a) && now - sign >= over;
}

int op_settle(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	struct settle s = { json_object_get(step, "dead"), now_ns() };
	if (step_wait(a, settled, &s, step, TICK_MS, reply, err) < 0)
		return -1;
	json_t *names = json_array();
	waiting_for_killed(a, false, names);
	waiting_for_named(a, s.dead, names);
	json_object_set_new(reply, "waiting", names);
	return 0;
}

int op_snapshot(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	const char *label = step_text(step, "label", err);
	(void)reply;
	if (!label)
		return -1;
	snapshot_send(a, label, json_is_true(json_object_get(step, "stat")));
	return 0;
}
