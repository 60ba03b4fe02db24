// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an OOM is confined to, how much memory that is, and who is inside.
 */
#include "base/util.h"
#include "model/model.h"

void model_task_init(struct model_task *t)
{
	*t = (struct model_task){
		.memcg = -1, .owner_memcg = MODEL_SAME, .parent = -1, .threads = 1, .mems = MODEL_ALL_NODES,
	};
}

void model_memcg_init(struct model_memcg *m)
{
	*m = (struct model_memcg){
		.parent = -1, .limit = MODEL_NO_LIMIT, .swap_limit = MODEL_NO_LIMIT, .memsw_limit = MODEL_NO_LIMIT,
		.swappiness = 60,
	};
}

void model_machine_init(struct model_machine *m)
{
	*m = (struct model_machine){ .swappiness = 60, .page_size = 4096 };
}

void model_scene_init(struct model_scene *s)
{
	*s = (struct model_scene){ .order = ORDER_CREATED };
	model_machine_init(&s->machine);
}

void model_oom_init(struct model_oom *o)
{
	*o = (struct model_oom){
		.memcg = -1, .current = -1, .current_mems = MODEL_ALL_NODES, .constraint = CONSTRAINT_ANY,
	};
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* page_counter limits: "max" is PAGE_COUNTER_MAX, which leaves room to add swap. */
static uint64_t counter(uint64_t limit)
{
	return min_u64(limit, INT64_MAX / 4096);
}

/*
 * Three forms of one rule. Until 5.9 limit + min(swap.max, total_swap), capped by the memsw limit, whichever hierarchy;
 * since 5.10 (9d82c69438d0) each hierarchy has its own expression, with the same result as long as memsw >= limit,
 * which the kernel enforces. Before swap.max existed (4.5) it bounded nothing.
 */
uint64_t model_memcg_totalpages(const struct era *era, const struct model_machine *machine, bool v1,
				const struct model_memcg *memcg)
{
	uint64_t limit = counter(memcg->limit);
	if (v1 ? memcg->swappiness : machine->swappiness) {
		bool bounded = !v1 && era->memcg_swap_max;
		uint64_t swap = min_u64(bounded ? counter(memcg->swap_limit) : UINT64_MAX, machine->total_swap);
		limit += swap;
		if (v1)
			limit = min_u64(limit, counter(memcg->memsw_limit));
	}
	return limit ? limit : 1;
}

uint64_t model_machine_totalpages(const struct model_machine *machine)
{
	return machine->totalram + machine->total_swap;
}

/* sysrq runs in a kworker and min_ttl in kswapd: both may use every node. */
static uint64_t current_mems(const struct model_oom *oom)
{
	return oom->trigger == TRIGGER_SYSRQ || oom->trigger == TRIGGER_KSWAPD ? MODEL_ALL_NODES : oom->current_mems;
}

static uint64_t nodes_totalpages(const struct model_machine *m, uint64_t mask)
{
	uint64_t total = m->total_swap;
	for (int nid = 0; nid < 64; nid++)
		if (mask >> nid & 1)
			total += m->node_pages[nid];
	return total;
}

/* Whether the cpuset kept the allocation from a node with memory (kernel/cgroup/cpuset.c:cpuset_node_allowed). */
static bool cpuset_limited(const struct model_scene *s, const struct model_oom *oom)
{
	if (oom->kernel_memory)
		return false;
	if (oom->current >= 0 && s->tasks[oom->current].in_flight)
		return false;	/* victims may allocate anywhere */
	return s->machine.nodes & ~current_mems(oom);
}

enum constraint model_constraint(const struct era *era, const struct model_scene *s, const struct model_oom *oom,
				 uint64_t *totalpages)
{
	const struct model_machine *m = &s->machine;
	enum constraint c = oom->constraint;
	if (c == CONSTRAINT_ANY) {
		c = CONSTRAINT_NONE;
		if (oom->memcg >= 0)
			c = CONSTRAINT_MEMCG;
		else if (!m->nodes || oom->no_zonelist || oom->trigger == TRIGGER_KSWAPD || oom->thisnode)
			c = CONSTRAINT_NONE;
		else if (oom->has_nodemask && (m->nodes & ~oom->nodemask))
			c = CONSTRAINT_MEMORY_POLICY;
		else if (cpuset_limited(s, oom))
			c = CONSTRAINT_CPUSET;
	}
	if (oom->totalpages)
		*totalpages = oom->totalpages;
	else if (c == CONSTRAINT_MEMCG && oom->memcg >= 0)
		*totalpages = model_memcg_totalpages(era, m, s->v1, &s->memcgs[oom->memcg]);
	else if (c == CONSTRAINT_MEMORY_POLICY)
		*totalpages = nodes_totalpages(m, oom->nodemask);
	else if (c == CONSTRAINT_CPUSET)
		*totalpages = nodes_totalpages(m, current_mems(oom));
	else
		*totalpages = model_machine_totalpages(m);
	return c;
}

bool model_memcg_below(const struct model_scene *s, int inner, int outer)
{
	if (outer < 0)
		return true;
	while (inner > outer)	/* a parent's index is smaller */
		inner = s->memcgs[inner].parent;
	return inner == outer;
}

/* mm/mempolicy.c:mempolicy_in_oom_domain() */
static bool policy_allows(const struct era *era, const struct model_task *t, uint64_t nodemask)
{
	bool restricts = t->policy == POLICY_BIND || (t->policy == POLICY_INTERLEAVE && era->interleave_restricts);
	return !restricts || (t->policy_nodes & nodemask);
}

enum model_why model_eligible(const struct era *era, const struct model_scene *s, const struct model_oom *oom,
			      enum constraint constraint, const struct model_task *t)
{
	if (t->init)
		return WHY_INIT;
	if (t->kthread)
		return WHY_KTHREAD;
	if (oom->memcg >= 0) {
		int owner = t->owner_memcg == MODEL_SAME ? t->memcg : t->owner_memcg;
		if (!model_memcg_below(s, t->memcg, oom->memcg))
			return WHY_OTHER_MEMCG;
		if (era->domain_in_badness && !model_memcg_below(s, owner, oom->memcg))
			return WHY_OTHER_MEMCG;
	} else if (constraint == CONSTRAINT_MEMORY_POLICY) {
		if (oom->has_nodemask && !policy_allows(era, t, oom->nodemask))
			return WHY_OTHER_POLICY;
	} else if (constraint != CONSTRAINT_MEMCG && s->machine.nodes) {
		/* also without a constraint: who can't use current's nodes frees nothing for it */
		if (!(t->mems & current_mems(oom)))
			return WHY_OTHER_MEMS;
	}
	if (t->no_mm)
		return WHY_NO_MM;
	if (t->adj == ADJ_MIN)
		return WHY_ADJ;
	if (t->skip && era->skip_flag)
		return WHY_SKIP;
	if (t->in_vfork && era->vfork_exempt)
		return WHY_VFORK;
	return WHY_ELIGIBLE;
}

int64_t model_score_of_task(const struct era *era, const struct model_scene *s, const struct model_task *t,
			    uint64_t reader_mems)
{
	uint64_t total = model_machine_totalpages(&s->machine);
	struct model_oom oom;
	model_oom_init(&oom);
	if (era->domain_in_badness)	/* relative to current, the reader */
		oom.current_mems = reader_mems;
	struct model_task alike = *t;
	if (!era->domain_in_badness)
		alike.mems = MODEL_ALL_NODES;
	int64_t points = MODEL_INELIGIBLE;
	if (model_eligible(era, s, &oom, CONSTRAINT_NONE, &alike) == WHY_ELIGIBLE)
		points = model_points(era, model_base(era, &t->pages), t->adj, t->cap_sys_admin, total);
	return model_oom_score(era, points, total);
}

const char *model_why_text(enum model_why why)
{
	static const char *const text[] = {
		[WHY_ELIGIBLE] = "it can be chosen",
		[WHY_INIT] = "it is the init process",
		[WHY_KTHREAD] = "it is a kernel thread",
		[WHY_OTHER_MEMCG] = "it is outside the memory cgroup",
		[WHY_OTHER_MEMS] = "it may use none of the nodes",
		[WHY_OTHER_POLICY] = "its memory policy is bound to other nodes",
		[WHY_NO_MM] = "it has no memory of its own any more",
		[WHY_ADJ] = "its oom_score_adj is -1000",
		[WHY_SKIP] = "its memory is already being freed",
		[WHY_VFORK] = "it is a vfork child before exec",
	};
	return text[why];
}
