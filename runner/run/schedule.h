/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run: tests over templates and workers. One template per (kernel, shape), booted when its first test comes up and
 * released after its last; each boot and each test is a worker process (run/worker.h). Kernels take turns; within a kernel
 * the tests of one template go together, the longest first where that is known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "case/test.h"
#include "judge/record.h"
#include "output/keep.h"
#include "output/printer.h"
#include "target/target.h"

struct schedule_job {
	const struct kernel *kernel;
	const struct test *test;
	double seconds;			/* about how long it takes: longer ones start earlier; 0: not known */
	struct result *known;		/* an earlier run's: it is shown and counted, not run again; or NULL */
};

struct schedule_request {
	const struct target_ops *target;
	const struct schedule_job *jobs;
	size_t n_jobs;
	const char *agent, *load;	/* paths of the two programs */
	unsigned workers;		/* at most so many at once; at least 1 */
	uint64_t memory_budget;		/* bytes that machines may hold together; 0: no bound. One machine always may */
	double timeout_scale;		/* the user's factor on every deadline */
	bool destructive, fresh_boot;
	const char *const *collect;	/* files of the machine to keep with each test; NULL, or ended by NULL */
	bool fail_fast;			/* the first failed test ends the run */
	bool fail_needs;		/* pretend that every stated need is missing: proves that skips work */
	int verbose;
	struct printer *printer;
	struct keeper *keeper;
};

struct schedule_outcome {
	struct tally tally;
	double seconds;
	size_t not_run;			/* after an interruption, or a failure with fail_fast */
	int signal;			/* the first that ended it, or 0 */
	char keep_problem[1024];	/* the first result that could not be kept, or "" */
};

/* Runs all jobs and prints them. Returns 0, or -1 when the run could not be set up at all. SIGINT, SIGTERM or SIGHUP
 * (where it is not ignored) end it: nothing new is started, the workers are ended, what is done is printed. No process is left in any case. */
int schedule(const struct schedule_request *rq, struct schedule_outcome *outcome, struct error *err);

/* The exit status a run ends with: 0, 1, 3; 128 and the number of the signal that ended it. */
int schedule_status(const struct schedule_outcome *outcome);
