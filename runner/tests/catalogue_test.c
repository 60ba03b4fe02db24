// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * docs/catalogue.md tells of every case what its file says. `make catalogue` writes it again (by CATALOGUE_PRINT=1); this
 * holds the two together.
 */
#include <fcntl.h>

#include "base/util.h"
#include "tests/catalogue.h"
#include "tests/harness.h"

#define DOC "docs/catalogue.md"

static const struct {
	const char *family, *subject;
} families[] = {
	{ "counters", "What is counted, where, and how often" },
	{ "faults", "What goes wrong meanwhile" },
	{ "global", "The whole machine runs out of memory" },
	{ "lifecycle", "Victims between the signal and the end" },
	{ "log", "What the report says" },
	{ "memcg", "A limited cgroup runs out of memory" },
	{ "numa", "Some nodes run out of memory" },
	{ "overcommit", "What is promised, and what is refused" },
	{ "panic", "When the machine panics instead" },
	{ "protection", "Memory that is kept from reclaim" },
	{ "reclaim", "Nobody is killed while something can be reclaimed" },
	{ "score", "oom_score, oom_score_adj, and who may write it" },
	{ "selection", "Who is chosen, and who is not" },
};

static const char *subject_of(const char *family)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (streq(families[i].family, family))
			return families[i].subject;
	ck_abort_msg("cases/%s: a family without a subject in this file", family);
}

static void put_words(FILE *f, const char *before, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s`%s`", i ? ", " : before, words[i]);
}

/* Folded text of YAML ends with a newline. */
static int trimmed(const char *text)
{
	return (int)(strcspn(text, "\n"));
}

/* All tests of one case; titles and reasons are the same for all of them. */
static void put_case(FILE *f, const char *id, const struct test *t, size_t n)
{
	fprintf(f, "- [`%s`](../cases/%s.yaml): %s.", id, id, t->title);
	if (t->why && *t->why)
		fprintf(f, " %.*s", trimmed(t->why), t->why);
	put_words(f, " Kernel: ", t->source, t->n_source);
	put_words(f, "; fixed by ", t->fixes, t->n_fixes);
	fprintf(f, ". %zu test%s%s.\n", n, n == 1 ? "" : "s", t->dangerous ? ", in guests" : "");
}

static char *family_of(const char *id)
{
	return strndup(id, strcspn(id, "/"));
}

static char *catalogue(void)
{
	struct test_list tests = catalogue_tests(NULL);
	char *text = NULL;
	size_t len, n_cases = 0;
	FILE *f = open_memstream(&text, &len);
	CLEANUP_FREE char *family = xstrdup("");
	CLEANUP_FREE char *body = NULL;
	FILE *b = open_memstream(&body, &len);
	for (size_t i = 0, n; i < tests.n; i += n, n_cases++) {
		const struct test *t = tests.tests[i];
		CLEANUP_FREE char *id = strndup(t->id, strcspn(t->id, "["));
		CLEANUP_FREE char *here = family_of(id);
		for (n = 1; i + n < tests.n && streq(tests.tests[i + n]->path, t->path); n++)
			ck_assert_msg(streq(tests.tests[i + n]->title, t->title), "%s: a title that changes with an axis", t->path);
		if (!streq(here, family)) {
			fprintf(b, "\n## %s (`%s/`)\n\n", subject_of(here), here);
			free(family);
			family = TAKE_PTR(here);
		}
		put_case(b, id, t, n);
	}
	fclose(b);
	fprintf(f, "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n<!-- Written by `make catalogue` from the case files. -->\n"
		   "# The catalogue\n\n%zu cases, %zu tests. Each case shows that what stands behind its name is so, on every kernel "
		   "that has the rule.\n%s", n_cases, tests.n, body);
	fclose(f);
	test_list_free(&tests);
	return text;
}

START_TEST(is_current)
{
	CLEANUP_FREE char *want = catalogue();
	if (getenv("CATALOGUE_PRINT")) {
		FILE *f = fopen(DOC, "w");
		ck_assert_ptr_nonnull(f);
		fputs(want, f);
		ck_assert_int_eq(fclose(f), 0);
	}
	CLEANUP_FREE char *have = read_whole_at(AT_FDCWD, DOC, 1 << 20, NULL);
	ck_assert_msg(have != NULL, DOC " is missing: make catalogue");
	ck_assert_msg(streq(have, want), DOC " is not what the case files say: make catalogue");
}
END_TEST

START_TEST(by_tag)
{
	struct error err = { 0 };
	struct test_list tests = catalogue_tests(NULL);
	size_t all = tests.n;
	const char *quick = "quick", *both[] = { "quick", "9bfe5ded054b" }, *unknown = "quik", *never[] = { "quick", "7a1adfddaf0d" };
	ck_assert_int_eq(test_list_keep_tagged(&tests, 0, &unknown, 1, &err), -1);
	ck_assert_str_eq(err.text, "no test has the tag \"quik\"; did you mean \"quick\"?");
	ck_assert_int_eq(test_list_keep_tagged(&tests, 0, never, 2, &err), -1);
	ck_assert_str_eq(err.text, "no test has all of these tags together");
	ck_assert_int_eq(test_list_keep_tagged(&tests, 0, NULL, 0, &err), 0);
	ck_assert_uint_eq(tests.n, all);
	ck_assert_int_eq(test_list_keep_tagged(&tests, 1, &quick, 1, &err), 0);	/* the first is out of its reach */
	ck_assert(tests.n > 20 && tests.n < all);
	ck_assert_int_eq(test_list_keep_tagged(&tests, 0, both, 2, &err), 0);
	ck_assert_uint_eq(tests.n, 4);
	ck_assert(starts_with(tests.tests[0]->id, "memcg/largest-dies["));
	test_list_free(&tests);
}
END_TEST

TESTS("catalogue", is_current, by_tag)
