// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests merge: the parts of a run as one. */
#include <argp.h>

#include "base/util.h"
#include "cmd/cmd.h"
#include "results/merge.h"

enum { OPT_FORCE = 256 };

struct merge_args {
	const char *dir;
	bool force;
	char **runs;
	size_t n;
};

static const struct argp_option options[] = {
	{ "output", 'o', "DIR", 0, "Where the whole goes", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Write into DIR even when it is not empty", 0 },
	{ 0 },
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct merge_args *args = state->input;
	switch (key) {
	case 'o':
		args->dir = arg;
		return 0;
	case OPT_FORCE:
		args->force = true;
		return 0;
	case ARGP_KEY_ARGS:
		args->runs = state->argv + state->next;
		args->n = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (!args->dir || !*args->dir || !args->n)
			argp_error(state, "-o DIR and the directories of the parts are needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_opt,
	.args_doc = "-o DIR PART...",
	.doc = "Makes one run's directory of several: the parts of \"oomtests run --shard\", or runs on other kernels or of other "
	       "cases. No test may have a result in two of them.\v"
	       "Exit status as of the whole run: 0 all passed or skipped, 1 a test failed, 2 bad usage or input, 3 something was an "
	       "error, or a part is missing or not complete.",
};

static int tell(const struct merge_args *args, const struct merge_outcome *outcome)
{
	const struct tally *t = &outcome->tally;
	size_t have = t->passed + t->failed + t->skipped + t->errors + t->xfailed;
	printf("%u passed, %u failed, %u skipped, %u errors", t->passed, t->failed, t->skipped, t->errors);
	if (t->xfailed)
		printf(", %u failed as known", t->xfailed);
	if (have < outcome->planned)
		printf(", %zu not run", outcome->planned - have);
	printf(" in %s\n", args->dir);
	if (outcome->missing)
		complain(0, "part %s is missing", outcome->missing);
	if (t->failed)
		return STATUS_FAILED;
	return t->errors || outcome->missing || have < outcome->planned ? STATUS_ERROR : STATUS_OK;
}

int cmd_merge(int argc, char **argv)
{
	struct merge_args args = { 0 };
	struct error err = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	CLEANUP_FREE struct past_run **runs = xcalloc(args.n + 1, sizeof(*runs));
	size_t n = 0;
	while (n < args.n && (runs[n] = past_run_load(args.runs[n], &err)))
		n++;
	json_t *command = json_array();
	for (int i = 0; i < argc; i++)
		json_array_append_new(command, json_string(argv[i]));
	struct merge_outcome outcome = { .planned = 0 };
	int status;
	if (n < args.n || merge_runs((const struct past_run *const *)runs, n, args.dir, args.force, command, &outcome, &err) < 0)
		status = complain(STATUS_USAGE, "%s", err.text);
	else
		status = tell(&args, &outcome);
	free(outcome.missing);
	json_decref(command);
	for (size_t i = 0; i < n; i++)
		past_run_free(runs[i]);
	return status;
}
