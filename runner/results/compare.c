// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare.h"

#include "base/util.h"
#include "judge/record.h"
#include "results/summary.h"
#include "results/timing.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static size_t n_kernels(const struct past_run *p)
{
	return p->baseline ? 1 : json_array_size(json_object_get(p->run, "kernels"));
}

/* The name of its i-th kernel. */
static const char *kernel_name(const struct past_run *p, size_t i)
{
	if (p->baseline)
		return text_of(p->run, "baseline");
	return text_of(json_array_get(json_object_get(p->run, "kernels"), i), "name");
}

static bool has_kernel(const struct past_run *p, const char *name)
{
	for (size_t i = 0; i < n_kernels(p); i++) {
		if (streq(kernel_name(p, i), name))
			return true;
	}
	return false;
}

/* Summaries by a key: the id, and where several kernels are compared the kernel. `other`: only kernels that this has, too;
 * NULL: all. */
static json_t *by_key(const struct past_run *p, const struct past_run *other, bool name_kernels)
{
	json_t *map = json_object(), *result;
	size_t i;
	json_array_foreach(p->results, i, result) {
		const char *kernel = p->baseline ? kernel_name(p, 0) : text_of(result, "kernel");
		if (other && !has_kernel(other, kernel))
			continue;
		CLEANUP_FREE char *key = name_kernels ? xasprintf("%s (%s)", text_of(result, "id"), kernel) :
							xstrdup(text_of(result, "id"));
		json_object_set_new(map, key, p->baseline ? json_incref(result) : summary_of(result));
	}
	return map;
}

/* The tests that this run was to run, as the names of members. */
static json_t *planned_keys(const struct past_run *p, bool name_kernels)
{
	json_t *map = json_object(), *test;
	size_t i;
	json_array_foreach(json_object_get(p->run, "tests"), i, test) {
		CLEANUP_FREE char *key = name_kernels ? xasprintf("%s (%s)", text_of(test, "id"), text_of(test, "kernel")) :
							xstrdup(text_of(test, "id"));
		json_object_set_new(map, key, json_true());
	}
	return map;
}

/* Was it to run all there is? Not when it was asked for some cases, for a tag, or for a part. */
static bool asked_for_all(const struct past_run *p)
{
	const json_t *asked = json_object_get(p->run, "asked");
	return !json_array_size(json_object_get(asked, "cases")) && !json_array_size(json_object_get(asked, "tags")) &&
	       !json_is_array(json_object_get(asked, "shard"));
}

/* Tells of each test without a result in b whether b was to have one: it planned it, or was to run all. */
static void tell_expected(json_t *changes, const struct past_run *b, bool name_kernels)
{
	json_t *planned = planned_keys(b, name_kernels), *c;
	bool all = asked_for_all(b);
	size_t i;
	json_array_foreach(changes, i, c) {
		if (streq(text_of(c, "change"), "no result"))
			json_object_set_new(c, "expected", json_boolean(all || json_object_get(planned, text_of(c, "test"))));
	}
	json_decref(planned);
}

static json_t *new_change(const char *test, const char *change, bool regression, const json_t *a, const json_t *b)
{
	json_t *c = json_object();
	json_object_set_new(c, "test", json_string(test));
	json_object_set_new(c, "change", json_string(change));
	json_object_set_new(c, "regression", json_boolean(regression));
	json_object_set_new(c, "a", a ? json_string(text_of(a, "verdict")) : json_null());
	json_object_set_new(c, "b", b ? json_string(text_of(b, "verdict")) : json_null());
	const char *why = text_of(b, "why");
	if (why)
		json_object_set_new(c, "why", json_string(why));
	return c;
}

/* The word for a change from one verdict to another. */
static const char *verdict_change(enum verdict a, enum verdict b)
{
	if (b == VERDICT_FAIL)
		return "new failure";
	if (b == VERDICT_ERROR)
		return a == VERDICT_FAIL ? "verdict" : "new error";
	if (b == VERDICT_SKIP)
		return "no longer run";
	if (a == VERDICT_SKIP)
		return "now run";
	/* a known bug that shows is what the case says of this kernel; one that is gone is mended */
	return a == VERDICT_PASS ? "verdict" : "fixed";
}

static enum verdict verdict_of(const json_t *summary)
{
	enum verdict v = VERDICT_ERROR;
	verdict_by_name(text_of(summary, "verdict"), &v);
	return v;
}

