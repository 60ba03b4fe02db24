// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: a case file from anybody. Whatever it holds, loading, expanding and planning it must end with tests or
 * with one sentence that begins with the file's name.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/util.h"
#include "case/case.h"
#include "case/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sentence(const struct error *err)
{
	if (!starts_with(err->text, "fuzz.yaml:") || strpbrk(err->text, "\n\r"))
		abort();
}

static void plan_all(const struct test_list *list)
{
	for (size_t i = 0; i < list->n && i < 20; i++) {
		json_t *plan = plan_make(list->tests[i], "oomtests-1", 1.0);
		char *text = json_dumps(plan, JSON_COMPACT);
		if (!text || plan_deadline_ms(plan) <= 0)
			abort();
		free(text);
		json_decref(plan);
		json_decref(test_unmet_needs(list->tests[i], "5.10.0-1", false, "host"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const releases[] = { NULL, "4.19.0-1", "6.1.0-40-cloud-amd64" };
	struct error err = { 0 };
	struct case_file *c = case_parse("fuzz.yaml", (const char *)data, size, &err);
	if (!c)
		check_sentence(&err);
	for (size_t i = 0; c && i < ARRAY_SIZE(releases); i++) {
		struct test_list list = { 0 };
		if (case_expand(c, releases[i], &list, &err) < 0)
			check_sentence(&err);
		plan_all(&list);
		test_list_free(&list);
	}
	case_free(c);
	return 0;
}
