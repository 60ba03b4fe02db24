// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines that others' records tore (klog/cont.h): the same checks are made, and the same verdict given, as of the whole line. Where the
 * rest did not come it is nobody's fault, and no pass either.
 */
#include <check.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/recorded.h"

#define MAX_PLACES 64

struct places {
	size_t at[MAX_PLACES], n;
};

static void add(struct places *p, const char *text, const char *at)
{
	ck_assert_uint_lt(p->n, MAX_PLACES);
	if (at > text && *at)
		p->at[p->n++] = (size_t)(at - text);
}

/* Before (or with `behind` after) each of these words. */
static void add_all(struct places *p, const char *text, const char *words, bool behind)
{
	for (const char *at = text; (at = strstr(at, words)); at++)
		add(p, text, behind ? at + strlen(words) : at);
}

/* Where the kernel ends one printk() of a line and begins the next (mm/oom_kill.c:dump_oom_summary, mm/memcontrol.c:
 * mem_cgroup_print_oom_context, mem_cgroup_print_oom_meminfo, mem_cgroup_print_oom_group, mm/show_mem.c:show_free_areas). */
static struct places places_of(const char *text)
{
	struct places p = { .n = 0 };
	int node, len = 0;
	if (starts_with(text, "oom-kill:")) {
		static const char *const keys[] = { ",cpuset=", ",mems_allowed=", ",oom_memcg=", ",global_oom", ",task_memcg=", ",task=" };
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			add_all(&p, text, keys[i], false);
			if (i % 2 == 0)
				add_all(&p, text, keys[i], true);
		}
	} else if (starts_with(text, "Memory cgroup stats for ")) {
		add_all(&p, text, "stats for ", true);
		add(&p, text, text + strlen(text) - 1);
	} else if (starts_with(text, "Tasks in ")) {
		add_all(&p, text, "Tasks in ", true);
		add_all(&p, text, " are going to be killed", false);
	} else if (sscanf(text, "Node %d %n", &node, &len) == 1 && len && (strstr(text, " free:") || strchr(text, '*'))) {
		add(&p, text, text + len);
		if (strchr(text, '*')) {
			add_all(&p, text, ": ", true);
			add_all(&p, text, "kB ", true);
			add_all(&p, text, ") ", true);
		}
	}
	return p;
}

static json_t *like(const json_t *record, const char *text, size_t len, bool cont)
{
	json_t *copy = json_deep_copy(record);
	json_object_set_new(copy, "text", json_stringn(text, len));
	if (cont) {
		json_object_set_new(copy, "cont", json_true());
		json_object_set_new(copy, "level", json_integer(4));	/* kernel/printk/printk.c: the default level */
	}
	return copy;
}

/* Tears a record at a place, or (at == SIZE_MAX) at each. What comes behind it is lost, or is the next record but one. */
static void tear(json_t *kmsg, size_t i, const struct places *p, size_t at, bool cont, bool lost)
{
	json_t *record = json_incref(json_array_get(kmsg, i));
	const char *text = json_string_value(json_object_get(record, "text"));
	size_t from = 0, len = strlen(text);
	json_array_remove(kmsg, i);
	for (size_t k = 0; k <= p->n; k++) {
		size_t to = k == p->n ? len : p->at[k];
		if ((k < p->n && at != SIZE_MAX && k != at) || to <= from)
			continue;
		json_array_insert_new(kmsg, i++, like(record, text + from, to - from, cont && from));
		json_array_insert_new(kmsg, i++, like(record, "random: crng init done", 22, false));
		if (lost)
			break;
		from = to;
	}
	json_decref(record);
}

static int by_place(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	return (x > y) - (x < y);
}

static struct places places_in(const json_t *kmsg, size_t i)
{
	struct places p = places_of(json_string_value(json_object_get(json_array_get(kmsg, i), "text")));
	qsort(p.at, p.n, sizeof(p.at[0]), by_place);
	return p;
}

static void expect_same(const struct recorded *r, const struct result *whole, const char *name, size_t record, size_t at)
{
	struct result *result = recorded_judge(r);
	ck_assert_msg(result->verdict == whole->verdict && result->n_checks == whole->n_checks,
		      "%s, record %zu torn at place %zu: %zu checks instead of %zu: %s", name, record, at, result->n_checks, whole->n_checks,
		      result_words(result));
	result_free(result);
}

static const char *const names[] = { "memcg-v2", "memcg-v1", "group", "global", "global-7", "cpuset", "two-kills" };

START_TEST(torn_is_checked_all_the_same)
{
	size_t torn = 0;
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		struct recorded *r = recorded_load(names[n]);
		struct result *whole = recorded_judge(r);
		json_t *kmsg = json_object_get(r->observation, "kmsg"), *before = json_deep_copy(kmsg);
		for (size_t i = 0; i < json_array_size(before); i++) {
			struct places p = places_in(before, i);
			for (size_t at = 0; p.n && at <= p.n; at++, torn++) {
				json_array_clear(kmsg);
				json_array_extend(kmsg, before);
				/* in all places at once: where each piece is marked */
				tear(kmsg, i, &p, at == p.n ? SIZE_MAX : at, at == p.n || at % 2, false);
				expect_same(r, whole, names[n], i, at);
			}
		}
		json_decref(before);
		result_free(whole);
		recorded_free(r);
	}
	ck_assert_uint_gt(torn, 100);
}
END_TEST

