// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/adj.h"

#include <errno.h>

/* include/uapi/linux/oom.h */
#define OOM_DISABLE    (-17)
#define OOM_ADJUST_MAX 15

int model_write_adj(const struct era *era, struct model_adj *task, int64_t value, bool cap_sys_resource)
{
	if (value < ADJ_MIN || value > ADJ_MAX)
		return EINVAL;
	if (task->no_mm && era->adj_needs_mm)
		return EINVAL;
	if (value < task->adj_min && !cap_sys_resource)
		return EACCES;
	task->adj = (int)value;
	if (cap_sys_resource)
		task->adj_min = (int)value;
	return 0;
}

int model_write_oom_adj(const struct era *era, struct model_adj *task, int64_t value, bool cap_sys_resource)
{
	if (value < OOM_DISABLE || value > OOM_ADJUST_MAX)
		return EINVAL;
	if (task->no_mm && era->adj_needs_mm)
		return EINVAL;
	int adj = value == OOM_ADJUST_MAX ? ADJ_MAX : (int)value * ADJ_MAX / -OOM_DISABLE;
	/* unlike oom_score_adj: the present value is the floor, and the floor is not moved */
	if (adj < task->adj && !cap_sys_resource)
		return EACCES;
	task->adj = adj;
	return 0;
}

int model_read_oom_adj(const struct era *era, int adj)
{
	if (adj == ADJ_MAX)
		return OOM_ADJUST_MAX;
	int old = adj * -OOM_DISABLE / ADJ_MAX;
	return era->oom_adj_clamped && old > OOM_ADJUST_MAX ? OOM_ADJUST_MAX : old;
}

bool model_adj_copied(const struct era *era, const struct model_task *target, const struct model_task *other)
{
	if (!era->adj_shared_mm || target->in_vfork || other->in_vfork || other->init || other->kthread)
		return false;
	return target->mm > 0 && target->mm == other->mm && !target->no_mm && !other->no_mm;
}
