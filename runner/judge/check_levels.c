// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cgroups of the scene as a tree: an event counts in its own cgroup and in each above (include/linux/memcontrol.h:
 * memcg_memory_event), whoever watches is told, and nobody's usage goes over a limit.
 */
#include <inttypes.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/scene.h"
#include "judge/trial.h"

static const char *name_of(const struct scene *s, size_t i)
{
	const char *name = look_text(s->cgroups[i], "name");
	return name && *name ? name : "the scene's root";
}

static bool rise(const struct episode *e, const char *cgroup, const char *file, const char *field, int64_t *by)
{
	int64_t was, is;
	if (!cgroup || !look_counter(e->before, cgroup, file, field, &was) ||
	    !look_counter(e->after, cgroup, file, field, &is))
		return false;
	*by = is - was;
	return true;
}

/* Has everything that grew up to this episode's end come to its own end? Otherwise counters may rise between two
 * files. */
static bool at_rest(const struct trial *t, const struct episode *e)
{
	const char *how = "dead";
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step) {
		if (look_int(trial_told(t, step), "episode", INT64_MAX) > (int64_t)e->k)
			continue;
		if (streq(look_text(step, "op"), "grow"))
			how = "grows";
		else if (streq(look_text(step, "op"), "await"))
			how = look_text(step, "how");
	}
	return streq(how, "dead") || streq(how, "filled") || streq(how, "failed");
}

/* ", FIELD N" behind what the buffer holds. */
static void add_field(char *buf, size_t size, size_t *len, const char *field, int64_t value)
{
	if (*len < size)
		*len += (size_t)snprintf(buf + *len, size - *len, "%s%s %" PRId64, *len ? ", " : "", field, value);
}

/* Is somebody held at memory.high? Whoever is above it reclaims and counts at any time, also while the files are read. */
static bool any_high(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_cgroups; i++)
		if (t->test->cgroups[i].high != UNSET)
			return true;
	for (size_t i = 0; i < t->test->n_steps; i++)
		if (t->test->steps[i].op == STEP_SET && streq(t->test->steps[i].file, "memory.high"))
			return true;
	return false;
}

/* Was one of its children removed meanwhile? What that counted is in the parent's file alone then. */
static bool lost_child(const struct episode *e, const struct scene *s, size_t i)
{
	for (size_t c = 0; c < s->model.n_memcgs; c++)
		if (s->memcgs[c].parent == (int)i && !look_cgroup(e->after, look_text(s->cgroups[c], "name")))
			return true;
	return false;
}

/* What the children of a cgroup add to a counter of it. */
static int64_t children_rise(const struct episode *e, const struct scene *s, size_t i, const char *file, const char *field)
{
	int64_t sum = 0, child;
	for (size_t c = 0; c < s->model.n_memcgs; c++)
		if (s->memcgs[c].parent == (int)i && rise(e, look_text(s->cgroups[c], "name"), file, field, &child))
			sum += child;
	return sum;
}

/* memory.events of a cgroup rises by memory.events.local and by the memory.events of its children, field by field. */
static void check_sums(struct trial *t, const struct episode *e, const struct scene *s)
{
	static const char *const fields[] = { "low", "high", "max", "oom", "oom_kill", "oom_group_kill" };
	for (size_t i = 0; i < s->model.n_memcgs; i++) {
		char want[128] = "", seen[128] = "";
		size_t w = 0, n = 0;
		if (lost_child(e, s, i))
			continue;
		for (size_t f = 0; f < ARRAY_SIZE(fields); f++) {
			int64_t all, sum;
			if (trial_bug_counts(t, e, fields[f]) || (streq(fields[f], "high") && any_high(t)) ||
			    !rise(e, look_text(s->cgroups[i], "name"), "memory.events", fields[f], &all) ||
			    !rise(e, look_text(s->cgroups[i], "name"), "memory.events.local", fields[f], &sum))
				continue;
			sum += children_rise(e, s, i, "memory.events", fields[f]);
			add_field(want, sizeof(want), &w, fields[f], sum);
			add_field(seen, sizeof(seen), &n, fields[f], all);
		}
		if (w)
			trial_check_text(t, CHECK_EVENTS_SUM, name_of(s, i), NULL, want, seen);
	}
}

