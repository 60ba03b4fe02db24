/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test as steps for the agent (docs/agent-protocol.md).
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "case/test.h"

/* Returns a new object: the value of {"plan": …}. `root` is the name of the scene's root cgroup; `scale` is the factor
 * on every deadline. Each step has `src`, the index of the test's step it comes from (-1: none), and `episode`, the
 * number of `expect`s before it. Snapshots: "begin" before the first step, and around each expect K "before-K" (ahead of
 * the first step that can cause an OOM) and "after-K"; "commit-N" ahead of the commit that is step N of the test. */
json_t *plan_make(const struct test *t, const char *root, double scale);

/* The step of the episode that begins at the step `from` which its snapshot "before" goes ahead of: the first that surely can
 * start an OOM, else the first that may, else the first at all. -1: no expect follows. */
int plan_snapshot_step(const struct test *t, size_t from);

/* The expectation of a panic; NULL: none is due. */
const struct expectation *test_expected_panic(const struct test *t);

/* The longest a plan may take, in milliseconds: all its deadlines, scaled, and the agent's own start and clean-up. */
int64_t plan_deadline_ms(const json_t *plan);

/* How much of that is for the start, and for the end alone. */
int64_t plan_rest_ms(const json_t *plan);
