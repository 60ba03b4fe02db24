// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/agent.h"
#include "agent/snapshot.h"
#include "agent/step.h"

#define TICK_MS 10
/* On several CPUs a victim may be gone before its "Killed process" line is in the log (mm/oom_kill.c sends the signal
 * first): quiet is when nothing has come for this long. */
#define QUIET_MS 10

struct settle {
	const json_t *dead;
	int64_t last_ns;	/* when something was last missing */
};

static bool name_ended(const struct agent *a, const char *name)
{
	const struct task *t = task_named(a, name);
	return t && t->ended;
}

/* The tasks that are still to die; NULL in `names`: only whether there are any. */
static bool waiting(const struct agent *a, const json_t *dead, json_t *names)
{
	bool any = false;
	size_t i;
	json_t *name;
	json_array_foreach(dead, i, name)
		if (!name_ended(a, json_string_value(name))) {
			any = true;
			if (names)
				json_array_append_new(names, json_text(json_string_value(name)));
		}
	for (i = 0; i < a->kmsg.n_killed; i++) {
		const struct task *t = task_of_pid(a, a->kmsg.killed[i]);
		if (t && !t->ended) {
			any = true;
			if (names)
				json_array_append_new(names, json_text(t->name));
		}
	}
	return any;
}

static bool settled(struct agent *a, void *arg)
{
	struct settle *s = arg;
	tasks_scan(a);
	tasks_check_gone(a);
	kmsg_read(a);
	int64_t now = now_ns();
	if (waiting(a, s->dead, NULL))
		s->last_ns = now;
	int64_t last = a->kmsg.last_ns > s->last_ns ? a->kmsg.last_ns : s->last_ns;
	return now - last >= (int64_t)(QUIET_MS * 1e6 * a->scale);
}

int op_settle(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	struct settle s = { json_object_get(step, "dead"), now_ns() };
	if (step_wait(a, settled, &s, step, TICK_MS, reply, err) < 0)
		return -1;
	if (json_object_get(reply, "timeout")) {
		json_t *names = json_array();
		waiting(a, s.dead, names);
		json_object_set_new(reply, "waiting", names);
	}
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
