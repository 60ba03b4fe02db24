// SPDX-License-Identifier: GPL-2.0-or-later
/* docs/checks.md has a row for each check of the judge, and for nothing else. */
#include <fcntl.h>

#include "base/util.h"
#include "judge/checks.h"
#include "tests/harness.h"

START_TEST(every_check)
{
	CLEANUP_FREE char *doc = read_whole_at(AT_FDCWD, "docs/checks.md", 1 << 20, NULL);
	ck_assert_msg(doc, "docs/checks.md can't be read; run this from the top of the tree");
	size_t rows = 0;
	for (int id = CHECK_NONE + 1; id < CHECK_COUNT; id++) {
		CLEANUP_FREE char *row = xasprintf("\n| `%s` | ", check_name((enum check_id)id));
		ck_assert_msg(strstr(doc, row), "docs/checks.md has no row for \"%s\"", check_name((enum check_id)id));
	}
	for (const char *p = doc; (p = strstr(p, "\n| `")); p++)
		rows++;
	ck_assert_msg(rows == CHECK_COUNT - 1, "docs/checks.md has %zu rows, the judge %d checks", rows, CHECK_COUNT - 1);
}
END_TEST

TESTS("checks_doc", every_check)
