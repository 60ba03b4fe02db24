/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two runs, or a run and a baseline, held against each other: what fails that did not, what is mended, and where the
 * kernel decided or counted otherwise though both verdicts are the same.
 *
 * A comparison is a JSON object: `a`, `b` (paths), `kernels` (of both sides, where they are one each), `changes`, `same`
 * (how many tests are as they were) and `regressions`. A change has `test`, `change` (one of the words below), `regression`
 * (bool), `a` and `b` (verdicts; null where there is no such test), and as it applies `why`, `victims` {a, b}, `seen` (list
 * of what, a, b), `seconds` {a, b, usual} and `expected` (bool, of "no result": B was to run it).
 *
 *   new failure, new error	a regression
 *   fixed, no longer run, now run, verdict	verdicts that changed otherwise
 *   behaviour			same verdict, but the kernel did something else
 *   slower, faster		beyond the noise between the two, see results/timing.h
 *   new test, no result	in one of both only
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "results/load.h"

/* A new reference, or NULL with err set when the two have no test in common. */
json_t *compare_runs(const struct past_run *a, const struct past_run *b, struct error *err);

/* A table for people, `width` columns wide. */
void compare_print(FILE *out, const json_t *comparison, unsigned width);

/* Lines of JSON: a change each, and last the object without them. */
void compare_print_json(FILE *out, const json_t *comparison);

/* Markdown, for a mail or a pull request. */
void compare_print_markdown(FILE *out, const json_t *comparison);
