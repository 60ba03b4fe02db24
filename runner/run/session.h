/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One test on one machine: start it, send the plan, gather all that comes until the end, the panic, the death or the
 * deadline, stop it. Whatever happens, the machine is gone when session_run() returns.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "case/test.h"
#include "judge/observation.h"
#include "target/target.h"

struct session_request {
	const struct target_ops *target;
	struct target_template *template;
	const struct machine_request *machine;
	const struct test *test;
	const char *hello;	/* the template's hello line; NULL: the machine says it itself (boot, host) */
	bool boot;		/* boot it, do not clone */
	const char *const *collect;	/* files to read at the end, for the steps; or NULL; NULL ends it */
	double scale;		/* factor on every deadline */
};

/* Seconds since the machine's start was asked for; negative: it did not come to that (but `zero` of a clone is
 * negative). Times of arrival at the runner. */
struct session_marks {
	double running;		/* the machine runs, the stream is there */
	double plan_sent;	/* the agent has the plan */
	double begun;		/* the agent has understood it */
	double first_step;
	double kill;		/* the first "Killed process" record */
	double end;		/* the end: of the plan, of the machine, of patience */
	double stopped;		/* the machine is gone */
	double begun_cpu, end_cpu;	/* processor time of the machine's process until then, and until the end */
	double zero;		/* when the machine's clock, a message's `t`, was 0; at the latest. NAN: unknown */
};

/* Never NULL: what went wrong is in fate and fate_text. *plan gets the plan that was made (a new reference). */
struct observation *session_run(const struct session_request *rq, json_t **plan, struct session_marks *marks);

/* For keeping: null for what did not happen. */
json_t *session_marks_to_json(const struct session_marks *marks);
