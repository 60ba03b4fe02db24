// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/harness.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static char top[] = "/tmp/oomtests-unit-XXXXXX";	/* the tests are forks of this program */

char *test_dir(char path[TEST_DIR_MAX])
{
	snprintf(path, TEST_DIR_MAX, "%s/XXXXXX", top);
	ck_assert_ptr_nonnull(mkdtemp(path));
	return path;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

int harness_main(const char *name, const TTest *const *tests, int n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	tcase_set_timeout(tcase, 60);
	for (int i = 0; i < n; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	if (!mkdtemp(top)) {
		perror(top);
		return EXIT_FAILURE;
	}
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