START_TEST(rest_lost_is_an_error)
{
	size_t torn = 0;
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		struct recorded *r = recorded_load(names[n]);
		json_t *kmsg = json_object_get(r->observation, "kmsg"), *before = json_deep_copy(kmsg);
		for (size_t i = 0; i < json_array_size(before); i++) {
			struct places p = places_in(before, i);
			for (size_t at = 0; at < p.n; at++, torn++) {
				json_array_clear(kmsg);
				json_array_extend(kmsg, before);
				tear(kmsg, i, &p, at, false, true);
				struct result *result = recorded_judge(r);
				ck_assert_msg(result->verdict == VERDICT_ERROR && result->why && strstr(result->why, "tore a line"),
					      "%s, record %zu torn at place %zu: %s", names[n], i, at, result_words(result));
				result_free(result);
			}
		}
		json_decref(before);
		recorded_free(r);
	}
	ck_assert_uint_gt(torn, 100);
}
END_TEST

/* A kernel that says no more than the beginning of a line is to blame: nothing came between. */
START_TEST(cut_short_is_seen)
{
	struct recorded *r = recorded_load("memcg-v2");
	json_t *kmsg = json_object_get(r->observation, "kmsg"), *before = json_deep_copy(kmsg);
	size_t tried = 0;
	for (size_t i = 0; i < json_array_size(before); i++) {
		const json_t *record = json_array_get(before, i);
		const char *text = json_string_value(json_object_get(record, "text"));
		struct places p = places_in(before, i);
		for (size_t at = 0; starts_with(text, "oom-kill:") && at < p.n; at++, tried++) {
			json_array_clear(kmsg);
			json_array_extend(kmsg, before);
			json_array_set_new(kmsg, i, like(record, text, p.at[at], false));
			struct result *result = recorded_judge(r);
			ck_assert_msg(result->verdict == VERDICT_FAIL, "cut at place %zu: %s: %s", at, verdict_name(result->verdict), result_words(result));
			result_free(result);
		}
	}
	ck_assert_uint_gt(tried, 5);
	json_decref(before);
	recorded_free(r);
}
END_TEST

/* A wrong word in any piece is seen. */
START_TEST(wrong_piece_is_seen)
{
	static const struct {
		const char *line;
		struct change change;
		enum check_id red;
	} wrong[] = {
		{ "oom-kill:", { "kmsg>text~oom-kill:>text", ",oom_memcg=/", ",oom_memcg=/x" }, CHECK_OOM_MEMCG },
		{ "oom-kill:", { "kmsg>text~oom-kill:>text", ",task_memcg=/", ",task_memcg=/x" }, CHECK_TASK_MEMCG },
		{ "oom-kill:", { "kmsg>text~oom-kill:>text", ",pid=#", ",pid=#+1" }, CHECK_SELECTED_PID },
		{ "oom-kill:", { "kmsg>text~oom-kill:>text", ",mems_allowed=0", ",mems_allowed=0-1" }, CHECK_MEMS_ALLOWED },
		{ "Memory cgroup stats for ", { "kmsg>text~Memory cgroup stats for>text", "stats for /", "stats for /x" }, CHECK_STATS_OF },
	};
	for (size_t w = 0; w < ARRAY_SIZE(wrong); w++) {
		struct recorded *r = recorded_load("memcg-v2");
		recorded_change(r, &wrong[w].change);
		json_t *kmsg = json_object_get(r->observation, "kmsg"), *before = json_deep_copy(kmsg);
		size_t tried = 0;
		for (size_t i = 0; i < json_array_size(before); i++) {
			struct places p = places_in(before, i);
			if (!starts_with(json_string_value(json_object_get(json_array_get(before, i), "text")), wrong[w].line))
				continue;
			for (size_t at = 0; at < p.n; at++, tried++) {
				json_array_clear(kmsg);
				json_array_extend(kmsg, before);
				tear(kmsg, i, &p, at, true, false);
				struct result *result = recorded_judge(r);
				ck_assert_msg(result_is_red(result, wrong[w].red), "%zu, torn at place %zu: %s", w, at, result_words(result));
				result_free(result);
			}
		}
		ck_assert_uint_gt(tried, 0);
		json_decref(before);
		recorded_free(r);
	}
}
END_TEST

/* What a machine that panics has left is its console. */
START_TEST(torn_on_the_console)
{
	static const char yaml[] =
		"title: x\nmachine: {memory: 256M}\nsysctl: [{name: vm.panic_on_oom, value: 1}]\n"
		"tasks: [{name: big, size: 60M}, {name: hog, size: 1M}]\ntrigger: hog\n"
		"expect: [{victims: [], constraint: none, panic: system-wide, log: ['^Node 0 DMA free:[0-9]+kB .* present:']}]\n";
	/* whole, torn, without the rest, and not there at all */
	for (int torn = 0; torn < 4; torn++) {
		struct recorded *r = recorded_load_as("panic", yaml);
		CLEANUP_FREE char *console = xstrdup(json_string_value(json_object_get(r->observation, "console")));
		char *at = strstr(console, "Node 0 DMA free:");
		ck_assert_ptr_nonnull(at);
		at += strlen("Node 0 ");
		CLEANUP_FREE char *pieces = xasprintf("%.*s\n[   13.800000] foo%s\n[   13.800000] %s", (int)(at - console), console,
						      torn == 2 ? "\n[   13.800000] Mem-Info:\n[   13.800000] Node 0 DMA32" : "", at);
		if (torn == 3)
			at[-1] = 'x';
		if (torn)
			json_object_set_new(r->observation, "console", json_string(torn == 3 ? console : pieces));
		struct result *result = recorded_judge(r);
		ck_assert_msg(result_is_red(result, CHECK_LOG_RECORD) == (torn == 3), "%d: %s", torn, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

TESTS("judge_torn", torn_on_the_console, torn_is_checked_all_the_same, rest_lost_is_an_error, cut_short_is_seen, wrong_piece_is_seen)