static bool sets_swap_high(const struct trial *t, const char *name)
{
	for (size_t i = 0; i < t->test->n_cgroups; i++)
		for (size_t k = 0; streq(t->test->cgroups[i].name, name) && k < t->test->cgroups[i].n_settings; k++)
			if (streq(t->test->cgroups[i].settings[k].file, "memory.swap.high"))
				return true;
	for (size_t i = 0; i < t->test->n_steps; i++)
		if (t->test->steps[i].op == STEP_SET && streq(t->test->steps[i].file, "memory.swap.high"))
			return true;
	return false;
}

/*
 * Who swaps more than memory.swap.high is told of at each level that has such a limit and is above it (mm/memcontrol.c:
 * swap_find_max_overage), and each of these events counts in all levels above. The other events of swap may come at any time.
 */
static void check_swap_high(struct trial *t, const struct episode *e, const struct scene *s)
{
	for (size_t i = 0; i < s->model.n_memcgs; i++) {
		const char *name = look_text(s->cgroups[i], "name");
		int64_t all;
		if (!name || sets_swap_high(t, name) || lost_child(e, s, i) || !rise(e, name, "memory.swap.events", "high", &all))
			continue;
		trial_check_int(t, CHECK_SWAP_EVENTS_SUM, name_of(s, i), NULL, children_rise(e, s, i, "memory.swap.events", "high"), all);
	}
}

/* Was this cgroup's watcher told, at any time from the episode's beginning on? */
static bool told(const struct trial *t, const struct episode *e, const char *kind, const char *cgroup)
{
	size_t i;
	json_t *event;
	json_array_foreach(t->seen->events, i, event) {
		const json_t *body = json_object_get(event, kind);
		if (streq(look_text(body, "cgroup"), cgroup) && look_int(body, "t", 0) >= look_int(e->before, "t", 0))
			return true;
	}
	return false;
}

/* Did somebody wait at this limit, when the episode began? */
static bool waited_before(const struct episode *e, const char *cgroup)
{
	int64_t under;
	return look_counter(e->before, cgroup, "memory.oom_control", "under_oom", &under) && under;
}

/*
 * Who waits in a cgroup holds its lock, so that an OOM of one above gets none and tells nobody (mm/memcontrol-v1.c:
 * mem_cgroup_oom_trylock).
 */
static bool told_is_locked(const struct episode *e, const struct scene *s, const char *path)
{
	for (size_t i = 0; i < s->model.n_memcgs; i++) {
		if (!waited_before(e, look_text(s->cgroups[i], "name")))
			continue;
		for (int up = (int)i; up >= 0; up = s->memcgs[up].parent)
			if (streq(look_text(s->cgroups[up], "path"), path))
				return true;
	}
	return false;
}

/*
 * v2: each event modifies the file (cgroup_file_notify). v1: who registered an eventfd is told of an OOM of the
 * cgroup or of one above it (mm/memcontrol-v1.c:mem_cgroup_oom_notify); a write of the limit kills without telling.
 */
static void check_told(struct trial *t, const struct episode *e, const struct scene *s)
{
	for (size_t i = 0; i < s->model.n_memcgs; i++) {
		const char *name = look_text(s->cgroups[i], "name"), *kind = t->v1 ? "eventfd" : "inotify";
		int64_t oom = 0, kill = 0;
		if (!name || !*name || streq(name, "bystander"))
			continue;	/* not watched */
		if (!t->v1) {
			rise(e, name, "memory.events", "oom", &oom);
			rise(e, name, "memory.events", "oom_kill", &kill);
		}
		for (size_t r = 0; t->v1 && r < e->n_reports && !streq(e->expect->trigger, "agent"); r++) {
			const char *path = e->reports[r]->oom_memcg;
			for (int up = (int)i; path && !told_is_locked(e, s, path) && up >= 0; up = s->memcgs[up].parent)
				oom += streq(look_text(s->cgroups[up], "path"), path);
		}
		/* Who waits because nobody may be killed is an OOM without a report. */
		int64_t was, is;
		if (t->v1 && look_counter(e->before, name, "memory.oom_control", "under_oom", &was) &&
		    look_counter(e->after, name, "memory.oom_control", "under_oom", &is))
			oom += is > was;
		if (oom > 0 || kill > 0)
			trial_check_text(t, CHECK_TOLD, name, NULL, "told",
					 told(t, e, kind, name) ? "told" : "not told");
	}
}

