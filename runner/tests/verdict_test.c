// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include "base/util.h"
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

TESTS("verdict", names, new_is_an_error, fail_stands)
