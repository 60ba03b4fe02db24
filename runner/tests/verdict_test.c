// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include "base/util.h"
#include "judge/record.h"
#include "judge/verdict.h"
#include "tests/harness.h"

START_TEST(names)
{
	ck_assert_str_eq(verdict_name(VERDICT_PASS), "pass");
	ck_assert_str_eq(verdict_name(VERDICT_FAIL), "fail");
	ck_assert_str_eq(verdict_name(VERDICT_SKIP), "skip");
	ck_assert_str_eq(verdict_name(VERDICT_ERROR), "error");
	ck_assert_str_eq(verdict_name(VERDICT_XFAIL), "xfail");
}
END_TEST

START_TEST(new_is_an_error)
{
	struct result *r = result_new("a/b", NULL, "k", "vm");
	ck_assert_int_eq(r->verdict, VERDICT_ERROR);
	ck_assert_ptr_null(r->why);
	ck_assert_ptr_null(r->title);
	result_say(r, VERDICT_PASS, "%s", "");
	ck_assert_int_eq(r->verdict, VERDICT_PASS);
	ck_assert_ptr_null(r->why);
	result_say(r, VERDICT_ERROR, "QEMU died: %d", 7);
	ck_assert_int_eq(r->verdict, VERDICT_ERROR);
	ck_assert_str_eq(r->why, "QEMU died: 7");
	result_free(r);
	result_free(NULL);
}
END_TEST

START_TEST(fail_stands)
{
	struct result *r = result_new("a/b", "t", "k", "vm");
	ck_assert(result_check(r, "victims", true, NULL, "big", "big"));
	result_say(r, VERDICT_FAIL, "%s", "");
	result_say(r, VERDICT_ERROR, "late");
	ck_assert_int_eq(r->verdict, VERDICT_ERROR);	/* nothing had failed */
	ck_assert(!result_check(r, "vmstat oom_kill", false, "c.yaml:3:1", "1", NULL));
	ck_assert_uint_eq(result_failed_checks(r), 1);
	ck_assert_uint_eq(r->n_checks, 2);
	ck_assert_str_eq(r->checks[1].seen, "");
	ck_assert_str_eq(r->checks[1].where, "c.yaml:3:1");
	result_say(r, VERDICT_FAIL, "%s", "");
	result_say(r, VERDICT_ERROR, "late");
	ck_assert_int_eq(r->verdict, VERDICT_FAIL);
	ck_assert_ptr_null(r->why);
	result_victim(r, "big", 77);
	ck_assert_uint_eq(r->n_victims, 1);
	ck_assert_int_eq(r->victims[0].pid, 77);
	result_free(r);
}
END_TEST

START_TEST(ranking_in_json)
{
	struct result *r = result_new("a/b", "t", "k", "vm");
	json_t *root = result_to_json(r);
	ck_assert_ptr_null(json_object_get(root, "ranking"));
	json_decref(root);
	char big[] = "big", hog[] = "h\xf6g";
	result_rank(r, &(struct ranked){ .task = big, .pid = 7, .adj = -5, .points = INT64_C(1) << 40, .possible = true });
	result_rank(r, &(struct ranked){ .task = hog, .pid = 8, .points = -1 });
	root = result_to_json(r);
	struct result *back = result_from_json(root, NULL);
	json_decref(root);
	ck_assert_uint_eq(back->n_ranking, 2);
	ck_assert_str_eq(back->ranking[0].task, "big");
	ck_assert_int_eq(back->ranking[0].adj, -5);
	ck_assert(back->ranking[0].points == INT64_C(1) << 40 && back->ranking[0].possible);
	ck_assert(back->ranking[1].points == -1 && back->ranking[1].pid == 8 && !back->ranking[1].possible);
	result_free(back);
	result_free(r);
}
END_TEST

TESTS("verdict", names, new_is_an_error, fail_stands, ranking_in_json)
