/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is chosen: the scan of mm/oom_kill.c:select_bad_process() and the sacrifice of a child, with everybody whom the
 * sizes' bounds and an unknown order leave possible. Private to the model.
 */
#pragma once

#include "model/model.h"

struct pick {
	bool aborted;		/* a victim in flight ended the scan */
	int chosen;		/* -1: nobody */
	int64_t points;
	int victim;		/* the chosen one or its child */
	int64_t victim_points;
	int runner_up;		/* -1: nobody */
	int64_t runner_up_points;
	size_t n_eligible;
	bool adj_counts;	/* some candidate's points depend on totalpages */
	const char *doubt;	/* "sizes", "order", or NULL: one victim is possible at most */
};

/* Marks the possible victims in possible[] (n_tasks, not cleared first). */
void model_pick(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
		enum constraint constraint, uint64_t totalpages, struct pick *pick, bool *possible);

/* The same for a task that is chosen already (vm.oom_kill_allocating_task). */
void model_pick_given(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
		      enum constraint constraint, uint64_t totalpages, int chosen, struct pick *pick, bool *possible);

/* May not be chosen, nor looked at further: outside of the domain, init, a kernel thread. */
bool model_out_of_domain(enum model_why why);

/* Is the era unsure of a behaviour that can change the choice in this scene? (decide.c) */
bool model_choice_is_unsure(const struct era *era, const struct model_scene *scene);
