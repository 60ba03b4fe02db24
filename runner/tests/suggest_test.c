// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include "base/suggest.h"
#include "base/util.h"
#include "tests/harness.h"

START_TEST(words)
{
	static const char *const known[] = { "run", "list", "explain", "audit", "watch", "swap_limit", "limit" };
	static const struct {
		const char *word, *meant;
	} table[] = {
		{ "rnu", "run" },	{ "ru", "run" },	 { "rum", "run" },	{ "RUN", NULL },  { "Run", "run" },
		{ "lst", "list" },	{ "explian", "explain" }, { "explains", "explain" },
		{ "swaplimit", "swap_limit" }, { "swap-limit", "swap_limit" }, { "limits", "limit" },
		{ "", NULL },		{ "x", NULL },		 { "zebra", NULL },	{ "xyzxyz", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *got = suggest(table[i].word, known, ARRAY_SIZE(known));
		ck_assert_msg(streq(got, table[i].meant), "%s: %s", table[i].word, got ? got : "nothing");
	}
	char lengthy[200];
	memset(lengthy, 'a', sizeof(lengthy) - 1);
	lengthy[sizeof(lengthy) - 1] = '\0';
	const char *one = lengthy;
	ck_assert_ptr_null(suggest(lengthy, known, ARRAY_SIZE(known)));
	ck_assert_ptr_null(suggest("aaa", &one, 1));
	ck_assert_ptr_null(suggest("run", known, 0));
}
END_TEST

TESTS("suggest", words)
