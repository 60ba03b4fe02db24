/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Baselines: what a kernel did, small enough to be committed and read in a diff. A file a kernel, a line a test
 * (results/summary.h), by id.
 */
#pragma once

#include <stdio.h>

#include "base/error.h"
#include "results/load.h"

/* Writes DIR/KERNEL.json for each kernel of a run. Tests that ended in an error are left out, and *left_out (may be NULL)
 * counts them: they say nothing of the kernel. A run that is not complete is refused. `told` (may be NULL) gets a line for each
 * file: written, or in place of an older one. */
int baseline_write(const struct past_run *run, const char *dir, size_t *left_out, FILE *told, struct error *err);

/* How long tests took on the kernels that have a baseline; opaque. */
struct durations;

/* All baselines in a directory; NULL or one that can't be read: none, and every test takes DURATION_UNKNOWN. */
struct durations *durations_load(const char *dir);

/* Seconds: of this kernel's baseline, else the longest of the others', else DURATION_UNKNOWN. */
#define DURATION_UNKNOWN 2.0
double durations_find(const struct durations *d, const char *kernel, const char *id);

void durations_free(struct durations *d);