static void add_seen(json_t *list, const char *what, const json_t *a, const json_t *b)
{
	json_array_append_new(list, json_pack("{s:s s:s? s:s?}", "what", what, "a", json_string_value(a), "b",
					      json_string_value(b)));
}

/* "log: cpuset (2)" is of a second report: when only one side has one, that is what "OOM reports" says. */
static bool of_one_more_report(const char *what, const json_t *a, const json_t *b)
{
	bool of_report = starts_with(what, "log: ") || starts_with(what, "table: ") || starts_with(what, "predicted victim");
	return of_report && what[strlen(what) - 1] == ')' && (!a || !b);
}

/* Where one more may die by chance and on one side did: counters, how the growing task ends, whose rows of the tables are compared,
 * and the second of everything follow from that. Who asked first, and for what limit, does not. */
static bool of_overkill(const char *what, const json_t *a, const json_t *b)
{
	if (!json_object_get(a, "overkill") && !json_object_get(b, "overkill"))
		return false;
	bool of_report = starts_with(what, "log: ") || starts_with(what, "predicted victim");
	return !of_report || what[strlen(what) - 1] == ')';
}

/* What the kernel did otherwise: a list of what, a, b; null stands for what is usual (results/summary.h). */
static json_t *seen_changes(const json_t *a, const json_t *b)
{
	json_t *list = json_array(), *x = json_object_get(a, "seen"), *y = json_object_get(b, "seen"), *value;
	const char *what;
	json_object_foreach(x, what, value) {
		const json_t *then = json_object_get(y, what);
		if (!json_equal(value, then) && !of_one_more_report(what, value, then) && !of_overkill(what, a, b))
			add_seen(list, what, value, then);
	}
	json_object_foreach(y, what, value) {
		if (!json_object_get(x, what) && !of_one_more_report(what, NULL, value) && !of_overkill(what, a, b))
			add_seen(list, what, NULL, value);
	}
	return list;
}

/* Adds to a change what else is different; or makes one of it. Returns the change, or NULL. Takes `c`. */
static json_t *add_behaviour(json_t *c, const char *test, const json_t *a, const json_t *b)
{
	enum verdict x = verdict_of(a), y = verdict_of(b);
	bool both_ran = x != VERDICT_SKIP && x != VERDICT_ERROR && y != VERDICT_SKIP && y != VERDICT_ERROR;
	if (!both_ran)
		return c;
	json_t *victims_a = json_object_get(a, "victims"), *victims_b = json_object_get(b, "victims");
	json_t *seen = seen_changes(a, b);
	bool victims = !json_equal(victims_a, victims_b);
	if (!c && (victims || json_array_size(seen)))
		c = new_change(test, "behaviour", false, a, b);
	if (victims)
		json_object_set_new(c, "victims", json_pack("{s:O s:O}", "a", victims_a, "b", victims_b));
	if (json_array_size(seen))
		json_object_set(c, "seen", seen);
	json_decref(seen);
	return c;
}

static json_t *compare_test(const char *test, const json_t *a, const json_t *b)
{
	enum verdict x = verdict_of(a), y = verdict_of(b);
	json_t *c = NULL;
	if (x != y) {
		const char *word = verdict_change(x, y);
		c = new_change(test, word, starts_with(word, "new "), a, b);
	}
	return add_behaviour(c, test, a, b);
}

/* Adds the tests whose time changed and nothing else. */
static void compare_times(json_t *changes, json_t *a, const json_t *b)
{
	size_t n = 0, room = json_object_size(a);
	CLEANUP_FREE struct timing *times = xcalloc(room + 1, sizeof(*times));
	CLEANUP_FREE const char **tests = xcalloc(room + 1, sizeof(*tests));
	const char *test;
	json_t *x;
	json_object_foreach(a, test, x) {
		const json_t *y = json_object_get(b, test);
		if (!y || verdict_of(x) != VERDICT_PASS || verdict_of(y) != VERDICT_PASS)
			continue;
		tests[n] = test;
		times[n++] = (struct timing){ .a = json_number_value(json_object_get(x, "seconds")),
					      .b = json_number_value(json_object_get(y, "seconds")) };
	}
	timing_judge(times, n);
	for (size_t i = 0; i < n; i++) {
		if (!times[i].changed)
			continue;
		json_t *c = new_change(tests[i], times[i].b > times[i].usual ? "slower" : "faster", false,
				       json_object_get(a, tests[i]), json_object_get(b, tests[i]));
		json_object_set_new(c, "seconds", json_pack("{s:f s:f s:f}", "a", times[i].a, "b", times[i].b, "usual",
							    (double)(int64_t)(times[i].usual * 10 + 0.5) / 10));
		json_array_append_new(changes, c);
	}
}

