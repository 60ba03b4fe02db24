// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests list: the tests, one a line, with their needs. */
#include <argp.h>

#include "base/paths.h"
#include "base/printable.h"
#include "base/util.h"
#include "case/case.h"
#include "cmd/cmd.h"

struct list_args {
	bool json;
	const char *const *tags;	/* the array is owned */
	size_t n_tags;
	const char *const *cases;
	size_t n_cases;
};

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "JSON Lines: one object per test", 0 },
	{ "tag", 'T', "TAG", 0, "Only tests with this tag, like quick; repeated: with all of them", 0 },
	{ 0 },
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct list_args *args = state->input;
	switch (key) {
	case 'J':
		args->json = true;
		return 0;
	case 'T':
		words_add(&args->tags, &args->n_tags, arg);
		return 0;
	case ARGP_KEY_ARGS:
		args->cases = (const char *const *)(void *)(state->argv + state->next);
		args->n_cases = (size_t)(state->argc - state->next);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_opt,
	.args_doc = "[CASE-FILE|DIR|ID-GLOB]...",
	.doc = "The tests that \"oomtests run\" would run, one a line, with what each needs. Conditions on the kernel's version "
	       "are taken as on the newest one.",
};

static void print_line(const struct test *t)
{
	json_t *needs = test_needs(t), *need;
	size_t i;
	CLEANUP_FREE char *id = printable(t->id);
	fputs(id, stdout);
	json_array_foreach(needs, i, need)
		printf("%s%s", i ? ", " : "\t", json_string_value(need));
	putchar('\n');
	json_decref(needs);
}

static void print_json(const struct test *t)
{
	json_t *tags = json_array();
	for (size_t i = 0; i < t->n_tags; i++)
		json_array_append_new(tags, json_string(t->tags[i]));
	const struct shape *s = &t->shape;
	json_t *root = json_pack("{s:s s:s? s:s? s:o s:o s:b s:{s:I s:i s:i s:b}}", "id", t->id, "title", t->title,
				 "path", t->path, "tags", tags, "needs", test_needs(t), "dangerous", t->dangerous,
				 "machine", "memory", (json_int_t)s->memory, "cpus", s->cpus, "nodes", s->nodes,
				 "disk", s->disk);
	json_dumpf(root, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(root);
}

int cmd_list(int argc, char **argv)
{
	struct list_args args = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	struct error err = { 0 };
	CLEANUP_FREE char *cases_dir = find_cases(&err);
	if (!cases_dir && !args.n_cases)
		return complain(STATUS_ERROR, "%s", err.text);
	struct case_set *set = case_set_find(args.cases, args.n_cases, cases_dir, &err);
	struct test_list tests = { 0 };
	int status = STATUS_OK;
	if (!set || case_set_expand(set, NULL, &tests, &err) < 0 ||
	    test_list_keep_tagged(&tests, 0, args.tags, args.n_tags, &err) < 0)
		status = complain(STATUS_USAGE, "%s", err.text);
	for (size_t i = 0; i < tests.n && status == STATUS_OK; i++)
		(args.json ? print_json : print_line)(tests.tests[i]);
	test_list_free(&tests);
	case_set_free(set);
	free((void *)args.tags);
	return status;
}
