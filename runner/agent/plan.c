// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "agent/agent.h"
#include "agent/exits.h"
#include "agent/missing.h"
#include "agent/needs.h"
#include "agent/snapshot.h"
#include "agent/step.h"
#include "agent/swap.h"
#include "agent/undo.h"

#define REMOVE_MS 10000
#define SCALE_MAX 1000

static void send_error(struct agent *a, const struct error *err)
{
	json_t *step = a->step >= 0 ? json_integer(a->step) : json_null();
	wire_send(&a->wire, "error", json_pack("{so so so}", "step", step, "what", json_text(err->text), "errno",
					       json_errno(err->errnum)));
}

static json_t *parse(const char *line, struct error *err)
{
	json_error_t why;
	json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, &why);
	if (!root) {
		error_set(err, 0, "plan: not JSON, at character %d: %s", why.position, why.text);
		return NULL;
	}
	json_t *plan = json_object_get(root, "plan");
	if (!json_is_object(plan) || !json_is_array(json_object_get(plan, "steps"))) {
		error_set(err, 0, "plan: expected {\"plan\": {… \"steps\": […]}}");
		plan = NULL;
	} else if (json_to_bytes(plan, err) < 0) {
		error_wrap(err, "plan");
		plan = NULL;
	}
	json_incref(plan);
	json_decref(root);
	return plan;
}

static bool uses_freezer(const json_t *plan)
{
	size_t i;
	json_t *step;
	json_array_foreach(json_object_get(plan, "steps"), i, step)
		if (streq(json_string_value(json_object_get(step, "op")), "freeze"))
			return true;
	return false;
}

/* Is the text of this member a file of the controller? */
static bool is_file_of(const char *controller, const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));
	size_t len = strlen(controller);
	return text && starts_with(text, controller) && text[len] == '.';
}

static bool uses_file_of(const char *controller, const json_t *plan)
{
	size_t i, k;
	json_t *entry, *file;
	json_array_foreach(json_object_get(plan, "needs"), i, entry)
		if (is_file_of(controller, entry, "text"))
			return true;
	json_array_foreach(json_object_get(plan, "cgroups"), i, entry)
		json_array_foreach(json_object_get(entry, "files"), k, file)
			if (is_file_of(controller, file, "file"))
				return true;
	return false;
}

static int take_scale(struct agent *a, struct error *err)
{
	const json_t *scale = json_object_get(a->plan, "scale");
	a->scale = scale ? json_number_value(scale) : 1;
	if (!(a->scale > 0 && a->scale <= SCALE_MAX)) {
		a->scale = 1;
		return error_set(err, 0, "plan: \"scale\" must be a number above 0, and at most %d", SCALE_MAX);
	}
	return 0;
}

/* The name of the scene's root, which undo relies on. */
static const char *root_name(const json_t *plan, struct error *err)
{
	const char *root = json_string_value(json_object_get(plan, "root"));
	if (!root || !starts_with(root, "oomtests-") || strchr(root, '/'))
		error_set(err, 0, "plan: \"root\" must be a name that begins with \"oomtests-\"");
	return root && starts_with(root, "oomtests-") && !strchr(root, '/') ? root : NULL;
}

/* The hierarchy and the bystander, in which the needs are looked up. */
static int find_hierarchy(struct agent *a, const char *hierarchy, json_t *missing, struct error *err)
{
	const char *root = root_name(a->plan, err);
	if (!root)
		return -1;
	if (!streq(hierarchy, "v1") && !streq(hierarchy, "v2"))
		return error_set(err, 0, "plan: \"hierarchy\" must be \"v1\", \"v2\" or null");
	bool more[N_MORE];
	for (size_t i = 0; i < N_MORE; i++)
		more[i] = uses_file_of(more_controllers[i], a->plan);
	scene_find(a, streq(hierarchy, "v2"), json_is_true(json_object_get(a->plan, "cpuset")), uses_freezer(a->plan), more, missing);
	if (json_array_size(missing))
		return 0;
	CLEANUP_FREE char *rel = xasprintf("/%s-bystander", root);
	return scene_make(a, "bystander", rel, err) ? 0 : -1;
}

