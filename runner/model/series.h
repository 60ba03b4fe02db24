/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who dies one after another if the same OOM comes again and again: each time all that died are gone, and nothing
 * else has changed. Exact for what stands in the scene; what the deaths set free may of course end it at any step.
 */
#pragma once

#include "model/model.h"

struct model_step {
	int victim;		/* index; the chosen task, or the child that dies in its place */
	int64_t points;		/* of the chosen one */
	int runner_up;		/* who is chosen if that one were not there, or -1 */
	int64_t runner_up_points;
	bool certain;		/* under the sizes' bounds and all that is unsure nobody else can be the victim */
	const char *doubt;	/* why not, as in struct model_decision; NULL when certain */
	int group;		/* memcg whose tasks all die, or -1 */
	struct model_death *deaths;	/* the victim first; owned */
	size_t n_deaths;
};

struct model_series {
	struct model_step *steps;	/* owned */
	size_t n;
	bool all;		/* nobody can be killed after the last step; else `most` was reached */
	enum model_outcome end;	/* what comes then: OUTCOME_PANIC or OUTCOME_NOBODY; meaningless without `all` */
	const char *panic;	/* static, or NULL */
};

/* At most `most` steps. Does not read the machine's panic_on_oom and kill_allocating_task: with them there is no
 * series. n log n in the number of tasks, where the era is certain and has no child sacrifice; else n for each step. */
void model_series(const struct era *era, const struct model_scene *scene, const struct model_oom *oom, size_t most,
		  struct model_series *series);
void model_series_free(struct model_series *series);
