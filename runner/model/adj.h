/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing and reading /proc/PID/oom_score_adj and the older oom_adj (fs/proc/base.c).
 */
#pragma once

#include "model/model.h"

struct model_adj {
	int adj;		/* oom_score_adj, inherited by fork, kept by exec */
	int adj_min;		/* down to here no capability is needed; starts as 0, inherited */
	bool no_mm;		/* a zombie or kernel thread */
};

/* Writes oom_score_adj. cap_sys_resource: of the writer, in the first user namespace.
 * Returns 0 and changes *task, or an errno (EINVAL, EACCES) and leaves it alone. */
int model_write_adj(const struct era *era, struct model_adj *task, int64_t value, bool cap_sys_resource);

/* The same for oom_adj, -17 to 15. */
int model_write_oom_adj(const struct era *era, struct model_adj *task, int64_t value, bool cap_sys_resource);

/* What oom_adj reads. On kernels where oom_adj_clamped is unsure, 16 may read as 15. */
int model_read_oom_adj(const struct era *era, int adj);

/* Does a write to `target` reach `other` too? */
bool model_adj_copied(const struct era *era, const struct model_task *target, const struct model_task *other);
