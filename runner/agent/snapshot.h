/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the machine in one message: memory, tasks, cgroups. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct agent;
struct task;

/* Sends {"snapshot": …}. stat: memory.stat of the scene's cgroups too, which is long. */
void snapshot_send(struct agent *a, const char *label, bool stat);

/* oom_score, adj and sizes of one task, read back to back; NULL when it is gone. */
json_t *snapshot_score(const struct task *t);
