// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole machine in a guest: its larger and its specially treated processes by size ratio, in cgroups of the same shape. The
 * kernel is asked for victims (sysrq f), one after another, until nobody is left.
 */
#include <inttypes.h>

#include "base/util.h"
#include "drill/guest.h"

#define LEAST (UINT64_C(1) << 20)	/* of a stand-in */
#define LEAST_LIMIT (UINT64_C(8) << 20)
#define MOST_TASKS 100
#define STANDS_FOR 9		/* of 10 parts of what is left: all stand-ins; the rest is the agent's, page tables, and the kernel's reserves */
struct pick {
	int task;
	int64_t weight;
};

static int by_weight(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;
	return (x->weight < y->weight) - (x->weight > y->weight);
}

static int by_task(const void *a, const void *b)
{
	const struct drill_task *x = a, *y = b;
	return (x->source > y->source) - (x->source < y->source);
}

/* The ones that matter: first to die, or large. Of those that share an mm one stands for all. */
static void take_tasks(struct drill *d)
{
	const struct audit *a = d->audit;
	struct pick *all = xcalloc(a->scene.n_tasks, sizeof(*all));
	size_t n = 0, shared = 0;
	for (size_t i = 0; i < a->scene.n_tasks; i++) {
		const struct model_task *t = &a->tasks[i];
		bool first = true;
		for (size_t k = 0; k < i && t->mm && first; k++)
			first = a->tasks[k].mm != t->mm;
		shared += !first;
		if (t->init || !first)
			continue;
		int64_t base = audit_base(a, (int)i), adj = t->adj == ADJ_MIN ? 0 : t->adj;
		int64_t points = base + adj * model_adj_unit(a->global.totalpages);
		all[n++] = (struct pick){ (int)i, base > points ? base : points };
	}
	if (n)
		qsort(all, n, sizeof(*all), by_weight);
	if (n > MOST_TASKS)
		drill_note(d, "only %d of %zu processes have a stand-in: those first to die, and the largest", MOST_TASKS, n);
	if (shared)
		drill_note(d, "%zu processes share another one's memory: one stand-in for each such memory", shared);
	n = n > MOST_TASKS ? MOST_TASKS : n;
	d->tasks = xcalloc(n, sizeof(*d->tasks));
	for (size_t i = 0; i < n; i++) {
		uint64_t size = (uint64_t)((double)audit_bytes(a, audit_base(a, all[i].task)) * d->factor) & ~UINT64_C(0xffff);
		d->tasks[d->n_tasks++] = (struct drill_task){
			.source = all[i].task, .size = size < LEAST ? LEAST : size, .adj = a->tasks[all[i].task].adj, .cgroup = -1,
		};
	}
	free(all);
	if (d->n_tasks)
		qsort(d->tasks, d->n_tasks, sizeof(*d->tasks), by_task);
	for (size_t i = 0; i < d->n_tasks; i++)
		drill_name(&d->tasks[i], i + 1, a->machine->tasks[d->tasks[i].source].comm);
}

/* The stand-in of a cgroup, made with its parents where it is not there yet; -1 for the root. */
static int cgroup_for(struct drill *d, int source)
{
	const struct machine *m = d->audit->machine;
	if (source < 0)
		return -1;
	for (size_t i = 0; i < d->n_cgroups; i++)
		if (d->cgroups[i].source == source)
			return (int)i;
	int parent = cgroup_for(d, m->cgroups[source].parent);
	d->cgroups = xrealloc(d->cgroups, d->n_cgroups + 1, sizeof(*d->cgroups));
	struct drill_cgroup *g = &d->cgroups[d->n_cgroups];
	*g = (struct drill_cgroup){ .source = source, .group = m->cgroups[source].group && d->era->group_kill };
	if (m->cgroups[source].limit != MACHINE_MAX)
		g->limit = (uint64_t)((double)m->cgroups[source].limit * d->factor) & ~UINT64_C(0xffff);
	int len = snprintf(g->name, sizeof(g->name), "%s%sc%zu", parent < 0 ? "" : d->cgroups[parent].name, parent < 0 ? "" : "/",
			   d->n_cgroups + 1);
	if (len >= (int)sizeof(g->name))	/* deeper than names have room for: its parent stands for it */
		return parent;
	return (int)d->n_cgroups++;
}

