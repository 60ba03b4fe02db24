// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests baseline: what a run has shown of its kernels, as files to commit. */
#include <argp.h>

#include "base/util.h"
#include "cmd/cmd.h"
#include "results/baseline.h"

struct baseline_args {
	const char *run, *dir;
};

static const struct argp_option options[] = {
	{ "output", 'o', "DIR", 0, "Write them into DIR (default: results/baseline)", 0 },
	{ 0 },
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct baseline_args *args = state->input;
	switch (key) {
	case 'o':
		args->dir = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->run)
			return ARGP_ERR_UNKNOWN;
		args->run = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->run)
			argp_error(state, "the directory of a run is needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_opt,
	.args_doc = "RUN",
	.doc = "Writes a baseline, KERNEL.json, for each kernel of a run (oomtests run -o RUN): verdicts, victims, and what the "
	       "kernel decided and counted. \"oomtests compare BASELINE RUN\" then tells what changed. An existing baseline of "
	       "that kernel is replaced.",
};

int cmd_baseline(int argc, char **argv)
{
	struct baseline_args args = { .dir = "results/baseline" };
	struct error err = { 0 };
	size_t left_out = 0;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	struct past_run *run = past_run_load(args.run, &err);
	int status = STATUS_OK;
	if (!run || baseline_write(run, args.dir, &left_out, stdout, &err) < 0)
		status = complain(STATUS_USAGE, "%s", err.text);
	else if (left_out)
		complain(0, "%zu test%s that ended in an error %s left out", left_out, left_out == 1 ? "" : "s",
			 left_out == 1 ? "is" : "are");
	past_run_free(run);
	return status;
}
