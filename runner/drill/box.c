// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A unit in a box: a cgroup with its limit in small, its processes' stand-ins in it, and the one that leaks grows until the
 * limit is reached.
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "base/util.h"
#include "drill/drill.h"

#define LEAST (UINT64_C(1) << 20)	/* of a stand-in: its own pages do not matter beside that */
#define MOST_TASKS 24
#define NEAR_PAGES 512		/* 2 MiB: of what the model can't know of the stand-ins, much more than there is */

static int find_cgroup(const struct machine *m, const char *what)
{
	int found = -1;
	for (size_t i = 0; i < m->n_cgroups; i++) {
		const char *path = m->cgroups[i].path, *last = strrchr(path, '/') + 1;
		size_t len = strlen(what);
		if (streq(path, what) || streq(last, what) || (strncmp(last, what, len) == 0 && streq(last + len, ".service")))
			found = found < 0 ? (int)i : found;
	}
	return found;
}

static int by_size(const void *a, const void *b)
{
	const struct drill_task *x = a, *y = b;
	return (x->size < y->size) - (x->size > y->size);
}

/* The unit's processes, the largest first; `size` is still that of the original. */
static uint64_t take_tasks(struct drill *d, int cgroup)
{
	const struct audit *a = d->audit;
	uint64_t sum = 0;
	for (size_t i = 0; i < a->scene.n_tasks; i++) {
		if (!model_memcg_below(&a->scene, a->tasks[i].memcg, cgroup) || a->tasks[i].init)
			continue;
		d->tasks = xrealloc(d->tasks, d->n_tasks + 1, sizeof(*d->tasks));
		struct drill_task *t = &d->tasks[d->n_tasks++];
		*t = (struct drill_task){ .source = (int)i,
					  .size = (uint64_t)audit_bytes(a, audit_base(a, (int)i)),
					  .adj = a->tasks[i].adj };
		sum += t->size;
	}
	if (d->n_tasks)
		qsort(d->tasks, d->n_tasks, sizeof(*d->tasks), by_size);
	if (d->n_tasks > MOST_TASKS) {
		drill_note(d, "only the %d largest of its %zu processes have a stand-in", MOST_TASKS, d->n_tasks);
		d->n_tasks = MOST_TASKS;
	}
	return sum;
}

/* Without CAP_SYS_RESOURCE oom_score_adj can't be below 0. Only differences matter in a box, so all are raised alike. */
static int raise_adjs(struct drill *d, struct error *err)
{
	int least = 0, most = 0;
	size_t kept = 0;
	for (size_t i = 0; i < d->n_tasks; i++) {
		if (d->tasks[i].adj == ADJ_MIN) {
			drill_note(d, "%s can't be killed, and has no stand-in: to set oom_score_adj -1000 needs CAP_SYS_RESOURCE",
				   d->tasks[i].name);
			continue;
		}
		least = d->tasks[i].adj < least ? d->tasks[i].adj : least;
		most = d->tasks[i].adj > most ? d->tasks[i].adj : most;
		d->tasks[kept++] = d->tasks[i];
	}
	d->n_tasks = kept;
	if (most - least > ADJ_MAX)
		return error_set(err, 0, "oom_score_adj %d and %d can't be had both without CAP_SYS_RESOURCE; try --in vm", least, most);
	for (size_t i = 0; i < d->n_tasks; i++)
		d->tasks[i].adj -= least;
	if (least)
		drill_note(d, "every oom_score_adj is %d higher, for want of CAP_SYS_RESOURCE: in a box only differences count", -least);
	return 0;
}

static int choose_leak(struct drill *d, const char *name, struct error *err)
{
	d->leak = 0;
	if (!name)
		return 0;
	for (size_t i = 0; i < d->n_tasks; i++) {
		if (streq(d->audit->machine->tasks[d->tasks[i].source].comm, name)) {
			d->leak = (int)i;
			return 0;
		}
	}
	return error_set(err, 0, "no process \"%s\" in it", name);
}

static uint64_t scaled(uint64_t size, double factor)
{
	uint64_t s = (uint64_t)((double)size * factor) & ~UINT64_C(0xffff);
	return s < LEAST ? LEAST : s;
}

/* The state at the moment of the OOM: the leak has all that the others leave. The victim, and its size. */
static int predict(struct drill *d, uint64_t leak_size, struct error *err)
{
	struct model_task *tasks = xcalloc(d->n_tasks, sizeof(*tasks));
	struct model_memcg box;
	struct model_scene scene;
	struct model_oom oom;
	struct model_decision dec;
	model_scene_init(&scene);
	scene.machine = d->audit->scene.machine;
	model_memcg_init(&box);
	box.limit = d->memory / (uint64_t)scene.machine.page_size;
	box.swap_limit = d->swap / (uint64_t)scene.machine.page_size;
	box.memsw_limit = box.limit + box.swap_limit;
	box.group = d->cgroups[0].group;
	for (size_t i = 0; i < d->n_tasks; i++) {
		model_task_init(&tasks[i]);
		uint64_t size = (int)i == d->leak ? leak_size : d->tasks[i].size;
		tasks[i].pages.anon = (int64_t)(size / (uint64_t)scene.machine.page_size);
		tasks[i].adj = d->tasks[i].adj;
		tasks[i].memcg = 0;
		tasks[i].less = tasks[i].more = NEAR_PAGES / 2;
	}
	scene.tasks = tasks;
	scene.n_tasks = d->n_tasks;
	scene.memcgs = &box;
	scene.n_memcgs = 1;
	scene.v1 = d->v1;
	model_oom_init(&oom);
	oom.memcg = 0;
	oom.current = d->leak;
	model_out_of_memory(d->era, &scene, &oom, &dec);
	int ret = 0;
	if (dec.outcome != OUTCOME_KILL) {
		ret = error_set(err, 0, "nobody in it could be killed: the leak would go on for ever");
	} else if (!dec.certain) {
		ret = error_set(err, 0, "%s and %s are too near to tell who dies; another --memory or --leak may part them",
				d->tasks[dec.victim].name, d->tasks[dec.runner_up].name);
	} else {
		d->steps = xcalloc(1, sizeof(*d->steps));
		d->n_steps = 1;
		d->steps[0].victims = xcalloc(d->n_tasks, sizeof(int));
		for (size_t i = 0; i < dec.n_deaths; i++)
			d->steps[0].victims[d->steps[0].n++] = dec.deaths[i].task;
	}
	model_decision_free(&dec);
	free(tasks);
	return ret;
}

