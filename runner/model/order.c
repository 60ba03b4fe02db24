// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order in which the kernel looks at tasks. All of them: init_task.tasks, in order of creation. Of a memcg:
 * mm/memcontrol.c:mem_cgroup_iter(), parents before children and siblings in order of creation; within each
 * kernel/cgroup/cgroup.c:css_task_iter_next(), css_sets in order of creation, their tasks in order of joining.
 */
#include "base/util.h"
#include "model/model.h"

/* Puts the position of each memcg in pre-order from `top` into rank[] (-1: not below it). Returns how many are
 * below. */
static int preorder(const struct model_scene *s, int top, int *rank)
{
	size_t n = s->n_memcgs;
	CLEANUP_FREE int *first = xcalloc(n, sizeof(*first));
	CLEANUP_FREE int *last = xcalloc(n, sizeof(*last));
	CLEANUP_FREE int *next = xcalloc(n, sizeof(*next));
	for (size_t i = 0; i < n; i++)
		first[i] = last[i] = next[i] = rank[i] = -1;
	for (size_t i = 0; i < n; i++) {
		int p = s->memcgs[i].parent;
		if (p < 0)
			continue;
		if (first[p] < 0)
			first[p] = (int)i;
		else
			next[last[p]] = (int)i;
		last[p] = (int)i;
	}
	int at = top, count = 0;
	while (at >= 0) {
		rank[at] = count++;
		if (first[at] >= 0) {
			at = first[at];
			continue;
		}
		while (at != top && next[at] < 0)
			at = s->memcgs[at].parent;
		at = at == top ? -1 : next[at];
	}
	return count;
}

static bool before(const struct model_task *a, const struct model_task *b)
{
	return a->css_set != b->css_set ? a->css_set < b->css_set : a->joined < b->joined;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct model_task *tasks = arg;
	int x = *(const int *)a, y = *(const int *)b;
	if (before(&tasks[x], &tasks[y]))
		return -1;
	if (before(&tasks[y], &tasks[x]))
		return 1;
	return x < y ? -1 : x > y;
}

size_t model_scan_order(const struct model_scene *s, int memcg, int *order)
{
	size_t n = 0;
	if (memcg < 0 || s->order != ORDER_CREATED) {
		for (size_t i = 0; i < s->n_tasks; i++)
			if (model_memcg_below(s, s->tasks[i].memcg, memcg))
				order[n++] = (int)i;
		return n;
	}
	CLEANUP_FREE int *rank = xcalloc(s->n_memcgs, sizeof(*rank));
	int buckets = preorder(s, memcg, rank);
	CLEANUP_FREE size_t *start = xcalloc((size_t)buckets + 1, sizeof(*start));
	for (size_t i = 0; i < s->n_tasks; i++) {
		int m = s->tasks[i].memcg;
		if (m >= 0 && rank[m] >= 0)
			start[rank[m] + 1]++;
	}
	for (int b = 0; b < buckets; b++)
		start[b + 1] += start[b];
	n = start[buckets];
	CLEANUP_FREE size_t *fill = xcalloc((size_t)buckets, sizeof(*fill));
	memcpy(fill, start, (size_t)buckets * sizeof(*fill));
	for (size_t i = 0; i < s->n_tasks; i++) {
		int m = s->tasks[i].memcg;
		if (m >= 0 && rank[m] >= 0)
			order[fill[rank[m]]++] = (int)i;
	}
	for (int b = 0; b < buckets; b++) {
		size_t i = start[b] + 1;
		while (i < start[b + 1] && !before(&s->tasks[order[i]], &s->tasks[order[i - 1]]))
			i++;
		if (i < start[b + 1])
			qsort_r(order + start[b], start[b + 1] - start[b], sizeof(*order), compare, (void *)s->tasks);
	}
	return n;
}
