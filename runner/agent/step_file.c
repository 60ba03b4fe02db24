// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>

#include "agent/agent.h"
#include "agent/spawn.h"
#include "agent/step.h"

#define TEXT_LIMIT (64 << 10)
#define POLL_TICK_MS 20

static bool helper_done(struct agent *a, void *arg)
{
	const struct helper *h = arg;
	(void)a;
	return h->done;
}

/* The process that does the writing: it may block for long, reclaim, or invoke the OOM killer. */
static void write_and_exit(const char *path, const char *value, bool nonblock) __attribute__((noreturn));
static void write_and_exit(const char *path, const char *value, bool nonblock)
{
	child_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* it is the agent's arm, not a task of the scene: no candidate, where that is allowed */
	int adj = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (adj >= 0) {
		(void)!write(adj, "-1000", 5);
		close(adj);
	}
	int fd = open(path, O_WRONLY | O_CLOEXEC | (nonblock ? O_NONBLOCK : 0));
	_exit(fd < 0 || write(fd, value, strlen(value)) < 0 ? errno : 0);
}

int op_write(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	CLEANUP_FREE char *path = step_file(a, step, err);
	const char *value = path ? step_text(step, "value", err) : NULL;
	bool background = json_is_true(json_object_get(step, "background"));
	if (!value)
		return -1;
	struct helper *h = helper_fork(a, background, err);
	if (!h)
		return -1;
	if (h->pid == 0)
		write_and_exit(path, value, json_is_true(json_object_get(step, "nonblock")));
	json_object_set_new(reply, "pid", json_integer(h->pid));
	if (background)
		return 0;
	if (step_wait(a, helper_done, h, step, 0, reply, err) < 0)
		return -1;
	if (h->done && WIFSIGNALED(h->status))
		json_object_set_new(reply, "signal", json_integer(WTERMSIG(h->status)));
	else if (h->done)
		json_object_set_new(reply, "errno", json_errno(WEXITSTATUS(h->status)));
	if (streq(json_string_value(json_object_get(step, "file")), "cgroup.subtree_control"))
		scene_watch_again(a);
	return 0;
}

int op_read(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	CLEANUP_FREE char *path = step_file(a, step, err);
	size_t len = 0;
	if (!path)
		return -1;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, TEXT_LIMIT, &len);
	json_object_set_new(reply, "errno", json_errno(text ? 0 : errno));
	json_object_set_new(reply, "text", text ? wire_bytes(text, len) : json_null());
	return 0;
}

struct poll {
	const char *path, *field, *compare, *value;
	char *text;		/* what was read last, or NULL */
	int errnum, looks;
};

/* "max", which limits say, is above every number. */
static int64_t number(const char *text)
{
	return starts_with(text, "max") ? INT64_MAX : strtoll(text, NULL, 10);
}

/* A keyed line ("oom_kill 3"), which may have blanks before it, or the whole text; in place, without the newline. */
static char *pick(char *text, const char *field)
{
	if (!field) {
		text[strcspn(text, "\n")] = '\0';
		return text;
	}
	size_t len = strlen(field);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " \t");
		if (strncmp(line, field, len) == 0 && strchr(": \t", line[len]) && line[len])
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

static bool holds(const struct poll *p, const char *now)
{
	if (streq(p->compare, "!="))
		return !streq(now, p->value);
	if (streq(p->compare, ">="))
		return number(now) >= number(p->value);
	if (streq(p->compare, "<="))
		return number(now) <= number(p->value);
	return streq(now, p->value);
}

static bool polled(struct agent *a, void *arg)
{
	struct poll *p = arg;
	(void)a;
	p->looks++;
	free(p->text);
	p->text = read_whole_at(AT_FDCWD, p->path, TEXT_LIMIT, NULL);
	p->errnum = p->text ? 0 : errno;
	if (!p->text)
		return false;
	char *now = pick(p->text, p->field);
	char *copy = now ? xstrdup(now) : NULL;
	free(p->text);
	p->text = copy;
	return p->text && holds(p, p->text);
}

int op_poll(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	CLEANUP_FREE char *path = step_file(a, step, err);
	struct poll p = { .path = path, .field = json_string_value(json_object_get(step, "field")) };
	if (!path || !(p.compare = step_text(step, "compare", err)) || !(p.value = step_text(step, "value", err)))
		return -1;
	if (!streq(p.compare, "=") && !streq(p.compare, "!=") && !streq(p.compare, ">=") && !streq(p.compare, "<="))
		return error_set(err, 0, "\"compare\" must be =, !=, >= or <=, not \"%s\"", p.compare);
	int ret = step_wait(a, polled, &p, step, POLL_TICK_MS, reply, err);
	json_object_set_new(reply, "text", json_text(p.text));
	json_object_set_new(reply, "errno", json_errno(p.errnum));
	json_object_set_new(reply, "looks", json_integer(p.looks));
	free(p.text);
	return ret;
}

int op_sysrq(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	const char *key = step_text(step, "key", err);
	if (!key || strlen(key) != 1)
		return key ? error_set(err, 0, "sysrq: \"key\" is one letter") : -1;
	if (!a->guest)
		return error_set(err, 0, "sysrq acts on the whole machine: only in a guest (-t vm)");
	CLEANUP_FD int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
	int why = fd < 0 || write(fd, key, 1) < 0 ? errno : 0;
	json_object_set_new(reply, "errno", json_errno(why));
	return 0;
}

struct freeze {
	struct scene_cgroup *cg;
	bool freeze;
};

static bool freeze_reached(struct agent *a, void *arg)
{
	const struct freeze *f = arg;
	return scene_frozen(a, f->cg) == f->freeze;
}

static int set_frozen(struct agent *a, const json_t *step, bool freeze, json_t *reply, struct error *err)
{
	const char *name = step_text(step, "cgroup", err);
	struct freeze f = { name ? scene_cgroup(a, name) : NULL, freeze };
	if (!f.cg)
		return name ? error_set(err, 0, "no cgroup \"%s\" in the plan", name) : -1;
	int why = scene_freeze(a, f.cg, freeze);
	json_object_set_new(reply, "errno", json_errno(why));
	if (why)
		return 0;
	f.cg->frozen = freeze;
	return step_wait(a, freeze_reached, &f, step, POLL_TICK_MS, reply, err);
}

int op_freeze(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	return set_frozen(a, step, true, reply, err);
}

int op_thaw(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	return set_frozen(a, step, false, reply, err);
}

/* In every hierarchy that has it, the memory controller's first: its answer is the step's. */
int op_rmdir(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	const char *name = step_text(step, "cgroup", err);
	struct scene_cgroup *cg = name ? scene_cgroup(a, name) : NULL;
	if (!cg)
		return name ? error_set(err, 0, "no cgroup \"%s\" in the plan", name) : -1;
	int why = scene_remove(a, cg);
	json_object_set_new(reply, "errno", json_errno(why));
	cg->removed = !why;
	return 0;
}
