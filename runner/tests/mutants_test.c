// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands beside the broken kernels of ci/mutants is true: tests that are tried first exist, and so do the kernels. */
#include <check.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>

#include "base/util.h"
#include "tests/catalogue.h"
#include "tests/harness.h"

#define MUTANTS "ci/mutants/"

static char *text_of(const char *name)
{
	CLEANUP_FREE char *path = xasprintf(MUTANTS "%s", name);
	char *text = read_whole_at(AT_FDCWD, path, 1 << 22, NULL);
	ck_assert_msg(text, "%s cannot be read", path);
	return text;
}

/* As `oomtests run` takes them: a test, a case, or a pattern. */
static bool any_test(const struct test_list *list, const char *pattern)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *id = list->tests[i]->id;
		CLEANUP_FREE char *name = strndup(id, strcspn(id, "["));
		if (streq(id, pattern) || streq(name, pattern) || fnmatch(pattern, id, 0) == 0)
			return true;
	}
	return false;
}

static bool any_patch(const char *pattern)
{
	glob_t found;
	CLEANUP_FREE char *path = xasprintf(MUTANTS "%s.patch", pattern);
	bool any = glob(path, 0, NULL, &found) == 0;
	globfree(&found);
	return any;
}

/* A pattern that fits no test would end a run of hours. */
START_TEST(first_tests_exist)
{
	struct test_list list = catalogue_tests(NULL);
	CLEANUP_FREE char *text = text_of("first.tsv");
	unsigned n = 0;
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t'), *in_row;
		if (*line == '#')
			continue;
		ck_assert_msg(tab, "first.tsv: \"%s\" is no row", line);
		*tab = '\0';
		ck_assert_msg(any_patch(line), "first.tsv: there is no %s", line);
		for (char *p = strtok_r(tab + 1, " ", &in_row); p; p = strtok_r(NULL, " ", &in_row), n++)
			ck_assert_msg(any_test(&list, p), "first.tsv: %s: no test is %s", line, p);
	}
	ck_assert_uint_gt(n, 1000);
	test_list_free(&list);
}
END_TEST

START_TEST(unseen_exist)
{
	CLEANUP_FREE char *text = text_of("unseen.tsv");
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t');
		if (*line == '#')
			continue;
		ck_assert_msg(tab && tab[1], "unseen.tsv: \"%s\" gives no reason", line);
		*tab = '\0';
		ck_assert_msg(any_patch(line), "unseen.tsv: there is no %s", line);
	}
}
END_TEST

TESTS("mutants", first_tests_exist, unseen_exist)