static bool is_below(const struct drill_cgroup *inner, const struct drill_cgroup *outer)
{
	size_t len = strlen(outer->name);
	return strncmp(inner->name, outer->name, len) == 0 && inner->name[len] == '/';
}

/* On v2 a cgroup with children holds no processes: these get a child of their own. */
static void make_leaves(struct drill *d)
{
	size_t n = d->n_cgroups;
	for (size_t i = 0; i < n; i++) {
		bool inner = false, used = false;
		for (size_t k = 0; k < n; k++)
			inner = inner || is_below(&d->cgroups[k], &d->cgroups[i]);
		for (size_t k = 0; k < d->n_tasks; k++)
			used = used || d->tasks[k].cgroup == (int)i;
		if (!inner || !used)
			continue;
		d->cgroups = xrealloc(d->cgroups, d->n_cgroups + 1, sizeof(*d->cgroups));
		struct drill_cgroup *own = &d->cgroups[d->n_cgroups];
		*own = (struct drill_cgroup){ .source = -1 };
		CLEANUP_FREE char *name = xasprintf("%.120s/own", d->cgroups[i].name);
		snprintf(own->name, sizeof(own->name), "%s", name);
		for (size_t k = 0; k < d->n_tasks; k++)
			if (d->tasks[k].cgroup == (int)i)
				d->tasks[k].cgroup = (int)d->n_cgroups;
		d->n_cgroups++;
	}
}

/* A limit that the stand-ins, which have a least size, do not fit into would be hit at once. */
static void check_limits(struct drill *d)
{
	size_t dropped = 0;
	for (size_t i = 0; i < d->n_cgroups; i++) {
		uint64_t sum = 0;
		struct drill_cgroup *g = &d->cgroups[i];
		for (size_t k = 0; k < d->n_tasks; k++)
			if (d->tasks[k].cgroup == (int)i ||
			    (d->tasks[k].cgroup >= 0 && is_below(&d->cgroups[d->tasks[k].cgroup], g)))
				sum += d->tasks[k].size + LEAST;
		if (g->limit && (g->limit < LEAST_LIMIT || g->limit < sum)) {
			g->limit = 0;
			dropped++;
		}
	}
	if (dropped)
		drill_note(d, "%zu limits are left out: in small there is no room within them", dropped);
}

static void add_step(struct drill *d, const struct model_step *s)
{
	d->steps = xrealloc(d->steps, d->n_steps + 1, sizeof(*d->steps));
	struct drill_step *out = &d->steps[d->n_steps++];
	*out = (struct drill_step){ .victims = xcalloc(s->n_deaths, sizeof(int)), .silent = xcalloc(s->n_deaths, sizeof(int)) };
	for (size_t i = 0; i < s->n_deaths; i++) {
		if (s->deaths[i].how == HOW_CHOSEN || s->deaths[i].how == HOW_GROUP)
			out->victims[out->n++] = s->deaths[i].task;
		else
			out->silent[out->n_silent++] = s->deaths[i].task;
	}
}

