/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several runs that are parts of one, as one. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "judge/record.h"
#include "results/load.h"

struct merge_outcome {
	struct tally tally;
	size_t planned;		/* tests of all parts; more than have a result when a part is not complete */
	char *missing;		/* the parts (--shard) that are not among them, "2, 4"; or NULL. Malloced */
};

/* Writes a run's directory `dir` with all results and files of `runs`, sorted by kernel and id. Refuses what does not fit
 * together: two results of one test, other releases or cases under one name, other targets. `command` is what run.json
 * tells as the command. */
int merge_runs(const struct past_run *const *runs, size_t n, const char *dir, bool force, const json_t *command,
	       struct merge_outcome *outcome, struct error *err);
