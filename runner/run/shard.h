/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A part of a run: the jobs are dealt out, the longest first, each to the part that has least to do so far. Whoever asks
 * for the same cases and kernels with the same oomtests gets the same parts, and each job is in one of them.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "run/schedule.h"

struct shard {
	unsigned i, of;		/* 1 to `of`; of == 0: no parts, all of it */
};

/* "2/4". */
int shard_parse(const char *text, struct shard *s, struct error *err);

/* Keeps the jobs of that part, in their order, and returns how many they are. */
size_t shard_pick(struct schedule_job *jobs, size_t n, struct shard s);
