// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/suggest.h"
#include "base/util.h"
#include "case/case.h"
#include "case/text.h"

static bool listed(char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (streq(words[i], word))
			return true;
	return false;
}

static bool has_all(const struct test *t, const char *const *tags, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!listed(t->tags, t->n_tags, tags[i]) && !listed(t->fixes, t->n_fixes, tags[i]))
			return false;
	return true;
}

/* None is left: because of a word that no test has, or only because none has all of them. */
static int none_has(const struct test_list *list, size_t from, const char *const *tags, size_t n, struct error *err)
{
	size_t n_words = 0;
	const char **words = NULL;
	for (size_t i = from; i < list->n; i++) {
		const struct test *t = list->tests[i];
		words = xrealloc(words, n_words + t->n_tags + t->n_fixes + 1, sizeof(*words));
		for (size_t j = 0; j < t->n_tags; j++)
			words[n_words++] = t->tags[j];
		for (size_t j = 0; j < t->n_fixes; j++)
			words[n_words++] = t->fixes[j];
	}
	char shown[320];
	error_set(err, 0, "no test has all of these tags together");
	for (size_t i = 0; i < n; i++) {
		if (listed((char *const *)(const void *)words, n_words, tags[i]))
			continue;
		const char *near = suggest(tags[i], words, n_words);
		error_set(err, 0, "no test has the tag \"%s\"; %s%s%s", show_text(shown, tags[i]),
			  near ? "did you mean \"" : "`oomtests list --json` shows them", near ? near : "", near ? "\"?" : "");
		break;
	}
	free(words);
	return -1;
}

int test_list_keep_tagged(struct test_list *list, size_t from, const char *const *tags, size_t n, struct error *err)
{
	size_t kept = from;
	bool any = n == 0;
	for (size_t i = from; i < list->n; i++)
		any |= has_all(list->tests[i], tags, n);
	if (!any)
		return none_has(list, from, tags, n, err);
	for (size_t i = from; i < list->n; i++) {
		if (has_all(list->tests[i], tags, n))
			list->tests[kept++] = list->tests[i];
		else
			test_free(list->tests[i]);
	}
	list->n = kept;
	return 0;
}
