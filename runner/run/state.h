/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a run, and the choice of what to start next. Internal to run/: schedule.c is its user.
 */
#pragma once

#include <jansson.h>
#include <poll.h>
#include <signal.h>

#include "run/pace.h"
#include "run/schedule.h"
#include "run/worker.h"

enum template_state { TEMPLATE_WANTED, TEMPLATE_BOOTING, TEMPLATE_READY, TEMPLATE_FAILED };

struct run_template {
	struct machine_request request;
	enum template_state state;
	struct target_template *held;	/* NULL before reserve() and after release() */
	char *hello;
	double boot_seconds;
	size_t waiting;			/* jobs that still need it */
};

enum job_state { JOB_PENDING, JOB_RUNNING, JOB_DONE };

struct run_job {
	const struct schedule_job *what;
	struct run_template *template;	/* NULL: skipped before any was made */
	enum job_state state;
	struct result *result;		/* NULL until done; owned unless it is what->known */
};

struct slot {			/* room for one worker */
	struct worker worker;
	struct run_template *template;
	struct run_job *job;	/* NULL: boots the template */
	int64_t started_ns;
	int reports;		/* as pace_begin() was told */
	char *hello;
	json_t *report;
	bool closed;		/* its pipe is at its end */
};

struct run {
	const struct schedule_request *rq;
	struct schedule_outcome *outcome;
	struct run_job *jobs;
	size_t n_jobs;
	struct run_template **templates;
	size_t n_templates;
	struct slot *slots;	/* rq->workers of them */
	struct pollfd *fds;	/* and one more */
	int signal_fd;
	sigset_t old_mask;
	int stopping;		/* how many times we were told to stop, by a signal or the first failure */
	int signal;		/* the first that told us, or 0 */
	int64_t end_by_ns;
	struct pace pace;	/* of a machine in use */
	int64_t pace_ns;	/* when a test may begin for which it was too early; 0: none waits for that */
	const struct kernel *last_kernel;	/* whose turn it was */
	size_t done;
};

struct choice {			/* at most one of both */
	struct run_template *template;
	struct run_job *job;
};

void run_make_jobs(struct run *run);

/* One template per kernel and shape of the jobs that are still pending, and the jobs put in order. */
void run_make_templates(struct run *run);

/* What to start next: for the kernel whose turn it is, a test whose template is ready, else a template that a test waits
 * for. Nothing when all that is left waits, or when another machine would go beyond the memory budget. */
struct choice run_choose(struct run *run);

void run_release(struct run *run);
