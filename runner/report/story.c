// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/story.h"

#include "base/util.h"
#include "report/log.h"

#define CONSOLE_MAX 20000	/* characters; a panic's text is at its end */

static json_t *get(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(get(object, name));
}

static void copy(json_t *to, const char *name, const json_t *from)
{
	json_t *value = get(from, name);
	if (value && !json_is_null(value))
		json_object_set(to, name, value);
}

/* The first of `list` whose member is this text. */
static json_t *with(const json_t *list, const char *member, const char *value)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
		if (value && streq(text(item, member), value))
			return item;
	return NULL;
}

/* The snapshot nearest the first trigger on its far side, or NULL. */
static const json_t *snapshot(const json_t *seen, const char *first, const char *second)
{
	const json_t *all = get(seen, "snapshots"), *found = with(all, "label", first);
	return found ? found : with(all, "label", second);
}

/* What a cgroup held, from a snapshot: only the files that a reader asks for. */
static json_t *cgroup_files(const json_t *snapshot, const char *name)
{
	static const char *const wanted[] = { "memory.current", "memory.usage_in_bytes", "memory.swap.current",
					      "memory.memsw.usage_in_bytes", "memory.events", "memory.oom_control",
					      "memory.failcnt", "memory.peak", "memory.max_usage_in_bytes" };
	const json_t *files = get(with(get(snapshot, "cgroups"), "name", name), "files");
	json_t *o = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		copy(o, wanted[i], files);
	return o;
}

static json_t *cgroups(const json_t *plan, const json_t *before, const json_t *after)
{
	json_t *list = json_array(), *spec;
	size_t i;
	json_array_foreach(get(plan, "cgroups"), i, spec) {
		json_t *o = json_object();
		copy(o, "name", spec);
		copy(o, "files", spec);
		json_object_set_new(o, "before", cgroup_files(before, text(spec, "name")));
		json_object_set_new(o, "after", cgroup_files(after, text(spec, "name")));
		json_array_append_new(list, o);
	}
	return list;
}

/* What the plan tells of a task, what it measured before the trigger, and how it ended. */
static json_t *task(const json_t *plan, const json_t *seen, const json_t *before, const char *name)
{
	static const char *const planned[] = { "kind", "args", "cgroup", "adj", "uid", "cpus", "policy" };
	static const char *const measured[] = { "pid", "comm", "anon_kb", "file_kb", "shmem_kb", "swap_kb", "pte_kb", "score" };
	static const char *const ended[] = { "t", "signal", "code", "by_agent", "pid" };
	const json_t *spec = with(get(plan, "tasks"), "name", name), *row = with(get(before, "tasks"), "name", name);
	const json_t *exit = with(get(seen, "exits"), "name", name);
	json_t *o = json_pack("{s:s}", "name", name), *step;
	size_t i;
	for (i = 0; i < ARRAY_SIZE(planned); i++)
		copy(o, planned[i], spec);
	for (i = 0; i < ARRAY_SIZE(measured); i++)
		copy(o, measured[i], row);
	if (!get(o, "adj"))
		copy(o, "adj", row);
	json_array_foreach(get(plan, "steps"), i, step) {
		bool fill = streq(text(step, "op"), "fill"), grow = streq(text(step, "op"), "grow");
		if ((fill || grow) && streq(text(step, "task"), name))
			json_object_set(o, fill ? "fill" : "grow", get(step, "bytes"));
	}
	if (exit) {
		json_t *how = json_object();
		for (i = 0; i < ARRAY_SIZE(ended); i++)
			copy(how, ended[i], exit);
		json_object_set_new(o, "exit", how);
	}
	return o;
}

/* The plan's tasks, and children of theirs that were seen. */
static json_t *tasks(const json_t *plan, const json_t *seen, const json_t *before)
{
	json_t *list = json_array(), *item;
	size_t i;
	json_array_foreach(get(plan, "tasks"), i, item)
		if (text(item, "name"))
			json_array_append_new(list, task(plan, seen, before, text(item, "name")));
	json_array_foreach(get(before, "tasks"), i, item)
		if (text(item, "name") && !with(list, "name", text(item, "name")))
			json_array_append_new(list, task(plan, seen, before, text(item, "name")));
	json_array_foreach(get(seen, "exits"), i, item)
		if (text(item, "name") && !with(list, "name", text(item, "name")))
			json_array_append_new(list, task(plan, seen, before, text(item, "name")));
	return list;
}

