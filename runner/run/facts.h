/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.json: what a run is, before it starts: what was asked for, where it runs, which tests on which kernels. Enough to
 * go on with it, and for a reader to tell two runs apart. Members: docs/results.md.
 */
#pragma once

#include <jansson.h>

#include "run/schedule.h"

struct facts_request {
	int argc;
	char **argv;			/* the command line; of `oomtests run` from "oomtests run" on */
	const struct target_ops *target;
	const json_t *asked;		/* what of the command line another start needs, see cmd/run.c */
	const struct kernel *kernels;
	size_t n_kernels;
	const struct schedule_job *jobs;
	size_t n_jobs;
};

/* A new reference. */
json_t *run_facts_new(const struct facts_request *rq);

/* What tells whether a test's case file is what it was. Malloced. */
char *test_mark(const struct test *test);
