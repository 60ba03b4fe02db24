/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenes for the model's tests, put together in few words. */
#pragma once

#include "model/model.h"

#define M(mib) ((int64_t)(mib) * 256)	/* MiB to pages of 4 KiB */
#define OUTSIDE (-1)

struct stage {
	struct era era;
	struct model_scene scene;
	struct model_task tasks[32];
	struct model_memcg memcgs[16];
	struct model_oom oom;
	struct model_decision d;
};

/* An empty scene on a machine of 512 MiB without swap, and a global OOM by a page fault. */
void stage_init(struct stage *s, const char *release);

/* Adds a task with so many anonymous pages. Returns its index. */
int stage_task(struct stage *s, const char *comm, int64_t pages, int adj, int memcg);

/* Adds a memcg. limit in pages, 0: none. Returns its index. */
int stage_memcg(struct stage *s, int parent, uint64_t limit);

/* Decides (again); returns the comm of the victim, "" without one. */
const char *stage_victim(struct stage *s);

/* "chosen a, group b, sharer c": the deaths of the last decision, in a static buffer. */
const char *stage_deaths(const struct stage *s);

/* "a b": the possible victims of the last decision, in a static buffer. */
const char *stage_possible(const struct stage *s);

void stage_end(struct stage *s);