/* 0, 1: something is missing (and told), -1. */
static int check_needs(struct agent *a, struct error *err)
{
	const char *hierarchy = json_string_value(json_object_get(a->plan, "hierarchy"));
	json_t *missing = json_array();
	const json_t *swap = json_object_get(a->plan, "swap");
	struct error why;
	if (kmsg_open(a, &why) < 0)
		need_missing(missing, "the kernel log", why.text, "run as root with CAP_SYSLOG, with a /dev/kmsg");
	int ret = hierarchy ? find_hierarchy(a, hierarchy, missing, err) : 0;
	if (ret == 0) {
		needs_check(a, json_object_get(a->plan, "needs"), missing);
		if (json_is_object(swap))
			swap_need(a, json_string_value(json_object_get(swap, "kind")), missing);
		if (json_array_size(missing)) {
			json_incref(missing);
			wire_send(&a->wire, "missing", missing);
			ret = 1;
		}
	}
	json_decref(missing);
	return ret;
}

/* Writing one of these sets the other to 0: what must come back is the one that counted. */
static const char *const pairs[][2] = {
	{ "vm.overcommit_kbytes", "vm.overcommit_ratio" },
	{ "vm.dirty_bytes", "vm.dirty_ratio" },
	{ "vm.dirty_background_bytes", "vm.dirty_background_ratio" },
};

static int remember_sysctl(struct agent *a, const char *name, struct error *err)
{
	CLEANUP_FREE char *path = sysctl_path(name);
	CLEANUP_FREE char *old = read_whole_at(AT_FDCWD, path, 4096, NULL);
	if (!old)
		return error_set(err, errno, "reading sysctl %s", name);
	old[strcspn(old, "\n")] = '\0';
	for (size_t i = 0; i < 2 * ARRAY_SIZE(pairs) && streq(old, "0"); i++) {
		if (!streq(name, pairs[i / 2][i % 2]))
			continue;
		free(path);
		free(old);
		path = sysctl_path(pairs[i / 2][!(i % 2)]);
		old = read_whole_at(AT_FDCWD, path, 4096, NULL);
		if (!old)
			return error_set(err, errno, "reading %s", path);
		old[strcspn(old, "\n")] = '\0';
	}
	return journal_add(&a->journal, "file", path, old, err);
}

static int set_sysctls(struct agent *a, struct error *err)
{
	size_t i;
	json_t *s;
	json_array_foreach(json_object_get(a->plan, "sysctls"), i, s) {
		const char *name = json_string_value(json_object_get(s, "name"));
		const char *value = json_string_value(json_object_get(s, "value"));
		if (!name || !value || strstr(name, ".."))
			return error_set(err, 0, "sysctls[%zu]: \"name\" and \"value\" are needed, as strings", i);
		CLEANUP_FREE char *path = sysctl_path(name);
		if (remember_sysctl(a, name, err) < 0 || write_file(path, value, err) < 0)
			return error_wrap(err, "sysctls[%zu]", i);
	}
	return 0;
}

/* On a slow console an OOM report takes longer than the OOM. Panics are shown at every level. */
static int set_console_level(struct agent *a, struct error *err)
{
	const json_t *level = json_object_get(a->plan, "console_level");
	char text[16];
	if (!level && !a->guest)
		return 0;
	snprintf(text, sizeof(text), "%d", level ? (int)json_integer_value(level) : 1);
	CLEANUP_FREE char *old = read_whole_at(AT_FDCWD, "/proc/sys/kernel/printk", 256, NULL);
	if (!old)
		return error_set(err, errno, "reading the console level");
	old[strcspn(old, "\n")] = '\0';
	if (journal_add(&a->journal, "file", "/proc/sys/kernel/printk", old, err) < 0)
		return -1;
	return write_file("/proc/sys/kernel/printk", text, err);
}

static int make_cgroup(struct agent *a, const json_t *spec, const char *root, struct error *err)
{
	const char *name = json_string_value(json_object_get(spec, "name"));
	size_t i;
	json_t *f;
	if (!name || !*name || strstr(name, "..") || streq(name, "bystander"))
		return error_set(err, 0, "a cgroup's \"name\" is a path below the scene's root");
	CLEANUP_FREE char *rel = xasprintf("/%s/%s", root, name);
	struct scene_cgroup *cg = scene_make(a, name, rel, err);
	if (!cg)
		return -1;
	json_array_foreach(json_object_get(spec, "files"), i, f) {
		const char *file = json_string_value(json_object_get(f, "file"));
		const char *value = json_string_value(json_object_get(f, "value"));
		if (!file || !value)
			return error_set(err, 0, "cgroup %s: files[%zu] needs \"file\" and \"value\"", name, i);
		if (scene_set(a, cg, file, value, err) < 0)
			return -1;
	}
	return json_is_true(json_object_get(spec, "watch")) ? scene_watch(a, cg, err) : 0;
}

