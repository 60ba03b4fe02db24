// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plans, whole, against runner/tests/cases/plan-*.json. With REFRESH=1 in the environment the files are written instead:
 * read the difference before it is committed.
 */
#include <check.h>

#include "base/util.h"
#include "case/case.h"
#include "case/files.h"
#include "case/plan.h"
#include "tests/harness.h"

static void compare(json_t *plan, const char *path)
{
	CLEANUP_FREE char *text = json_dumps(plan, JSON_INDENT(2));
	if (getenv("REFRESH")) {
		FILE *f = fopen(path, "we");
		ck_assert(f && fprintf(f, "%s\n", text) > 0 && fclose(f) == 0);
	}
	json_error_t err;
	json_t *golden = json_load_file(path, 0, &err);
	ck_assert_msg(golden != NULL, "%s:%d: %s", path, err.line, err.text);
	bool same = json_equal(plan, golden);
	if (!same) {
		printf("%s\n", text);	/* too long for a message of Check */
		fflush(stdout);
	}
	ck_assert_msg(same, "the plan is not that of %s; REFRESH=1 shows the difference in git", path);
	json_decref(golden);
}

START_TEST(golden)
{
	struct error err = { 0 };
	struct test_list l = { 0 };
	struct case_file *c = case_load("runner/tests/cases/plan.yaml", &err);
	ck_assert_msg(c && case_expand(c, NULL, &l, &err) == 0, "%s", err.text);
	static const char *const paths[] = { "runner/tests/cases/plan-v1.json", "runner/tests/cases/plan-v2.json" };
	ck_assert_uint_eq(l.n, 2);
	for (size_t i = 0; i < 2; i++) {
		json_t *plan = plan_make(l.tests[i], "oomtests-7", 2.0);
		compare(plan, paths[i]);
		json_decref(plan);
	}
	test_list_free(&l);
	case_free(c);
}
END_TEST

/* A test's deadline is that of all its steps, scaled, and some for the scene. */
START_TEST(deadline)
{
	json_t *plan = json_pack("{s:f, s:[{s:i}, {s:i}, {}]}", "scale", 2.0, "steps", "deadline_ms", 10000, "deadline_ms", 5000);
	ck_assert_int_eq(plan_deadline_ms(plan), 2 * (10000 + 5000 + 1000 + 60000));
	json_decref(plan);
}
END_TEST

/* Where the snapshot "before" stands: ahead of the first step that surely asks for memory. */
START_TEST(snapshots)
{
	static const struct {
		const char *steps, *ops;
	} rows[] = {
		{ "[{fill: [t]}, {grow: t}, {expect: {}}]", "begin fill before-0 grow await settle ping after-0 " },
		{ "[{fill: [t]}, {call: {task: t, what: mmap 4M}}, {call: {task: t, what: fault}}, {expect: {}}]",
		  "begin fill call before-0 call settle ping after-0 " },
		{ "[{fill: [t]}, {call: {task: t, what: mmap 4M locked}}, {call: {task: t, what: fault}}, {expect: {}}]",
		  "begin fill before-0 call call settle ping after-0 " },
		{ "[{fill: [t]}, {call: {task: t, what: fork}}, {expect: {}}]", "begin fill before-0 call settle ping after-0 " },
		{ "[{fill: [t]}, {set: {cgroup: b, file: memory.oom.group, value: 1}}, {set: {cgroup: b, file: memory.max, value: 1M}}, "
		  "{expect: {}}]", "begin fill write before-0 write settle ping after-0 " },
		{ "[{fill: [t]}, {write: {path: /proc/sys/vm/x, value: 1}}, {write: {path: /x, value: 1}}, {expect: {}}]",
		  "begin fill write before-0 write settle ping after-0 " },
		{ "[{fill: [t]}, {expect: {}}, {fill: [t]}, {grow: t}, {expect: {}}, {grow: t}, {grow: t}, {expect: {}}]",
		  "begin before-0 fill settle ping after-0 fill before-1 grow await settle ping after-1 before-2 grow grow await await "
		  "settle ping after-2 " },
		{ "[{fill: [t]}, {score: [t]}]", "begin fill score " },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_FREE char *text = xasprintf("title: x\ncgroups: [{name: b, limit: 8M}]\ntasks: [{name: t, cgroup: b}]\nsteps: %s\n",
						    rows[i].steps);
		struct error err = { 0 };
		struct test_list l = { 0 };
		struct case_file *c = case_parse("t.yaml", text, strlen(text), &err);
		ck_assert_msg(c && case_expand(c, NULL, &l, &err) == 0, "%s", err.text);
		json_t *plan = plan_make(l.tests[0], "oomtests-1", 1), *step;
		char ops[400] = "";
		size_t j;
		json_array_foreach(json_object_get(plan, "steps"), j, step) {
			const char *label = json_string_value(json_object_get(step, "label"));
			const char *op = label ? label : json_string_value(json_object_get(step, "op"));
			snprintf(ops + strlen(ops), sizeof(ops) - strlen(ops), "%s ", op);
		}
		ck_assert_str_eq(ops, rows[i].ops);
		json_decref(plan);
		test_list_free(&l);
		case_free(c);
	}
}
END_TEST