static int rank(const json_t *change)
{
	static const char *const order[] = { "new failure", "new error", "fixed", "verdict", "behaviour", "no longer run", "now run",
					     "slower", "faster", "new test", "no result" };
	int i = 0;
	while (i < (int)ARRAY_SIZE(order) && !streq(order[i], text_of(change, "change")))
		i++;
	return i;
}

static int by_rank(const void *x, const void *y)
{
	const json_t *a = *(json_t *const *)x, *b = *(json_t *const *)y;
	int order = rank(a) - rank(b);
	return order ? order : strcmp(text_of(a, "test"), text_of(b, "test"));
}

/* The worst first, and by name. Takes the list. */
static json_t *sorted(json_t *changes)
{
	size_t n = json_array_size(changes);
	CLEANUP_FREE json_t **all = xcalloc(n + 1, sizeof(json_t *));
	for (size_t i = 0; i < n; i++)
		all[i] = json_array_get(changes, i);
	qsort(all, n, sizeof(json_t *), by_rank);
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append(list, all[i]);
	json_decref(changes);
	return list;
}

/* All changes between two maps of summaries; *common: how many tests are in both. */
static json_t *all_changes(json_t *a, json_t *b, size_t *common)
{
	json_t *changes = json_array(), *x, *y;
	const char *test;
	*common = 0;
	json_object_foreach(a, test, x) {
		y = json_object_get(b, test);
		*common += y != NULL;
		json_t *c = y ? compare_test(test, x, y) : new_change(test, "no result", false, x, NULL);
		if (c)
			json_array_append_new(changes, c);
	}
	json_object_foreach(b, test, y) {
		if (!json_object_get(a, test))
			json_array_append_new(changes, new_change(test, "new test", false, NULL, y));
	}
	return changes;
}

static json_t *finish(const struct past_run *a, const struct past_run *b, json_t *changes, size_t common)
{
	size_t regressions = 0, alike = common, i;
	json_t *c, *comparison = json_object();
	json_array_foreach(changes, i, c) {
		regressions += json_is_true(json_object_get(c, "regression"));
		alike -= text_of(c, "a") && text_of(c, "b") && !json_object_get(c, "seconds");
	}
	json_object_set_new(comparison, "a", json_string(a->path));
	json_object_set_new(comparison, "b", json_string(b->path));
	if (n_kernels(a) == 1 && n_kernels(b) == 1)
		json_object_set_new(comparison, "kernels", json_pack("[ss]", kernel_name(a, 0), kernel_name(b, 0)));
	json_object_set_new(comparison, "same", json_integer((json_int_t)alike));
	json_object_set_new(comparison, "regressions", json_integer((json_int_t)regressions));
	json_object_set_new(comparison, "changes", sorted(changes));
	return comparison;
}

static int check_some(const struct past_run *p, struct error *err)
{
	return json_array_size(p->results) ? 0 : error_set(err, 0, "%s has no result yet", p->path);
}

json_t *compare_runs(const struct past_run *a, const struct past_run *b, struct error *err)
{
	bool several = n_kernels(a) > 1 || n_kernels(b) > 1, name_kernels = n_kernels(a) > 1 && n_kernels(b) > 1;
	if (check_some(a, err) < 0 || check_some(b, err) < 0)
		return NULL;
	json_t *x = by_key(a, several ? b : NULL, name_kernels), *y = by_key(b, several ? a : NULL, name_kernels);
	size_t common;
	json_t *changes = all_changes(x, y, &common), *comparison = NULL;
	if (common) {
		tell_expected(changes, b, name_kernels);
		compare_times(changes, x, y);
		comparison = finish(a, b, changes, common);
	} else {
		error_set(err, 0, "%s and %s have no test in common%s", a->path, b->path,
			  several ? " on a kernel of the same name; a kernel's own directory can be compared with any other" : "");
		json_decref(changes);
	}
	json_decref(x);
	json_decref(y);
	return comparison;
}
