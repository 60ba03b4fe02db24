/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of a unit-test program: TESTS("name", test1, test2, ...) at the end of a *_test.c registers every test and
 * defines main(). A START_TEST that is not listed is a compile error (unused static), so none is silently not run.
 */
#pragma once

#include <check.h>

#define TEST_DIR_MAX 64

/* Makes a new directory, which goes with all that is in it when the program ends, however the test did. Its path. */
char *test_dir(char path[TEST_DIR_MAX]);

int harness_main(const char *name, const TTest *const *tests, int n);

#define TESTS(name, ...)                                                                     \
	int main(void)                                                                       \
	{                                                                                    \
		const TTest *const tests_[] = { __VA_ARGS__ };                               \
		return harness_main(name, tests_, (int)(sizeof(tests_) / sizeof(tests_[0]))); \
	}
