// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/step.h"

#include <errno.h>

#include "agent/agent.h"
#include "agent/guest.h"
#include "agent/snapshot.h"

#define LOOK_AGAIN_MS 3000	/* judge/late.h: LATE_APART_US. Who is above memory.high sleeps for two seconds at a time */

static const struct {
	const char *name;
	step_fn *run;
	bool drain;		/* may end the machine: what was said so far must be out before */
} ops[] = {
	{ "start", op_start, false },
	{ "fill", op_fill, true },
	{ "grow", op_grow, true },
	{ "await", op_await, false },
	{ "snapshot", op_snapshot, false },
	{ "write", op_write, true },
	{ "read", op_read, false },
	{ "poll", op_poll, false },
	{ "signal", op_signal, false },
	{ "move", op_move, false },
	{ "rmdir", op_rmdir, false },
	{ "freeze", op_freeze, false },
	{ "thaw", op_thaw, false },
	{ "sysrq", op_sysrq, true },
	{ "host", op_host, true },
	{ "call", op_call, true },
	{ "score", op_score, false },
	{ "settle", op_settle, false },
	{ "ping", op_ping, false },
};

const char *step_text(const json_t *step, const char *key, struct error *err)
{
	const char *text = json_string_value(json_object_get(step, key));
	if (!text)
		error_set(err, 0, "\"%s\" is needed", key);
	return text;
}

struct task *step_task(struct agent *a, const json_t *step, struct error *err)
{
	const char *name = step_text(step, "task", err);
	struct task *t = name ? task_named(a, name) : NULL;
	if (name && !t)
		error_set(err, 0, "no task \"%s\"", name);
	return t;
}

/* "NAME/oom_score" is a file of the task: names may have slashes in them, files of /proc/PID may too, so the longest name that
 * fits is meant. */
static char *task_file(struct agent *a, const char *text, struct error *err)
{
	const struct task *best = NULL;
	size_t best_len = 0;
	for (size_t i = 0; i < a->tasks.n; i++) {
		const struct task *t = a->tasks.all[i];
		size_t len = strlen(t->name);
		if (len > best_len && strncmp(text, t->name, len) == 0 && text[len] == '/') {
			best = t;
			best_len = len;
		}
	}
	if (!best || !best->pid)
		error_set(err, 0, "/proc/@%s: no task of this name was started", text);
	return best && best->pid ? xasprintf("/proc/%d%s", (int)best->pid, text + best_len) : NULL;
}

char *step_file(struct agent *a, const json_t *step, struct error *err)
{
	const char *path = json_string_value(json_object_get(step, "path"));
	if (path)
		return starts_with(path, "/proc/@") ? task_file(a, path + strlen("/proc/@"), err) : xstrdup(path);
	const char *name = step_text(step, "cgroup", err), *file = name ? step_text(step, "file", err) : NULL;
	const struct scene_cgroup *cg = file ? scene_cgroup(a, name) : NULL;
	if (file && !cg)
		error_set(err, 0, "no cgroup \"%s\" in the plan", name);
	return cg ? scene_path(a, cg, file) : NULL;
}

char *step_names(struct agent *a, const char *text, struct error *err)
{
	char *all = xstrdup(text);
	for (char *at; (at = strstr(all, "/proc/@"));) {
		CLEANUP_FREE char *rest = task_file(a, at + strlen("/proc/@"), err);
		CLEANUP_FREE char *before = all;
		*at = '\0';
		all = rest ? xasprintf("%s%s", before, rest) : NULL;
		if (!rest)
			return NULL;
	}
	return all;
}

int64_t step_deadline(const struct agent *a, const json_t *step)
{
	const json_t *ms = json_object_get(step, "deadline_ms");
	return deadline_in(a, json_is_number(ms) ? json_number_value(ms) : DEFAULT_DEADLINE_MS);
}

struct patience {
	wait_fn *done;
	void *arg;
	int64_t start_ns;
	bool in_vain;
};

static bool done_or_in_vain(struct agent *a, void *arg)
{
	struct patience *p = arg;
	if (p->done(a, p->arg))
		return true;
	p->in_vain = kmsg_in_vain(a, p->start_ns);
	return p->in_vain;
}

static bool never(struct agent *a, void *arg)
{
	(void)a;
	(void)arg;
	return false;
}

/* What did not come in time: does the kernel still try? Two looks with some time in between tell. */
static void look_twice(struct agent *a)
{
	snapshot_send(a, "late", false);
	loop_wait(a, never, NULL, deadline_in(a, LOOK_AGAIN_MS), 0);
	snapshot_send(a, "later", false);
}

int step_wait(struct agent *a, wait_fn *done, void *arg, const json_t *step, int tick_ms, json_t *reply,
	      struct error *err)
{
	struct patience p = { done, arg, now_ns(), false };
	enum wait_end end = loop_wait(a, done_or_in_vain, &p, step_deadline(a, step), tick_ms);
	if (end == WAIT_ABORT)
		return error_set(err, ECANCELED, "the plan was called off");
	if (end == WAIT_DONE && !p.in_vain)
		return 0;
	json_object_set_new(reply, "timeout", json_true());
	look_twice(a);
	return 0;
}

enum step_result step_run(struct agent *a, const json_t *step)
{
	const char *name = json_string_value(json_object_get(step, "op"));
	struct error err = { 0 };
	size_t i = 0;
	while (i < ARRAY_SIZE(ops) && !streq(ops[i].name, name))
		i++;
	/* events that lie there are told before the step that comes after them */
	loop_serve(a);
	json_t *reply = json_pack("{si ss* so so}", "i", a->step, "op", name, "t", json_now(), "errno", json_null());
	int64_t start = now_ns();
	int ret;
	if (i == ARRAY_SIZE(ops)) {
		ret = error_set(&err, 0, "unknown op \"%s\"", name ? name : "");
	} else {
		if (ops[i].drain) {
			timeline_tell(a);
			wire_drain(&a->wire);
			timeline_hurry(a);
			if (a->guest)
				guest_own_memory();
		}
		ret = ops[i].run(a, step, reply, &err);
	}
	if (ret < 0) {
		json_decref(reply);
		wire_send(&a->wire, "error", json_pack("{si so so}", "step", a->step, "what", json_text(err.text),
						       "errno", json_errno(err.errnum)));
		return STEP_STOP;
	}
	bool timeout = json_is_true(json_object_get(reply, "timeout"));
	json_object_set_new(reply, "took_us", json_integer((now_ns() - start) / 1000));
	wire_send(&a->wire, "step", reply);
	return timeout ? STEP_STOP : STEP_GO_ON;
}
