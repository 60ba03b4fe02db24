// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include "base/util.h"
#include "case/case.h"
#include "tests/harness.h"

START_TEST(short_form)
{
	struct error err;
	struct case_file *c = case_load("runner/tests/cases/memcg/largest-dies.yaml", &err);
	ck_assert_msg(c != NULL, "%s", err.text);
	ck_assert_str_eq(case_id(c), "memcg/largest-dies");
	struct test_list list = { 0 };
	ck_assert_msg(case_expand(c, "6.1.0-40-cloud-amd64", &list, &err) == 0, "%s", err.text);
	case_free(c);	/* the tests stand on their own */
	ck_assert_uint_eq(list.n, 4);
	ck_assert_str_eq(list.tests[0]->id, "memcg/largest-dies[cgroup=v1,swap=none]");
	ck_assert_str_eq(list.tests[1]->id, "memcg/largest-dies[cgroup=v1,swap=disk]");
	ck_assert_str_eq(list.tests[3]->id, "memcg/largest-dies[cgroup=v2,swap=disk]");
	const struct test *t = list.tests[0];
	ck_assert_int_eq(t->hierarchy, HIERARCHY_V1);
	ck_assert_uint_eq(t->n_steps, 3);
	ck_assert_int_eq(t->steps[0].op, STEP_FILL);
	ck_assert_uint_eq(t->steps[0].n_tasks, 3);
	ck_assert_int_eq(t->steps[1].op, STEP_GROW);
	ck_assert_uint_eq(t->steps[1].bytes, 50 << 20);
	ck_assert_uint_eq(t->steps[1].step_bytes, 1 << 20);
	const struct expectation *e = t->steps[2].expect;
	ck_assert_uint_eq(e->n_victims, 1);
	ck_assert_str_eq(e->victims[0], "big");
	ck_assert_int_eq(e->memcg, 0);
	ck_assert_str_eq(e->trigger, "hog");
	ck_assert_int_eq(e->where.line, 19);
	ck_assert_int_eq(e->where.column, 5);
	ck_assert(!t->dangerous);
	ck_assert(list.tests[1]->dangerous);	/* swap is of the machine */
	test_list_free(&list);
}
END_TEST

TESTS("case_load", short_form)
