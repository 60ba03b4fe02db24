// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reports that the project's own guests gave (ci/record-reports makes them again): one directory per kernel, one
 * log per case of runner/tests/reports/cases. Each says what its case made happen.
 */
#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <libgen.h>

#include "base/util.h"
#include "tests/explained.h"
#include "tests/harness.h"

enum agreed { YES, OPEN };

/* killed: the comms of the Killed lines of all reports, in order; a second report for what an exiting victim had not
 * given back yet may follow where `more` */
static const struct expected {
	const char *name, *constraint, *trigger, *killed;
	enum agreed agrees;
	bool complete, panic, more;
} cases[] = {
	{ "allocating", "CONSTRAINT_NONE", "hog", "hog", YES, true, false, false },
	{ "cpuset", "CONSTRAINT_CPUSET", "hog", "hog", YES, true, false, false },
	{ "group-kill", "CONSTRAINT_MEMCG", "hog", "hog one two", YES, true, false, false },
	{ "hostile-names", "CONSTRAINT_MEMCG", "\xc3\xa9\xc3\xbf \\n(", "x) total-vm:1kB", YES, true, false, true },
	{ "memcg-v1", "CONSTRAINT_MEMCG", "hog", "big", YES, true, false, true },
	{ "memcg-v2", "CONSTRAINT_MEMCG", "hog", "big", YES, true, false, true },
	{ "memory-policy", "CONSTRAINT_MEMORY_POLICY", "hog", "hog", YES, true, false, false },
	{ "no-killable", NULL, "hog", "", OPEN, true, true, false },
	{ "no-table", "CONSTRAINT_MEMCG", "hog", "hog", OPEN, false, false, false },
	{ "none", "CONSTRAINT_NONE", NULL, "big", YES, true, false, true },
	{ "panic-1", NULL, NULL, "", OPEN, true, true, false },
	{ "panic-2", NULL, "hog", "", OPEN, true, true, false },
	{ "storm", "CONSTRAINT_NONE", NULL, "t14 t13 t12 t11 t10 t9 t8 t7 t6 t5 t4 t3 t2 t1", OPEN, false, false,
	  false },
	{ "swap", "CONSTRAINT_NONE", NULL, "big", YES, true, false, true },
	{ "sysrq", "CONSTRAINT_NONE", NULL, "big", YES, true, false, false },
};

static const struct expected *expected_of(const char *path)
{
	CLEANUP_FREE char *copy = xstrdup(path);
	const char *name = basename(copy);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (starts_with(name, cases[i].name) && streq(name + strlen(cases[i].name), ".log"))
			return &cases[i];
	ck_abort_msg("%s: no such case is known here", path);
	return NULL;
}

static json_t *explain_file(const char *path)
{
	size_t len;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 1 << 20, &len);
	ck_assert_msg(text != NULL, "%s can't be read", path);
	return explained(path, text, len, NULL);
}

static const char *text_at(const json_t *o, const char *a, const char *b)
{
	const json_t *v = json_object_get(o, a);
	return json_string_value(b ? json_object_get(v, b) : v);
}

/* The comms of all Killed lines, with blanks between; one that is killed again (a group kill passes its victim twice)
 * once. */
static char *killed_of(const json_t *all)
{
	char *names = xstrdup("");
	size_t i, k;
	json_t *r, *killed, *seen = json_object();
	json_array_foreach(all, i, r)
		json_array_foreach(json_object_get(r, "killed"), k, killed) {
			CLEANUP_FREE char *pid = json_dumps(json_object_get(killed, "pid"), JSON_ENCODE_ANY);
			if (json_object_get(seen, pid))
				continue;
			json_object_set_new(seen, pid, json_true());
			char *longer = xasprintf("%s%s%s", names, *names ? " " : "",
						 json_string_value(json_object_get(killed, "comm")));
			free(names);
			names = longer;
		}
	json_decref(seen);
	return names;
}

static void check_report(const char *path, const struct expected *e, const json_t *r)
{
	const json_t *agrees = json_object_get(r, "agrees");
	if (e->constraint)
		ck_assert_msg(streq(text_at(r, "constraint", NULL), e->constraint), "%s: %s", path,
			      text_at(r, "constraint", NULL));
	if (e->trigger)
		ck_assert_msg(streq(text_at(r, "trigger", "comm"), e->trigger), "%s: %s asked", path,
			      text_at(r, "trigger", "comm"));
	ck_assert_msg(e->agrees == YES ? json_is_true(agrees) : json_is_null(agrees),
		      "%s: agrees is not as expected: %s", path, text_at(r, "why", NULL));
	ck_assert_msg(json_is_true(json_object_get(r, "complete")) == e->complete, "%s: complete?", path);
	ck_assert_msg(json_is_true(json_object_get(r, "panic")) == e->panic, "%s: panic?", path);
	if (e->agrees == YES)
		ck_assert_int_eq(json_integer_value(json_object_get(r, "page_size")), 4096);
	if (e->agrees == YES)
		ck_assert_uint_gt(json_array_size(json_object_get(r, "tasks")), 0);
	if (streq(e->name, "sysrq"))
		ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(r, "trigger"), "order")), -1);
	if (starts_with(e->name, "memcg-")) {
		const char *oom = text_at(r, "memcg", "oom"), *task = text_at(r, "memcg", "task");
		ck_assert_msg(strstr(oom, "/box") && streq(strstr(oom, "/box"), "/box"), "%s: %s", path, oom);
		ck_assert_msg(strstr(task, "/box/inner") != NULL, "%s: %s", path, task);
		ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(r, "memcg"), "limit_kb")),
				 48 << 10);
	}
}

START_TEST(recorded)
{
	glob_t found;
	ck_assert_msg(glob("runner/tests/reports/*/*.log", 0, NULL, &found) == 0, "no recorded reports");
	ck_assert_uint_gt(found.gl_pathc, 20);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		const struct expected *e = expected_of(path);
		json_t *all = explain_file(path);
		CLEANUP_FREE char *killed = killed_of(all);
		ck_assert_msg(json_array_size(all) >= 1, "%s: no report", path);
		ck_assert_msg(e->more ? starts_with(killed, e->killed) : streq(killed, e->killed), "%s: killed %s",
			      path, killed);
		if (!e->more && !streq(e->name, "storm"))
			ck_assert_msg(json_array_size(all) == 1, "%s: %zu reports", path, json_array_size(all));
		if (streq(e->name, "storm"))	/* the last have nothing but their Killed lines */
			ck_assert_msg(json_array_size(all) == 14, "%s: %zu reports", path, json_array_size(all));
		check_report(path, e, json_array_get(all, 0));
		for (size_t n = 0; n < json_array_size(all); n++)
			ck_assert_msg(!json_is_false(json_object_get(json_array_get(all, n), "agrees")),
				      "%s: report %zu", path, n);
		json_decref(all);
	}
	globfree(&found);
}
END_TEST

TESTS("explain-recorded", recorded)
