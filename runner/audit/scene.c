// SPDX-License-Identifier: GPL-2.0-or-later
/* From a snapshot to the model's scene, and to rankings. */
#include "audit/audit.h"
#include "base/util.h"

#define NUMA_MOST 16		/* sets of nodes that are ranked */

static int64_t pages(const struct machine *m, int64_t kb)
{
	return kb / (m->page_size / 1024);
}

static uint64_t limit_pages(const struct machine *m, uint64_t bytes)
{
	return bytes == MACHINE_MAX ? MODEL_NO_LIMIT : bytes / (uint64_t)m->page_size;
}

/* By pid, to find parents. */
struct by_pid {
	int pid, task;
};

static int compare_pid(const void *a, const void *b)
{
	const struct by_pid *x = a, *y = b;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* PID namespaces get small numbers, as the model wants them. Of a namespace whose inode may not be asked for, each
 * process that has its init among its ancestors is known to be in it. */
static int namespace_of(const struct audit *a, int task, int depth)
{
	const struct machine_task *t = &a->machine->tasks[task];
	for (int i = task, hops = 0; i >= 0 && hops < 1000; i = a->tasks[i].parent, hops++) {
		const struct machine_task *o = &a->machine->tasks[i];
		if (t->pidns && o->pidns && t->pidns != o->pidns)
			continue;
		if (o->ns_depth == depth && o->ns_pid == 1)
			return i + 1;
	}
	return 0;
}

struct pidns {
	uint64_t inode;
	int init;		/* 1 + the task that is its pid 1 */
};

static int by_inode(const void *a, const void *b)
{
	const struct pidns *x = a, *y = b;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

static void fill_namespaces(struct audit *a)
{
	const struct machine *m = a->machine;
	CLEANUP_FREE struct pidns *inits = xcalloc(m->n_tasks, sizeof(*inits));
	size_t n = 0;
	for (size_t i = 0; i < m->n_tasks; i++)
		if (m->tasks[i].ns_depth && m->tasks[i].ns_pid == 1 && m->tasks[i].pidns)
			inits[n++] = (struct pidns){ m->tasks[i].pidns, (int)i + 1 };
	if (n)
		qsort(inits, n, sizeof(*inits), by_inode);
	for (size_t i = 0; i < m->n_tasks; i++) {
		const struct machine_task *t = &m->tasks[i];
		if (!t->ns_depth)
			continue;
		struct pidns key = { t->pidns, 0 }, *found = NULL;
		if (t->pidns && n)
			found = bsearch(&key, inits, n, sizeof(key), by_inode);
		a->tasks[i].pidns = found ? found->init : namespace_of(a, (int)i, t->ns_depth);
		a->tasks[i].pidns_init = t->ns_pid == 1 && a->tasks[i].pidns == (int)i + 1;
	}
}

static void fill_task(struct audit *a, size_t i)
{
	const struct machine *m = a->machine;
	const struct machine_task *t = &m->tasks[i];
	struct model_task *o = &a->tasks[i];
	model_task_init(o);
	o->pid = t->pid;
	o->comm = t->comm;
	o->pages = (struct model_pages){
		.anon = pages(m, t->anon_kb), .file = pages(m, t->file_kb), .shmem = pages(m, t->shmem_kb),
		.swap = pages(m, t->swap_kb), .ptes = pages(m, t->pte_kb), .pmds = pages(m, t->pmd_kb),
	};
	int64_t error = model_rss_error(&a->era, SOURCE_STATUS, m->cpus, t->threads);
	int64_t base = model_base(&a->era, &o->pages);
	o->less = error < base ? error : base;
	o->more = error;
	o->adj = t->adj;
	o->memcg = t->cgroup;
	o->joined = t->joined;
	o->threads = t->threads;
	o->mems = t->mems;
	static const enum policy_mode modes[] = { [MACHINE_ANY_NODE] = POLICY_DEFAULT, [MACHINE_BIND] = POLICY_BIND,
						  [MACHINE_INTERLEAVE] = POLICY_INTERLEAVE };
	o->policy = modes[t->policy];
	o->policy_nodes = t->policy_nodes;
	o->mm = t->mm;
	o->init = t->pid == 1 && t->ns_depth == 0;
	o->cap_sys_admin = t->cap_sys_admin;
}

/*
 * The kernel's own word for "can't be chosen" (fs/proc/base.c:proc_oom_score): a score of 0 where neither oom_score_adj nor
 * a small size explains it. A vfork child before exec, if it shares its mm; else an mm that is being freed.
 */
static void believe_score(struct audit *a, size_t i)
{
	const struct machine_task *t = &a->machine->tasks[i];
	struct model_task *o = &a->tasks[i];
	if (!a->era.signed_points || t->score != 0 || t->adj <= ADJ_MIN + 1 || o->init)
		return;
	o->in_vfork = t->mm > 0;
	o->skip = !o->in_vfork;
}

static void fill_parents(struct audit *a)
{
	const struct machine *m = a->machine;
	CLEANUP_FREE struct by_pid *index = xcalloc(m->n_tasks, sizeof(*index));
	for (size_t i = 0; i < m->n_tasks; i++)
		index[i] = (struct by_pid){ m->tasks[i].pid, (int)i };
	if (m->n_tasks)
		qsort(index, m->n_tasks, sizeof(*index), compare_pid);
	for (size_t i = 0; i < m->n_tasks; i++) {
		struct by_pid key = { m->tasks[i].ppid, 0 }, *found;
		found = bsearch(&key, index, m->n_tasks, sizeof(key), compare_pid);
		a->tasks[i].parent = found && found->task != (int)i ? found->task : -1;
	}
}

static void fill_memcg(struct audit *a, size_t i)
{
	const struct machine *m = a->machine;
	const struct machine_cgroup *g = &m->cgroups[i];
	struct model_memcg *o = &a->memcgs[i];
	model_memcg_init(o);
	o->parent = g->parent;
	o->limit = limit_pages(m, g->limit);
	if (m->memory_v2)
		o->swap_limit = limit_pages(m, g->swap_limit);
	else
		o->memsw_limit = limit_pages(m, g->swap_limit);
	o->swappiness = g->swappiness;
	o->group = g->group;
	o->oom_kill_disable = g->oom_kill_disable;
}

static void fill_machine(struct audit *a)
{
	const struct machine *m = a->machine;
	struct model_machine *o = &a->scene.machine;
	int64_t value = machine_value(&m->meminfo, "MemTotal");
	o->totalram = (uint64_t)pages(m, value > 0 ? value : 0);
	value = machine_value(&m->meminfo, "SwapTotal");
	o->total_swap = (uint64_t)pages(m, value > 0 ? value : 0);
	value = machine_value(&m->sysctl, "vm.swappiness");
	o->swappiness = value >= 0 ? (int)value : 60;
	o->page_size = m->page_size;
	o->nodes = m->nodes;
	for (size_t i = 0; i < m->n_nodes; i++)
		o->node_pages[m->node[i].id] = a->era.node_present ? m->node[i].present : m->node[i].spanned;
	value = machine_value(&m->sysctl, "vm.panic_on_oom");
	o->panic_on_oom = value > 0 ? (int)value : 0;
	o->kill_allocating_task = machine_value(&m->sysctl, "vm.oom_kill_allocating_task") > 0;
}

void scene_make(struct audit *a)
{
	const struct machine *m = a->machine;
	era_from_release(m->release, &a->era);
	if (m->version)
		era_refine(&a->era, m->version);
	model_scene_init(&a->scene);
	fill_machine(a);
	a->tasks = xcalloc(m->n_tasks, sizeof(*a->tasks));
	a->memcgs = xcalloc(m->n_cgroups, sizeof(*a->memcgs));
	for (size_t i = 0; i < m->n_cgroups; i++)
		fill_memcg(a, i);
	for (size_t i = 0; i < m->n_tasks; i++)
		fill_task(a, i);
	fill_parents(a);
	fill_namespaces(a);
	for (size_t i = 0; i < m->n_tasks; i++)
		believe_score(a, i);
	a->scene.tasks = a->tasks;
	a->scene.n_tasks = m->n_tasks;
	a->scene.memcgs = a->memcgs;
	a->scene.n_memcgs = m->n_cgroups;
	a->scene.v1 = m->memory_v1;
	a->scene.localevents = m->localevents;
}

/* How many oom_scores differ from the model's? On a quiet machine none: then the rules are this kernel's. */
void scene_check_scores(struct audit *a)
{
	const struct machine *m = a->machine;
	uint64_t total = model_machine_totalpages(&a->scene.machine);
	for (size_t i = 0; i < m->n_tasks && total; i++) {
		const struct model_task *t = &a->tasks[i];
		struct model_task least = *t, most = *t;
		least.pages.anon -= t->less;
		most.pages.anon += t->more;
		/* each size in status is rounded, and the reads are a moment apart: a page of each kind */
		int64_t low = model_score_of_task(&a->era, &a->scene, &least, MODEL_ALL_NODES) - 1;
		int64_t high = model_score_of_task(&a->era, &a->scene, &most, MODEL_ALL_NODES) + 1;
		int score = m->tasks[i].score;
		a->n_differing += score != MACHINE_UNKNOWN && (score < low || score > high);
	}
}

int64_t audit_base(const struct audit *a, int task)
{
	return model_base(&a->era, &a->tasks[task].pages);
}

int64_t audit_bytes(const struct audit *a, int64_t pages_)
{
	return pages_ * a->machine->page_size;
}

static void rank(const struct audit *a, const struct model_oom *oom, size_t most, struct ranking *r)
{
	r->cgroup = oom->memcg;
	model_constraint(&a->era, &a->scene, oom, &r->totalpages);
	r->unit = model_adj_unit(r->totalpages);
	model_series(&a->era, &a->scene, oom, most ? most : SIZE_MAX, &r->series);
}

int rank_cgroup(struct audit *a, int cgroup, bool asked, size_t most)
{
	struct model_oom oom;
	model_oom_init(&oom);
	oom.memcg = cgroup;
	if (cgroup < 0) {
		rank(a, &oom, most, &a->global);
		return 0;
	}
	a->cgroups = xrealloc(a->cgroups, a->n_cgroups + 1, sizeof(*a->cgroups));
	struct ranking *r = &a->cgroups[a->n_cgroups++];
	*r = (struct ranking){ .asked = asked };
	rank(a, &oom, most, r);
	return 0;
}

/* The OOM of a task's own allocation, where it may not use all nodes: its bind policy confines it first, then its cpuset. */
static bool confined(const struct audit *a, const struct model_task *t, struct model_oom *oom, uint64_t *nodes)
{
	uint64_t all = a->scene.machine.nodes;
	model_oom_init(oom);
	oom->current_mems = t->mems;
	*nodes = t->policy == POLICY_BIND ? t->policy_nodes & all : t->mems & all;
	oom->has_nodemask = t->policy == POLICY_BIND;
	oom->nodemask = t->policy == POLICY_BIND ? t->policy_nodes : 0;
	return all && *nodes && *nodes != all;
}

void rank_nodes(struct audit *a, size_t most)
{
	for (size_t i = 0; i < a->scene.n_tasks && a->n_numa < NUMA_MOST; i++) {
		struct model_oom oom;
		uint64_t nodes, total;
		if (!confined(a, &a->tasks[i], &oom, &nodes))
			continue;
		enum constraint c = model_constraint(&a->era, &a->scene, &oom, &total);
		bool known = false;
		for (size_t k = 0; k < a->n_numa; k++)
			known = known || (a->numa[k].nodes == nodes && a->numa[k].constraint == c);
		if (known)
			continue;
		a->numa = xrealloc(a->numa, a->n_numa + 1, sizeof(*a->numa));
		struct ranking *r = &a->numa[a->n_numa++];
		*r = (struct ranking){ .constraint = c, .nodes = nodes };
		rank(a, &oom, most, r);
	}
}
