/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a plan: one function per op, in one table (step.c). */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "agent/loop.h"
#include "base/error.h"

struct agent;
struct task;

/* A step carries out `step` and puts its extra members into `reply`. 0: done (timeouts are said in the reply),
 * -1: it could not be done. */
typedef int step_fn(struct agent *a, const json_t *step, json_t *reply, struct error *err);

/* Sends the step's message. STEP_GO_ON, or STEP_STOP when the plan must go to its end. */
enum step_result { STEP_GO_ON, STEP_STOP };
enum step_result step_run(struct agent *a, const json_t *step);

/* Helpers for the ops. */
struct task *step_task(struct agent *a, const json_t *step, struct error *err);
/* The file of a "path", or of "cgroup" and "file"; to be freed. */
char *step_file(struct agent *a, const json_t *step, struct error *err);
/* The text with the pids of those whose names stand in a "/proc/@NAME/" of it; to be freed. NULL: one was not started. */
char *step_names(struct agent *a, const char *text, struct error *err);
const char *step_text(const json_t *step, const char *key, struct error *err);	/* a required string */
int64_t step_deadline(const struct agent *a, const json_t *step);
/* Waits and says "timeout" in the reply. 0: done or timed out, -1: called off. */
int step_wait(struct agent *a, wait_fn *done, void *arg, const json_t *step, int tick_ms, json_t *reply,
	      struct error *err);

/* step_task.c */
step_fn op_start, op_fill, op_grow, op_await, op_call, op_ping, op_signal, op_move, op_score;
/* step_file.c */
step_fn op_write, op_read, op_poll, op_sysrq, op_freeze, op_thaw, op_rmdir;
/* step_host.c */
step_fn op_host;
/* step_quiet.c */
step_fn op_settle, op_snapshot;
