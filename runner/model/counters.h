/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which counters rise, and by how much, when the kernel acts on decisions. Ranges: where the kernel is exact min ==
 * max; where it is not, what it guarantees.
 *
 *	struct model_counters c;
 *	model_counters_init(&c, scene);
 *	model_counters_add(&c, era, scene, oom, &decision);	// for every decision of the episode
 *	… c.events[memcg].oom_kill.min …
 *	model_counters_free(&c);
 */
#pragma once

#include "model/model.h"

struct model_range {
	int64_t min, max;	/* max INT64_MAX: no upper bound */
};

/* Of one memcg. v1: oom_kill is that of memory.oom_control, max is memory.failcnt, the others stay 0. */
struct model_events {
	struct model_range oom, oom_kill, oom_group_kill, max;
};

struct model_counters {
	struct model_range vmstat_oom_kill;	/* /proc/vmstat */
	struct model_events *events;	/* by memcg: memory.events */
	struct model_events *local;	/* by memcg: memory.events.local */
	size_t n;		/* memcgs */
};

/* Nothing happened: all 0, but `max` of a memcg that has a limit may rise by any number (reclaim). */
void model_counters_init(struct model_counters *c, const struct model_scene *scene);

void model_counters_add(struct model_counters *c, const struct era *era, const struct model_scene *scene,
			const struct model_oom *oom, const struct model_decision *decision);

void model_counters_free(struct model_counters *c);

/* How often a charge reclaims in vain, and counts `max`, before it asks for a kill: 7 or 18. A lower bound of the
 * rise. */
int model_max_passes(const struct era *era);
