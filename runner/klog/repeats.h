/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log that has a report twice: a mail's text and its page, the output of a command and its lines. The kernel's stamps tell:
 * no two OOMs begin in the same microsecond and kill the same process in the same one, nor end there without one.
 */
#pragma once

#include "klog/klog.h"

#define REPEATS_APART 64	/* reports between the first and the second telling, at most */

struct repeats {
	struct told_report {
		int64_t first, end, pid;
		size_t rows, kills;
		uint32_t names;
	} told[REPEATS_APART];
	unsigned n;
};

/* Was just this report told before? Otherwise it is from now on. */
bool repeats_seen(struct repeats *s, const struct oom_report *r);