/*
 * Up to 5.10 a v1 memcg does not cover its children unless told to; since 5.11 it always does (mm/memcontrol.c:
 * mem_cgroup_hierarchy_write). Every manager of cgroups tells it, and what a case says of ancestors means that.
 */
static int make_hierarchical(struct agent *a, const struct scene_cgroup *root, struct error *err)
{
	CLEANUP_FREE char *path = scene_path(a, root, "memory.use_hierarchy");
	if (a->cgroups.v2 || access(path, F_OK) < 0)
		return 0;
	return scene_set(a, root, "memory.use_hierarchy", "1", err);
}

static int build_scene(struct agent *a, struct error *err)
{
	const char *root = json_string_value(json_object_get(a->plan, "root"));
	const json_t *swap = json_object_get(a->plan, "swap"), *list = json_object_get(a->plan, "cgroups");
	size_t i;
	json_t *spec;
	if (set_console_level(a, err) < 0 || set_sysctls(a, err) < 0)
		return -1;
	if (json_is_object(swap) && swap_on(a, swap, err) < 0)
		return error_wrap(err, "swap");
	if (a->cgroups.memory) {
		CLEANUP_FREE char *rel = xasprintf("/%s", root);
		const struct scene_cgroup *top = scene_make(a, "", rel, err);
		if (!top || make_hierarchical(a, top, err) < 0)
			return -1;
	} else if (json_array_size(list)) {
		return error_set(err, 0, "plan: cgroups without a \"hierarchy\"");
	}
	json_array_foreach(list, i, spec)
		if (make_cgroup(a, spec, root, err) < 0)
			return error_wrap(err, "cgroups[%zu]", i);
	if (tasks_load(a, json_object_get(a->plan, "tasks"), err) < 0)
		return -1;
	bool silent = false;
	for (i = 0; i < a->tasks.n; i++)
		silent |= a->tasks.all[i]->silent;
	if (silent && !exits_open(a))
		note(a, "this kernel does not tell how stress-ng's workers end (CONFIG_PROC_EVENTS)");
	return 0;
}

static void run_steps(struct agent *a)
{
	const json_t *steps = json_object_get(a->plan, "steps");
	for (size_t i = 0; i < json_array_size(steps); i++) {
		a->step = (int)i;
		if (step_run(a, json_array_get(steps, i)) == STEP_STOP)
			return;
	}
}

/* Ends the tasks, takes the last look, undoes everything, and says so. */
static void finish(struct agent *a, bool scene)
{
	int64_t start = now_ns();
	json_t *left = json_array(), *notes = json_array(), *text;
	size_t i;
	a->ending = true;
	a->step = -1;
	bool dead = tasks_kill_all(a);
	if (!dead)
		for (i = 0; i < a->tasks.n; i++)
			if (task_alive(a->tasks.all[i]))
				note(a, "%s (pid %d) does not end", a->tasks.all[i]->name, (int)a->tasks.all[i]->pid);
	kmsg_read(a);
	if (scene)
		snapshot_send(a, "end", false);
	timeline_tell(a);
	timeline_end(a);
	loop_serve(a);
	scene_unwatch(a);
	bool removed = journal_undo(&a->journal, deadline_in(a, REMOVE_MS), left, notes) && dead;
	json_array_foreach(notes, i, text)
		note(a, "%s", json_string_value(text));
	json_decref(notes);
	loop_serve(a);
	kmsg_read(a);
	tasks_free(a);
	exits_close(a);
	scene_free(a);
	kmsg_flush(a);
	kmsg_close(a);
	wire_send(&a->wire, "end", json_pack("{so sb so sI}", "t", json_now(), "removed", removed, "left", left,
					     "took_us", (json_int_t)((now_ns() - start) / 1000)));
}

void plan_run(struct agent *a, const char *line)
{
	struct error err = { 0 };
	bool scene = false;
	a->step = -1;
	a->ending = false;
	a->plan = parse(line, &err);
	if (a->plan) {
		wire_send(&a->wire, "begin", json_pack("{so}", "t", json_now()));
		wire_flush(&a->wire);
	}
	int ret = a->plan ? take_scale(a, &err) : -1;
	if (ret == 0)
		ret = check_needs(a, &err);
	if (ret == 0) {
		scene = true;
		ret = build_scene(a, &err);
		if (ret == 0) {
			timeline_begin(a);
			run_steps(a);
			timeline_stop(a);
		}
	}
	if (ret < 0)
		send_error(a, &err);
	a->served = a->plan != NULL;
	finish(a, scene);
	json_decref(a->plan);
	a->plan = NULL;
}
