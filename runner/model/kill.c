// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who dies with the victim: mm/oom_kill.c:__oom_kill_process() and oom_kill_memcg_member(),
 * mm/memcontrol.c:mem_cgroup_get_oom_group(), kernel/pid_namespace.c:zap_pid_ns_processes().
 */
#include "model/kill.h"

#include "base/util.h"

struct killing {
	const struct era *era;
	const struct model_scene *scene;
	struct model_decision *decision;
	size_t *death;		/* by task: 1 + index of its death, 0: it lives */
	int *mm_first, *mm_next;	/* tasks of each shared mm, as lists in array order */
};

static void die(struct killing *k, int task, enum model_how how)
{
	if (k->death[task]) {
		if (how == HOW_GROUP)
			k->decision->deaths[k->death[task] - 1].again = true;
		return;
	}
	k->decision->deaths[k->decision->n_deaths++] = (struct model_death){ task, how, false };
	k->death[task] = k->decision->n_deaths;
}

/* 1 to n_tasks, or 0 for an mm of its own. */
static int shared_mm(const struct model_scene *scene, int task)
{
	int mm = scene->tasks[task].mm;
	return mm > 0 && (size_t)mm <= scene->n_tasks ? mm : 0;
}

static void index_mms(struct killing *k)
{
	const struct model_scene *scene = k->scene;
	for (size_t i = 0; i <= scene->n_tasks; i++)
		k->mm_first[i] = -1;
	for (size_t i = scene->n_tasks; i-- > 0;) {
		int mm = shared_mm(scene, (int)i);
		k->mm_next[i] = mm ? k->mm_first[mm] : -1;
		if (mm)
			k->mm_first[mm] = (int)i;
	}
}

/* One process and everybody who shares its mm, but for the first init, kernel threads, and, until 4.7, -1000. */
static void kill_process(struct killing *k, int task, enum model_how how)
{
	die(k, task, how);
	int mm = shared_mm(k->scene, task);
	for (int i = mm ? k->mm_first[mm] : -1; i >= 0; i = k->mm_next[i]) {
		const struct model_task *t = &k->scene->tasks[i];
		if (i == task || t->init || t->kthread || t->no_mm)
			continue;
		if (t->adj == ADJ_MIN && !k->era->sharers_all_killed)
			continue;
		die(k, i, HOW_SHARER);
	}
}

/* The highest memcg with oom.group between the victim's and the OOM's domain, or -1. */
static int oom_group(const struct era *era, const struct model_scene *scene, int memcg, int domain)
{
	int group = -1;
	if (!era->group_kill || scene->v1)
		return -1;
	if (era->group_domain_check && !model_memcg_below(scene, memcg, domain))
		return -1;
	for (; memcg >= 0; memcg = scene->memcgs[memcg].parent) {
		if (scene->memcgs[memcg].group)
			group = memcg;
		if (memcg == domain)
			break;
	}
	return group;
}

static void kill_group(struct killing *k)
{
	const struct model_scene *scene = k->scene;
	CLEANUP_FREE int *order = xcalloc(scene->n_tasks, sizeof(*order));
	size_t n = model_scan_order(scene, k->decision->group, order);
	for (size_t i = 0; i < n; i++) {
		const struct model_task *t = &scene->tasks[order[i]];
		if (t->adj != ADJ_MIN && !t->init && !t->no_mm && !t->kthread)
			kill_process(k, order[i], HOW_GROUP);
	}
}

/* The death of a PID namespace's init takes the namespace with it. */
static void kill_namespaces(struct killing *k)
{
	const struct model_scene *scene = k->scene;
	CLEANUP_FREE bool *ends = xcalloc(scene->n_tasks + 1, sizeof(*ends));
	bool any = false;
	for (size_t i = 0; i < k->decision->n_deaths; i++) {
		const struct model_task *t = &scene->tasks[k->decision->deaths[i].task];
		if (!t->pidns_init || t->pidns <= 0 || (size_t)t->pidns > scene->n_tasks)
			continue;
		ends[t->pidns] = any = true;
	}
	for (size_t i = 0; any && i < scene->n_tasks; i++) {
		int ns = scene->tasks[i].pidns;
		if (ns > 0 && (size_t)ns <= scene->n_tasks && ends[ns])
			die(k, (int)i, HOW_PIDNS);
	}
}

void model_kill(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
		struct model_decision *decision)
{
	CLEANUP_FREE size_t *death = xcalloc(scene->n_tasks, sizeof(*death));
	CLEANUP_FREE int *mm_first = xcalloc(scene->n_tasks + 1, sizeof(*mm_first));
	CLEANUP_FREE int *mm_next = xcalloc(scene->n_tasks, sizeof(*mm_next));
	struct killing k = { era, scene, decision, death, mm_first, mm_next };
	decision->deaths = xcalloc(scene->n_tasks, sizeof(*decision->deaths));
	decision->n_deaths = 0;
	decision->group = oom_group(era, scene, scene->tasks[decision->victim].memcg, oom->memcg);
	if (decision->group >= 0 || shared_mm(scene, decision->victim))
		index_mms(&k);
	kill_process(&k, decision->victim, HOW_CHOSEN);
	if (decision->group >= 0)
		kill_group(&k);
	kill_namespaces(&k);
}
