// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests compare: what changed between two runs, or since a baseline. */
#include <argp.h>

#include "base/util.h"
#include "base/wrap.h"
#include "cmd/cmd.h"
#include "results/compare.h"

enum { OPT_JSON = 256, OPT_MARKDOWN, OPT_STRICT };

struct compare_args {
	const char *a, *b;
	bool json, markdown, strict;
};

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "Print JSON Lines", 0 },
	{ "markdown", OPT_MARKDOWN, NULL, 0, "Print Markdown, for a mail or a pull request", 0 },
	{ "strict", OPT_STRICT, NULL, 0, "Changed behaviour is a failure, too, and so is a test that is no longer run, or was to be run and has no "
	  "result", 0 },
	{ 0 },
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct compare_args *args = state->input;
	switch (key) {
	case OPT_JSON:
		args->json = true;
		return 0;
	case OPT_MARKDOWN:
		args->markdown = true;
		return 0;
	case OPT_STRICT:
		args->strict = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->b)
			return ARGP_ERR_UNKNOWN;
		*(args->a ? &args->b : &args->a) = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->b)
			argp_error(state, "compare what with what? Two arguments are needed");
		if (args->json && args->markdown)
			argp_error(state, "--json and --markdown exclude each other");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_opt,
	.args_doc = "A B",
	.doc = "What changed from A to B: directories of runs (oomtests run -o DIR; with several kernels also DIR/KERNEL), or "
	       "baselines.\v"
	       "Exit status: 1 when B has a new failure or a new error, else 0; 2 on bad usage or input.",
};

/* Does a change fail under --strict? Timing never does, nor a test that only one side has, unless B was to run it. */
static bool strict_change(const json_t *change)
{
	static const char *const words[] = { "behaviour", "verdict", "no longer run" };
	if (json_is_true(json_object_get(change, "expected")))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (streq(json_string_value(json_object_get(change, "change")), words[i]))
			return true;
	}
	return false;
}

static int status_of(const struct compare_args *args, const json_t *comparison)
{
	bool bad = json_integer_value(json_object_get(comparison, "regressions")) > 0;
	const json_t *c;
	size_t i;
	json_array_foreach(json_object_get(comparison, "changes"), i, c)
		bad = bad || (args->strict && strict_change(c));
	return bad ? STATUS_FAILED : STATUS_OK;
}

static void tell_unfinished(const struct past_run *p)
{
	if (!p->finished)
		complain(0, "%s is not complete: it has %zu of %zu results", p->path, json_array_size(p->results),
			 past_run_planned(p));
}

int cmd_compare(int argc, char **argv)
{
	struct compare_args args = { 0 };
	struct error err = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	struct past_run *a = past_run_load(args.a, &err), *b = a ? past_run_load(args.b, &err) : NULL;
	json_t *comparison = b ? compare_runs(a, b, &err) : NULL;
	int status;
	if (!comparison) {
		status = complain(STATUS_USAGE, "%s", err.text);
	} else {
		tell_unfinished(a);
		tell_unfinished(b);
		if (args.json)
			compare_print_json(stdout, comparison);
		else if (args.markdown)
			compare_print_markdown(stdout, comparison);
		else
			compare_print(stdout, comparison, terminal_width(stdout));
		status = status_of(&args, comparison);
	}
	json_decref(comparison);
	past_run_free(a);
	past_run_free(b);
	return status;
}
