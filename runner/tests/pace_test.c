// SPDX-License-Identifier: GPL-2.0-or-later
/* No more reports than the kernel tells of. */
#include <check.h>

#include "base/util.h"
#include "run/pace.h"
#include "tests/harness.h"

#define S INT64_C(1000000000)

START_TEST(ten_in_five_seconds)
{
	struct pace p = { 0 };
	int64_t wake = 0;
	ck_assert(pace_admits(&p, 10, S, &wake));
	pace_begin(&p, 4);
	ck_assert(pace_admits(&p, 6, S, &wake));
	ck_assert(!pace_admits(&p, 7, S, &wake));
	ck_assert_int_eq(wake, 0);	/* the one at work has to end first */
	ck_assert(pace_admits(&p, 0, S, &wake));
	pace_end(&p, 4, 2 * S);
	ck_assert(pace_admits(&p, 6, 2 * S, &wake));
	ck_assert(!pace_admits(&p, 7, 2 * S, &wake));
	ck_assert_int_eq(wake, 7 * S);
	ck_assert(pace_admits(&p, 10, 7 * S, &wake));
}
END_TEST

/* The time is that at which enough of them count no more. */
START_TEST(one_after_the_other)
{
	struct pace p = { 0 };
	int64_t wake = 0;
	for (int i = 0; i < 10; i++) {
		pace_begin(&p, 1);
		pace_end(&p, 1, i * S / 10);
	}
	ck_assert(!pace_admits(&p, 1, S, &wake));
	ck_assert_int_eq(wake, 5 * S);
	ck_assert(!pace_admits(&p, 4, S, &wake));
	ck_assert_int_eq(wake, 5 * S + 3 * S / 10);
	ck_assert(!pace_admits(&p, 10, S, &wake));
	ck_assert_int_eq(wake, 5 * S + 9 * S / 10);
	ck_assert(pace_admits(&p, 10, wake, &wake));
	pace_begin(&p, 10);
	pace_begin(&p, 10);	/* more than is told: what is kept has bounds */
	pace_end(&p, 10, 10 * S);
	pace_end(&p, 10, 10 * S);
	ck_assert(!pace_admits(&p, 1, 14 * S, &wake));
	ck_assert(pace_admits(&p, 10, 15 * S, &wake));
}
END_TEST

TESTS("pace", ten_in_five_seconds, one_after_the_other)