/* How much swap the unit may use: its own limit and those above it, and what there is. On v1 the limit is that of both. */
static uint64_t swap_of(const struct machine *m, int cgroup)
{
	int64_t total = machine_value(&m->meminfo, "SwapTotal");
	uint64_t swap = total > 0 ? (uint64_t)total * 1024 : 0;
	for (int i = cgroup; i >= 0; i = m->cgroups[i].parent) {
		const struct machine_cgroup *g = &m->cgroups[i];
		uint64_t own = g->swap_limit;
		if (!m->memory_v2 && own != MACHINE_MAX)
			own = own > g->limit ? own - g->limit : 0;
		swap = own < swap ? own : swap;
	}
	return swap;
}

/* In small; none where the machine has not twice that free. */
static void take_swap(struct drill *d, uint64_t swap)
{
	int64_t free_ = machine_value(&d->audit->machine->meminfo, "SwapFree");
	d->swap = (uint64_t)((double)swap * d->factor) & ~UINT64_C(0xffff);
	if (!d->swap || (free_ > 0 && (uint64_t)free_ * 1024 / 2 >= d->swap))
		return;
	drill_note(d, "the box has no swap: the unit's share in small is %" PRIu64 " MiB, and twice that is not free", d->swap >> 20);
	d->swap = 0;
}

int drill_box(const struct audit *a, const struct drill_options *o, struct drill *d, struct error *err)
{
	const struct machine *m = a->machine;
	*d = (struct drill){ .audit = a, .era = &a->era, .v1 = m->memory_v1, .memory = o->memory, .leak = -1 };
	int cgroup = find_cgroup(m, o->what);
	if (cgroup < 0)
		return error_set(err, 0, "no unit or memory cgroup \"%s\" here", o->what);
	uint64_t sum = take_tasks(d, cgroup);
	if (!d->n_tasks)
		return error_set(err, 0, "no process is in %s", m->cgroups[cgroup].path);
	for (size_t i = 0; i < d->n_tasks; i++)
		drill_name(&d->tasks[i], i + 1, m->tasks[d->tasks[i].source].comm);
	if (!o->may_lower && raise_adjs(d, err) < 0)
		return -1;
	if (!d->n_tasks)
		return error_set(err, 0, "nobody in %s can be killed", m->cgroups[cgroup].path);
	if (choose_leak(d, o->leak, err) < 0)
		return -1;
	uint64_t limit = m->cgroups[cgroup].limit, swap = swap_of(m, cgroup);
	if (limit == MACHINE_MAX || limit + swap < sum) {
		limit = sum + sum / 4;
		drill_note(d, "%s has no limit of its own that counts: one of 125 %% of what it uses stands for it", m->cgroups[cgroup].path);
	}
	d->factor = limit > d->memory ? (double)d->memory / (double)limit : 1;
	uint64_t others = 0;
	for (size_t i = 0; i < d->n_tasks; i++) {
		d->tasks[i].size = scaled(d->tasks[i].size, d->factor);
		others += (int)i == d->leak ? 0 : d->tasks[i].size;
	}
	if (others + d->tasks[d->leak].size + 4 * LEAST > d->memory)
		return error_set(err, 0, "%zu stand-ins do not fit into %" PRIu64 " MiB: --memory", d->n_tasks, d->memory >> 20);
	take_swap(d, swap);
	if (limit <= d->memory)
		d->memory = others + d->tasks[d->leak].size + 16 * LEAST;
	d->cgroups = xcalloc(1, sizeof(*d->cgroups));
	d->n_cgroups = 1;
	d->cgroups[0] = (struct drill_cgroup){ "box", d->memory, m->cgroups[cgroup].group && d->era->group_kill && !d->v1, cgroup };
	uint64_t leak_size = d->memory + d->swap - others;
	if (predict(d, leak_size, err) < 0)
		return -1;
	/* a little further than that, so that one death makes room for all of it */
	uint64_t victim = d->tasks[d->steps[0].victims[0]].size;
	d->leak_to = leak_size + (victim / 2 < 4 * LEAST ? victim / 2 : 4 * LEAST);
	d->title = xasprintf("a drill: %zu stand-ins of a unit in a box of %" PRIu64 " MiB", d->n_tasks, d->memory >> 20);
	return 0;
}
