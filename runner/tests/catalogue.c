// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/catalogue.h"

#include <check.h>

struct test_list catalogue_tests(const char *release)
{
	struct error err = { 0 };
	struct test_list list = { 0 };
	struct case_set *set = case_set_find(NULL, 0, "cases", &err);
	ck_assert_msg(set, "%s (run this from the top of the tree)", err.text);
	ck_assert_msg(case_set_expand(set, release, &list, &err) == 0, "%s", err.text);
	case_set_free(set);
	ck_assert_uint_gt(list.n, 50);
	return list;
}
