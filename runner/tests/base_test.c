// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include "base/bytes.h"
#include "tests/harness.h"

START_TEST(sizes)
{
	uint64_t n = 7;
	ck_assert_int_eq(parse_size("5M", &n, NULL), 0);
	ck_assert_uint_eq(n, 5 << 20);
	ck_assert_int_eq(parse_size("4096", &n, NULL), 0);
	ck_assert_uint_eq(n, 4096);
	ck_assert_int_eq(parse_size("2GiB", &n, NULL), 0);
	ck_assert_uint_eq(n, UINT64_C(2) << 30);
	n = 7;
	static const char *const bad[] = { "",     "M",	  "5.5", "-1",	 "+1", " 1",  "5Mb", "5 M",
					   "0x10", "5MM", "17T0", "18446744073709551616", "18014398509481984K" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err;
		ck_assert_msg(parse_size(bad[i], &n, &err) < 0, "\"%s\" was taken", bad[i]);
		ck_assert_uint_eq(n, 7);
	}
}
END_TEST

START_TEST(masks)
{
	uint64_t m = 7;
	char buf[256];
	ck_assert_int_eq(parse_mask("0-1,3\n", &m, NULL), 0);
	ck_assert_uint_eq(m, 0xb);
	ck_assert_str_eq(format_mask(m, buf), "0-1,3");
	ck_assert_str_eq(format_mask(0, buf), "");
	ck_assert_int_eq(parse_mask("", &m, NULL), 0);
	ck_assert_uint_eq(m, 0);
	m = 7;
	ck_assert(parse_mask("1-", &m, NULL) < 0);
	ck_assert(parse_mask("3-1", &m, NULL) < 0);
	ck_assert(parse_mask("64", &m, NULL) < 0);
	ck_assert(parse_mask("0,,1", &m, NULL) < 0);
	ck_assert_uint_eq(m, 7);
}
END_TEST

TESTS("base", sizes, masks)
