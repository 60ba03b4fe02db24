/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which durations differ by more than chance, from one measurement of each on either side.
 *
 * A slower machine, or a busier one, slows all tests alike: what counts is each test's ratio beside the median ratio. How
 * far ratios scatter by chance is measured on the two runs themselves, by the median distance from that median, which the
 * few tests that did change can't move. Durations have long tails, longer than a normal distribution's; an exponential
 * tail of that median is b = distance / ln 2, and a distance of b ln(n / 0.05) is then met by chance in one comparison of
 * twenty, whatever the number n of tests. Seconds are known to 0.1 only (baselines), which is added.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define TIMING_LEAST 8	/* below so many tests in common, nothing is said */

struct timing {
	double a, b;		/* in: seconds */
	double usual;		/* out: what b would be if this test had changed as most */
	bool changed;		/* out */
};

void timing_judge(struct timing *t, size_t n);