/* v1: nobody waits for memory any more, but who did so all the time. */
static void check_under_oom(struct trial *t, const struct episode *e, const struct scene *s)
{
	for (size_t i = 0; i < s->model.n_memcgs; i++) {
		int64_t under;
		const char *name = look_text(s->cgroups[i], "name");
		if (name && !waited_before(e, name) && look_counter(e->after, name, "memory.oom_control", "under_oom", &under))
			trial_check_int(t, CHECK_UNDER_OOM, name_of(s, i), NULL, 0, under);
	}
}

/* Was a limit lowered that bounds what is new only? What is in swap stays there (mm/memcontrol.c:swap_max_write). */
static bool came_late(const struct episode *e, const char *cgroup, const char *limit_file, int64_t limit)
{
	int64_t was;
	return streq(limit_file, "memory.swap.max") && look_counter(e->before, cgroup, limit_file, NULL, &was) && was > limit;
}

/* The number of a file before the episode; INT64_MAX: not known. */
static int64_t number_before(const struct episode *e, const char *cgroup, const char *file)
{
	int64_t was;
	return look_counter(e->before, cgroup, file, NULL, &was) ? was : INT64_MAX;
}

/*
 * The file's number after the episode is not above the limit of the cgroup `up`, which is the file's or above that:
 * what is charged is charged to both (mm/page_counter.c:page_counter_try_charge). Unless it was before, when the limit
 * was another.
 */
static void check_bound(struct trial *t, const struct episode *e, const struct scene *s, size_t i, size_t up, const char *file,
			const char *limit_file)
{
	int64_t limit, is;
	const char *name = look_text(s->cgroups[i], "name"), *limited = look_text(s->cgroups[up], "name");
	char what[192];
	if (!name || !limited || !look_counter(e->after, limited, limit_file, NULL, &limit) || limit >= INT64_MAX / 2 ||
	    !look_counter(e->after, name, file, NULL, &is) || number_before(e, name, file) > limit ||
	    number_before(e, limited, file) > limit || came_late(e, limited, limit_file, limit))
		return;
	if (up == i)
		snprintf(what, sizeof(what), "%s of %s", file, name_of(s, i));
	else
		snprintf(what, sizeof(what), "%s of %s below %s", file, name_of(s, i), name_of(s, up));
	trial_check_range(t, CHECK_WITHIN_LIMIT, what, NULL, 0, limit, is);
}

static void check_within_limits(struct trial *t, const struct episode *e, const struct scene *s)
{
	static const char *const v2[][2] = { { "memory.current", "memory.max" }, { "memory.peak", "memory.max" },
					     { "memory.swap.current", "memory.swap.max" } };
	static const char *const v1[][2] = { { "memory.usage_in_bytes", "memory.limit_in_bytes" },
					     { "memory.max_usage_in_bytes", "memory.limit_in_bytes" },
					     { "memory.memsw.usage_in_bytes", "memory.memsw.limit_in_bytes" } };
	for (size_t i = 0; i < s->model.n_memcgs; i++) {
		for (size_t f = 0; f < ARRAY_SIZE(v2); f++) {
			if (!streq(v2[f][1], "memory.swap.max") && scene_zswaps(e))
				continue;
			/* A charge that a limit above refuses counts in the highest usage for all that
			 * (page_counter_try_charge). */
			bool peak = streq(v2[f][0], "memory.peak");
			for (int up = (int)i; up >= 0; up = peak ? -1 : s->model.memcgs[up].parent)
				check_bound(t, e, s, i, (size_t)up, t->v1 ? v1[f][0] : v2[f][0], t->v1 ? v1[f][1] : v2[f][1]);
		}
	}
}

void check_levels(struct trial *t, const struct episode *e)
{
	struct scene s;
	scene_open(&s, t, e);
	bool rest = at_rest(t, e);
	if (!t->v1 && !t->local_events && rest) {
		check_sums(t, e, &s);
		check_swap_high(t, e, &s);
	}
	if (t->v1 && rest)
		check_under_oom(t, e, &s);
	check_told(t, e, &s);
	if (!t->era.dying_forced && !t->era.unkillable_forced && !trial_forces(t))
		check_within_limits(t, e, &s);
	scene_close(&s);
}
