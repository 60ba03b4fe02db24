/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A result in short: what the kernel decided and counted, and nothing that another run of the same kernel would have
 * otherwise. It is what two runs are compared by, and a test's line in a baseline.
 */
#pragma once

#include <jansson.h>

#include "base/error.h"

/* A new object: id, verdict, why (not of a pass or a skip), victims (names of tasks), seconds, and seen: what the checks
 * saw, by their names. `seen` leaves out sizes and pids, what is judged by a range, and what is as it mostly is (a counter
 * that did not rise, nobody, none). `overkill` is there, and true, where more died than the case states and the rules leave that
 * to chance: the victims are without them then, and what was seen has much that follows from them. `result` is as judge/record.h
 * has it. */
json_t *summary_of(const json_t *result);

/* Is it such an object? */
int summary_check(const json_t *summary, struct error *err);
