/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A result as a JSON object: one line of `oomtests run --json`, of a run's results.jsonl, and of a baseline; and what a
 * worker hands to the runner. Members: id title kernel target verdict why checks victims predicted margin_pages seconds
 * kept. What is not known is null. `checks` are objects of name ok expected seen where; `victims` of task and pid.
 * Where the model made a prediction there is `ranking`: its candidates, the worst first, as task pid adj points possible.
 */
#pragma once

#include <jansson.h>

#include "base/error.h"
#include "judge/verdict.h"

/* A new reference. */
json_t *result_to_json(const struct result *r);

/* A new result, or NULL with err set. Other members are allowed and ignored. */
struct result *result_from_json(const json_t *root, struct error *err);

/* The verdict of that name: 0, or -1. */
int verdict_by_name(const char *name, enum verdict *v);

/* How many results had each verdict. */
struct tally {
	unsigned passed, failed, skipped, errors, xfailed;
};

void tally_add(struct tally *t, enum verdict v);

/* The summary object that ends `run --json`: passed failed skipped errors xfailed not_run seconds. `not_run`: tests that have
 * no result, for the run ended early. A new reference. */
json_t *tally_to_json(const struct tally *t, size_t not_run, double seconds);