/* What a kernel may be built without is a need, said or not. */
START_TEST(options)
{
	static const struct {
		const char *task, *steps, *paths;
	} rows[] = {
		{ "", "", "" },
		{ ", args: thp=1", "", "/sys/kernel/mm/transparent_hugepage/enabled " },
		{ ", args: thp=0", "", "" },
		{ ", args: mbind=1", "", "/proc/self/numa_maps " },
		{ ", kind: shm", "", "/proc/sysvipc/shm " },
		{ ", kind: posixshm", "", "" },
		{ "", "{sysrq: f}, ", "/proc/sysrq-trigger " },
		{ "", "{write: {path: /proc/sys/vm/x, value: 1}}, ", "/proc/sys/vm/x " },
		{ "", "{write: {path: /proc/sys/vm/x, value: 1}, result: ENOENT}, ", "" },
		{ "", "{write: {path: /proc/1/x, value: 1}}, ", "" },	/* a process's, or what a mount brings: no option */
		{ "", "{call: {task: t, what: userns}}, ", "/proc/self/ns/user " },
		{ "", "{call: {task: t, what: unlink /userns}}, ", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_FREE char *text = xasprintf("title: x\ncgroups: [{name: b, limit: 8M}]\ntasks: [{name: t, cgroup: b%s}]\n"
						    "steps: [{fill: [t]}, %s{expect: {}}]\n", rows[i].task, rows[i].steps);
		struct error err = { 0 };
		struct test_list l = { 0 };
		struct case_file *c = case_parse("t.yaml", text, strlen(text), &err);
		ck_assert_msg(c && case_expand(c, NULL, &l, &err) == 0, "%s", err.text);
		json_t *plan = plan_make(l.tests[0], "oomtests-1", 1), *need;
		char paths[400] = "";
		size_t j;
		json_array_foreach(json_object_get(plan, "needs"), j, need)
			if (streq(json_string_value(json_object_get(need, "kind")), "path"))
				snprintf(paths + strlen(paths), sizeof(paths) - strlen(paths), "%s ",
					 json_string_value(json_object_get(need, "text")));
		ck_assert_msg(streq(paths, rows[i].paths), "row %zu: %s", i, paths);
		json_decref(plan);
		test_list_free(&l);
		case_free(c);
	}
}
END_TEST

START_TEST(names_of_files)
{
	static const struct {
		const char *file, *field, *v1_file, *v1_field;
	} rows[] = {
		{ "memory.max", NULL, "memory.limit_in_bytes", NULL },
		{ "memory.current", NULL, "memory.usage_in_bytes", NULL },
		{ "memory.events", "oom_kill", "memory.oom_control", "oom_kill" },
		{ "memory.events", "oom", NULL, NULL },
		{ "memory.events", NULL, NULL, NULL },
		{ "memory.stat", "anon", "memory.stat", "total_rss" },
		{ "memory.stat", "pgsteal", "memory.stat", "pgsteal" },
		{ "memory.oom.group", NULL, NULL, NULL },
		{ "memory.failcnt", NULL, "memory.failcnt", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *file = NULL, *field = NULL, *why = NULL;
		bool there = cgroup_file_name(HIERARCHY_V1, rows[i].file, rows[i].field, &file, &field, &why);
		ck_assert_msg(there == (rows[i].v1_file != NULL), "%s", rows[i].file);
		if (there)
			ck_assert_msg(streq(file, rows[i].v1_file) && streq(field, rows[i].v1_field), "%s %s", file, field);
		else
			ck_assert_ptr_nonnull(why);
	}
	const char *why = NULL;
	ck_assert(!cgroup_file_name(HIERARCHY_V2, "memory.failcnt", NULL, NULL, NULL, &why) && why);
	ck_assert(cgroup_file_name(HIERARCHY_V2, "memory.events", "oom", NULL, NULL, NULL));
}
END_TEST

TESTS("case_plan", golden, deadline, snapshots, options, names_of_files)
