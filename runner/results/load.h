/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run left behind, or a baseline: read, and checked as far as others will rely on it. A run that was cut short
 * is read as far as it came. Formats: docs/results.md.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define BASELINE_SCHEMA 1

struct past_run {
	char *path;		/* as the user named it */
	bool baseline;
	json_t *run;		/* run.json, with the kernels and tests of its subdirectories; of a baseline its head */
	json_t *results;	/* array: results as judge/record.h has them; of a baseline as results/summary.h has them */
	bool finished;		/* it came to its end: all summaries are there; always true of a baseline */
	double seconds;		/* what the summaries say it took; its kernels ran side by side, and each has the whole */
	bool cut;		/* a last line was half written and is left out */
};

/* NULL with err set when it is neither, can't be read, is of a newer schema, or holds what no oomtests writes. A run
 * without any result yet is none of these. */
struct past_run *past_run_load(const char *path, struct error *err);
void past_run_free(struct past_run *p);

/* How many tests it was to run; those of a baseline are those it has. */
size_t past_run_planned(const struct past_run *p);

/* It came to its end, and each of its tests has a result. */
bool past_run_complete(const struct past_run *p);

/* The result of that test, or NULL. Borrowed. */
const json_t *past_run_find(const struct past_run *p, const char *kernel, const char *id);

/* That test as run.json has it, or NULL. Borrowed. */
const json_t *past_run_test(const struct past_run *p, const char *kernel, const char *id);

/* Where the files of a result are, without suffix: DIR/[KERNEL/]ID. Malloced. */
char *past_run_base(const struct past_run *p, const json_t *result);
