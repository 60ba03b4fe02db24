/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OOM reports as the kernels of all eras print them, made from a scene: mm/oom_kill.c:dump_header(), dump_tasks(),
 * oom_kill_process(), mm/memcontrol.c:mem_cgroup_print_oom_info(), by version. And who is to be chosen, written down
 * again here from oom_badness() and select_bad_process() of each version, so that what recomputes a choice is not
 * tested by itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "model/era.h"

struct old_task {
	int pid, uid, adj;
	bool capable;		/* CAP_SYS_ADMIN in the first user namespace */
	int64_t vm, rss, swap, tables;	/* pages */
	char name[16];
};

struct old_scene {
	const char *release;
	struct era era;		/* of that release: which lines it prints */
	int page_size;
	bool memcg;
	int64_t totalram, total_swap;	/* pages; of a memcg its limit, and no swap */
	struct old_task tasks[40];	/* in order of the scan */
	int n;
};

/* The table has no oom_score_adj: before 2.6.36, where badness was another formula. */
bool old_is_ancient(const struct old_scene *s);

int64_t old_points(const struct old_scene *s, const struct old_task *t);	/* INT64_MIN: can't be chosen */

/* Index of the task that the kernel chooses, or -1. *margin: how many points the second has less. */
int old_choose(const struct old_scene *s, int64_t *margin);

/* The report with this task as the chosen one. */
void old_print(FILE *f, const struct old_scene *s, int chosen);