/* What the agent told of a step of the plan, or NULL. */
static json_t *answer_to(const json_t *seen, size_t step)
{
	size_t i;
	json_t *answer;
	json_array_foreach(get(seen, "steps"), i, answer)
		if (json_integer_value(get(answer, "i")) == (json_int_t)step)
			return answer;
	return NULL;
}

/* Each step of the plan with its answer, those that only look left out. */
static json_t *steps(const json_t *plan, const json_t *seen)
{
	static const char *const asked[] = { "op", "task", "cgroup", "file", "path", "value", "bytes", "signal", "key", "what",
					     "for", "field", "compare" };
	static const char *const told[] = { "t", "took_us", "errno", "how", "answer", "timeout", "text" };
	json_t *list = json_array(), *step;
	size_t i, k;
	json_array_foreach(get(plan, "steps"), i, step) {
		if (streq(text(step, "op"), "snapshot") || streq(text(step, "op"), "ping"))
			continue;
		json_t *o = json_object();
		for (k = 0; k < ARRAY_SIZE(asked); k++)
			copy(o, asked[k], step);
		for (k = 0; k < ARRAY_SIZE(told); k++)
			copy(o, told[k], answer_to(seen, i));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *machine(const json_t *seen)
{
	static const char *const facts[] = { "release", "version", "machine", "page_size", "cpus", "nodes", "memtotal_kb",
					     "swaptotal_kb" };
	json_t *o = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		copy(o, facts[i], get(seen, "hello"));
	return o;
}

static void add_console(json_t *story, const json_t *seen)
{
	const char *console = text(seen, "console");
	size_t len = console ? strlen(console) : 0;
	if (!len || streq(text(seen, "fate"), "ended"))
		return;
	const char *from = len > CONSOLE_MAX ? console + len - CONSOLE_MAX : console;
	while ((*from & 0xc0) == 0x80)	/* not in the middle of a character */
		from++;
	json_object_set_new(story, "console", json_string(from));
}

json_t *story_make(const json_t *result, const json_t *kept)
{
	static const char *const of_result[] = { "checks", "ranking", "predicted", "margin_pages", "victims", "why" };
	static const char *const of_plan[] = { "hierarchy", "sysctls", "swap", "cpuset" };
	const json_t *seen = get(kept, "observation"), *plan = get(kept, "plan");
	const json_t *before = snapshot(seen, "before-0", "begin"), *after = snapshot(seen, "after-0", "end");
	json_t *story = json_object();
	size_t i;
	for (i = 0; i < ARRAY_SIZE(of_result); i++) {
		copy(story, of_result[i], kept);
		if (!get(story, of_result[i]))
			copy(story, of_result[i], result);
	}
	if (!seen)
		return story;
	for (i = 0; i < ARRAY_SIZE(of_plan); i++)
		copy(story, of_plan[i], plan);
	copy(story, "fate", seen);
	copy(story, "fate_text", seen);
	copy(story, "notes", seen);
	copy(story, "errors", seen);
	json_object_set_new(story, "machine", machine(seen));
	json_object_set_new(story, "cgroups", cgroups(plan, before, after));
	json_object_set_new(story, "tasks", tasks(plan, seen, before));
	json_object_set_new(story, "steps", steps(plan, seen));
	json_object_set_new(story, "marks", log_marks(get(seen, "kmsg"), streq(text(seen, "fate"), "ended") ? NULL : text(seen, "console")));
	json_object_set_new(story, "choices", log_choices(get(seen, "kmsg")));
	json_object_set_new(story, "timeline", timeline_story(get(seen, "timeline")));
	json_object_set_new(story, "log", log_story(get(seen, "kmsg")));
	add_console(story, seen);
	return story;
}