/* Who dies in the guest, as far as the model can be sure: to the first step that is too near to call. */
static void predict(struct drill *d, size_t most)
{
	struct model_task *tasks = xcalloc(d->n_tasks, sizeof(*tasks));
	struct model_memcg *memcgs = xcalloc(d->n_cgroups, sizeof(*memcgs));
	struct model_scene scene;
	struct model_oom oom;
	struct model_series series[2];
	uint64_t page = (uint64_t)d->audit->machine->page_size;
	model_scene_init(&scene);
	for (size_t i = 0; i < d->n_cgroups; i++) {
		model_memcg_init(&memcgs[i]);
		memcgs[i].group = d->cgroups[i].group;
		for (size_t k = 0; k < i; k++)
			if (is_below(&d->cgroups[i], &d->cgroups[k]))
				memcgs[i].parent = (int)k;	/* the nearest is the last */
	}
	for (size_t i = 0; i < d->n_tasks; i++) {
		model_task_init(&tasks[i]);
		tasks[i].pages.anon = (int64_t)(d->tasks[i].size / page);
		tasks[i].adj = d->tasks[i].adj;
		tasks[i].memcg = d->tasks[i].cgroup;
		tasks[i].pages.ptes = stand_in_tables(&d->tasks[i]);
		tasks[i].less = stand_in_less(d);
		tasks[i].more = STAND_IN_MORE;
	}
	scene.tasks = tasks;
	scene.n_tasks = d->n_tasks;
	scene.memcgs = memcgs;
	scene.n_memcgs = d->n_cgroups;
	model_oom_init(&oom);
	oom.trigger = TRIGGER_SYSRQ;
	/* who is ahead in the least and in the largest guest is ahead in all between: points are linear in its size */
	for (int k = 0; k < 2; k++) {
		scene.machine.totalram = guest_pages(d, k);
		model_series(d->era, &scene, &oom, most ? most : SIZE_MAX, &series[k]);
	}
	for (size_t i = 0; i < series[0].n && i < series[1].n; i++) {
		const struct model_step *s = &series[0].steps[i], *t = &series[1].steps[i];
		if (!s->certain || !t->certain || s->victim != t->victim) {
			drill_note(d, "the order is rehearsed up to number %zu: who comes then is too near to tell in %" PRIu64 " MiB (--memory)",
				   i, d->memory >> 20);
			break;
		}
		add_step(d, s);
	}
	for (int k = 0; k < 2; k++)
		model_series_free(&series[k]);
	free(tasks);
	free(memcgs);
}

int drill_guest(const struct audit *a, const struct drill_options *o, struct drill *d, struct error *err)
{
	*d = (struct drill){ .audit = a, .era = o->era ? o->era : &a->era, .guest = true, .memory = o->memory, .leak = -1 };
	uint64_t least = KERNEL_TAKES + KERNEL_TAKES_MORE + (UINT64_C(16) << 20);
	if (d->memory < least || !a->global.totalpages)
		return error_set(err, 0, "--memory must be at least %" PRIu64 " MiB", least >> 20);
	d->factor = (double)(d->memory - KERNEL_TAKES) / (double)audit_bytes(a, (int64_t)a->global.totalpages);
	d->factor = d->factor > 1 ? 1 : d->factor;
	take_tasks(d);
	uint64_t sum = 0;
	for (size_t i = 0; i < d->n_tasks; i++) {
		d->tasks[i].cgroup = cgroup_for(d, a->tasks[d->tasks[i].source].memcg);
		sum += d->tasks[i].size + LEAST / 4;
	}
	if (!d->n_tasks)
		return error_set(err, 0, "no process to stand in for");
	uint64_t room = guest_pages(d, 0) * (uint64_t)a->machine->page_size / 10 * STANDS_FOR;
	if (sum > room)
		return error_set(err, 0, "the stand-ins need %" PRIu64 " MiB: a larger --memory", sum >> 20);
	part_neighbours(d, room - sum);
	if (a->machine->memory_v1)
		drill_note(d, "the guest's cgroups are of v2; which of the machine's processes dies does not depend on that");
	make_leaves(d);
	check_limits(d);
	predict(d, o->most);
	if (!d->n_steps)
		return error_set(err, 0, "the first two are too near to tell who dies, in %" PRIu64 " MiB; a larger --memory may part them",
				 d->memory >> 20);
	d->title = xasprintf("a rehearsal: %zu stand-ins of a machine's processes, scaled by %.4f", d->n_tasks, d->factor);
	return 0;
}
