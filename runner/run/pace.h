/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel tells of ten OOMs in five seconds at the most, and is silent about more (mm/oom_kill.c:oom_kill_process,
 * oom_rs: DEFAULT_RATELIMIT_BURST, DEFAULT_RATELIMIT_INTERVAL). In a machine of its own a test has that to itself; on a
 * machine in use all tests of the run share it, and must not begin faster.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "case/test.h"

#define PACE_REPORTS 10

/* Zeroed: nothing has been reported. A report that is due is taken as made when its test ends. */
struct pace {
	int running;			/* reports of tests at work */
	int n;
	int64_t free_ns[PACE_REPORTS];	/* when those of tests that have ended count no more, by now_ns() */
};

/* How many reports the test will bring, by its expectations; at most PACE_REPORTS. */
int pace_reports(const struct test *t);

/* May a test begin that brings so many? Those at work are at their end sooner or later; of others *wake_ns, if it is
 * later, becomes the time to ask again. */
bool pace_admits(struct pace *p, int reports, int64_t now_ns, int64_t *wake_ns);
void pace_begin(struct pace *p, int reports);
void pace_end(struct pace *p, int reports, int64_t now_ns);
