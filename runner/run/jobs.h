/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker does: prepare a template, or run a test and judge it; and what a test says that needs no machine.
 * Reports are JSON lines: {"hello":…} {"prepared":{"seconds"}} {"failed":{"why","unsupported"}} of a template,
 * {"result":…,"evidence":{"observation","plan","marks"} or null} of a test.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "output/keep.h"
#include "run/schedule.h"
#include "run/session.h"

struct template_task {
	const struct target_ops *target;
	struct target_template *template;
	const struct machine_request *machine;
};

/* For worker_start(): the context is a struct template_task. */
int template_work(void *context, int fd);

struct session_task {
	struct session_request session;
	const struct keeper *keeper;
};

/* For worker_start(): the context is a struct session_task. */
int test_work(void *context, int fd);

/* The needs that are known to be missing before any machine starts: a skip's sentences, malloced, or NULL. */
char *known_missing(const struct schedule_request *rq, const struct schedule_job *job);
