/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker: a forked process that does one thing and reports in JSON lines on a pipe. What crashes or hangs in it is
 * one job's error. It dies with the runner (PR_SET_PDEATHSIG), and has its own process group, so that a terminal's
 * Ctrl-C reaches the runner alone and worker and children can be ended together.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "run/lines.h"

struct worker {
	pid_t pid;		/* 0: none */
	int fd;			/* read end, non-blocking */
	struct lines lines;
	int64_t deadline_ns;	/* the runner's patience: beyond it the worker itself is taken to hang */
	bool overdue;		/* it was killed for that */
};

/* `work` runs in the child with the pipe's write end; its return is the exit status. `mask` is the signal mask the
 * child gets. */
int worker_start(struct worker *w, int (*work)(void *context, int fd), void *context, const sigset_t *mask,
		 int64_t patience_ns, struct error *err);

/* Ends it and its process group, at once. It still has to be reaped. */
void worker_kill(const struct worker *w);

/* After it was reaped: hands on what is left in the pipe and closes it. */
void worker_finish(struct worker *w, line_handler *handle, void *context);
