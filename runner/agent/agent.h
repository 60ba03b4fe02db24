/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oomagent: the hands and eyes on the machine under test. It executes one plan and reports what it saw; it judges
 * nothing (docs/agent-protocol.md). This is its whole state, passed to everybody.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/cgroup.h"
#include "agent/journal.h"
#include "agent/kmsg.h"
#include "agent/loop.h"
#include "agent/task.h"
#include "agent/timeline.h"
#include "agent/wire.h"
#include "base/error.h"
#include "base/util.h"

#define DEFAULT_DEADLINE_MS 10000

struct agent {
	bool guest;		/* PID 1 of a throw-away machine */
	const char *load;	/* path of oomload */
	struct wire wire;
	struct loop loop;
	struct journal journal;
	struct kmsg kmsg;
	struct cgroups cgroups;
	struct tasks tasks;
	struct timeline timeline;
	int exits_fd;		/* of exits.c, or -1 */
	json_t *plan;		/* raw bytes in all strings */
	json_t *modules_failed;	/* hello's list; NULL on a host */
	double scale;		/* on every deadline */
	int step;		/* number of the step in work, -1 before and after */
	bool abort;		/* end of input or a signal: go to the clean-up */
	bool ending;		/* in the clean-up: abort counts no more */
	bool served;		/* a plan was understood and carried out: a guest has done its work */
};

/* CLOCK_MONOTONIC now in microseconds, as a JSON number. */
json_t *json_now(void);

/* "EBUSY", or null for 0. */
json_t *json_errno(int errnum);

/* now + ms * plan's scale, for loop_wait(). */
int64_t deadline_in(const struct agent *a, double ms);

/* Sends {"note": text}. */
void note(struct agent *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
