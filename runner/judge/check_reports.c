// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's log of an episode, line by line, against what was observed from outside. Formats: mm/oom_kill.c
 * (dump_header, dump_oom_victim/oom-kill line, __oom_kill_process), mm/memcontrol.c (mem_cgroup_print_oom_context).
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "base/util.h"
#include "judge/look.h"
#include "judge/scene.h"
#include "judge/trial.h"

static void check_comm(struct trial *t, enum check_id id, const char *wire, const char *logged)
{
	if (wire)
		trial_check(t, id, NULL, NULL, wire, logged, look_same(logged, wire));
}

/* Number of reports: one for each chosen victim, as long as the rate limit (10 in 5 s) is not reached. */
static void check_number(struct trial *t, struct episode *e)
{
	const struct expectation *x = e->expect;
	int64_t chosen = 0, reports = 0;
	for (size_t i = 0; i < e->n_deaths; i++)
		chosen += !e->deaths[i].by_group && !e->deaths[i].again;
	for (size_t i = 0; i < e->n_reports; i++)
		reports += e->reports[i]->has_header && !e->reports[i]->no_killable;
	if (x->ooms_min >= 0)
		trial_check_range(t, CHECK_REPORTS, NULL, &x->where, x->ooms_min, x->ooms_max, reports);
	else if (!x->no_report)
		trial_check_int(t, CHECK_REPORTS, NULL, NULL, chosen, reports);
}

static void check_constraint(struct trial *t, struct episode *e, const struct oom_report *r)
{
	static const char *const names[] = { "CONSTRAINT_NONE", "CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY",
					     "CONSTRAINT_MEMCG" };
	const struct expectation *x = e->expect;
	if (x->constraint == CONSTRAINT_ANY || !r->has_selected)
		return;
	trial_check_text(t, CHECK_CONSTRAINT, NULL, &x->where, names[x->constraint], oom_constraint_name(r->constraint));
	trial_check_text(t, CHECK_SCOPE, NULL, NULL, x->constraint == CONSTRAINT_MEMCG ? "memcg" : "global",
			 r->oom_memcg ? "memcg" : "global");
}

/* Who asked: the task that grows, the agent that lowers a limit, a kworker for sysrq. */
static void check_trigger(struct trial *t, struct episode *e, const struct oom_report *r)
{
	const struct expectation *x = e->expect;
	if (!x->trigger)
		return;
	if (streq(x->trigger, "kworker")) {
		trial_check_text(t, CHECK_ASKED_BY, NULL, &x->where, "kworker",
				 starts_with(r->trigger.comm, "kworker/") ? "kworker" : r->trigger.comm);
		trial_check_int(t, CHECK_ORDER, NULL, NULL, -1, r->trigger.order);
		return;
	}
	/* The agent writes through a child of its own, as the write may block. */
	if (streq(x->trigger, "agent")) {
		trial_check_text(t, CHECK_ASKED_BY, NULL, &x->where, "oomagent", r->trigger.comm);
		return;
	}
	const json_t *task = look_task(e->before, x->trigger);
	if (!task)
		return;	/* it starts only now */
	if (r->trigger.pid != OOM_UNKNOWN)
		trial_check_int(t, CHECK_ASKED_PID, NULL, &x->where, look_int(task, "pid", -1), r->trigger.pid);
	check_comm(t, CHECK_ASKED_BY, look_text(task, "comm"), r->trigger.comm);
	trial_check_int(t, CHECK_ASKED_ADJ, NULL, NULL, look_int(task, "adj", 0), r->trigger.oom_score_adj);
	/* A user page fault asks for one page; a page table or a charge for it does too. */
	trial_check_int(t, CHECK_ORDER, NULL, NULL, 0, r->trigger.order);
}

static const char *path_of(const struct episode *e, const struct trial *t, int memcg)
{
	return memcg < 0 ? NULL : look_text(look_cgroup(e->before, t->test->cgroups[memcg].name), "path");
}

/* memory: usage, limit of the memcg at its limit. */
static void check_usage(struct trial *t, struct episode *e, const struct oom_report *r)
{
	const char *name = t->test->cgroups[e->expect->memcg].name;
	int64_t limit;
	if (!r->counter[OOM_COUNTER_MEMORY].present ||
	    !look_counter(e->before, name, t->v1 ? "memory.limit_in_bytes" : "memory.max", NULL, &limit) ||
	    limit >= INT64_MAX / 2)
		return;	/* the limit comes with the trigger itself: a write below usage */
	trial_check_int(t, CHECK_LIMIT, NULL, NULL, limit / 1024, r->counter[OOM_COUNTER_MEMORY].limit_kb);
	trial_check_range(t, CHECK_USAGE, NULL, NULL, 0, limit / 1024, r->counter[OOM_COUNTER_MEMORY].usage_kb);
}

static void check_memcg(struct trial *t, struct episode *e, const struct oom_report *r)
{
	const char *limit = path_of(e, t, e->expect->memcg);
	if (!limit)
		return;
	trial_check_text(t, CHECK_OOM_MEMCG, NULL, &e->expect->where, limit, r->oom_memcg);
	check_usage(t, e, r);
}

/* The nodes: nodemask only for a bind policy; cpuset and mems_allowed are those of who asked. */
static void check_nodes(struct trial *t, struct episode *e, const struct oom_report *r)
{
	char buf[256];
	const json_t *task = look_task_pid(e->before, r->trigger.pid);
	if (!r->has_selected || !r->nodemask || !task)
		return;
	const char *nodes = "(null)";
	if (e->expect->constraint == CONSTRAINT_MEMORY_POLICY)
		for (size_t i = 0; i < t->test->n_tasks; i++)
			if (look_same(t->test->tasks[i].name, look_text(task, "name")))
				nodes = format_mask(t->test->tasks[i].policy_nodes, buf);
	trial_check_text(t, CHECK_NODEMASK, NULL, NULL, nodes, r->nodemask);
	const char *mems = look_text(task, "mems");
	if (mems && r->mems_allowed)
		trial_check_text(t, CHECK_MEMS_ALLOWED, NULL, NULL, mems, r->mems_allowed);
}

/* The oom-kill line names the selected task: the leader, where the Killed line may name another thread. */
static void check_selected(struct trial *t, struct episode *e, const struct oom_report *r)
{
	if (!r->has_selected)
		return;
	const json_t *task = look_task_pid(e->before, r->selected.pid);
	if (!task)
		return;	/* born after the snapshot */
	check_comm(t, CHECK_SELECTED, look_text(task, "comm"), r->selected.comm);
	trial_check_int(t, CHECK_SELECTED_UID, NULL, NULL, look_int(task, "uid", -1), r->selected.uid);
	const char *cgroup = look_text(task, "cgroup");
	if (cgroup && t->test->uses_cgroups)
		trial_check_text(t, CHECK_TASK_MEMCG, NULL, NULL, cgroup, r->task_memcg);
}

static const char *prefix_word(enum oom_kill_prefix p)
{
	switch (p) {
	case OOM_PREFIX_NONE: return "no prefix";
	case OOM_PREFIX_GLOBAL: return "Out of memory";
	case OOM_PREFIX_ALLOCATING_TASK: return "Out of memory (oom_kill_allocating_task)";
	case OOM_PREFIX_MEMCG: return "Memory cgroup out of memory";
	default: return "another prefix";
	}
}

static void check_prefix(struct trial *t, const struct episode *e, const struct death *d)
{
	enum oom_kill_prefix want = e->expect->constraint == CONSTRAINT_MEMCG ? OOM_PREFIX_MEMCG :
				    e->expect->allocating_task ? OOM_PREFIX_ALLOCATING_TASK : OOM_PREFIX_GLOBAL;
	if (e->expect->constraint == CONSTRAINT_ANY)
		return;
	trial_check_text(t, CHECK_PREFIX, NULL, NULL, prefix_word(want), prefix_word(d->line->prefix));
}

/*
 * Sizes in the Killed line of a task that holds still are those of the snapshot; of one that grows, at least those.
 * anon-rss may have gone to swap meanwhile, so its lower end is only held where nothing can be swapped; both sides are
 * widened by what the kernel's own counters may be off by (model_rss_error).
 */
static void check_sizes(struct trial *t, const struct episode *e, const struct death *d, const json_t *task)
{
	const int64_t k = look_int(t->seen->hello, "page_size", 4096) / 1024;
	int64_t error = model_rss_error(&t->era, SOURCE_STATUS, t->ncpus, (int)look_int(task, "threads", 1)) * k;
	bool grows = trial_grows(t, e, look_text(task, "name"));
	bool swaps = look_int(json_object_get(e->before, "meminfo"), "SwapTotal", 0) > 0;
	int64_t vm = look_int(task, "vm_kb", 0), anon = look_int(task, "anon_kb", 0), swap = look_int(task, "swap_kb", 0);
	trial_check_range(t, CHECK_TOTAL_VM, d->name, NULL, vm, grows ? INT64_MAX : vm, d->line->total_vm_kb);
	/* The second line of a group's first victim may come when its memory is going already. */
	int64_t least = swaps || d->again ? 0 : anon - error, most = grows ? INT64_MAX : anon + swap + error;
	trial_check_range(t, CHECK_ANON_RSS, d->name, NULL, least > 0 ? least : 0, most, d->line->anon_rss_kb);
	if (t->era.killed_details && !t->era.killed_pgtables_bytes && !grows && !d->again &&
	    d->line->pgtables_kb != OOM_UNKNOWN) {
		trial_check_int(t, CHECK_PGTABLES, d->name, NULL, look_int(task, "pte_kb", 0), d->line->pgtables_kb);
	}
}

static void check_death_line(struct trial *t, const struct episode *e, const struct death *d)
{
	check_prefix(t, e, d);
	const json_t *task = look_task_pid(e->before, d->tgid);
	if (!task || !d->ours)
		return;
	if (d->pid == d->tgid)
		check_comm(t, CHECK_KILLED_COMM, look_text(task, "comm"), d->line->comm);
	if (d->line->uid != OOM_UNKNOWN)
		trial_check_int(t, CHECK_KILLED_UID, NULL, NULL, look_int(task, "uid", -1), d->line->uid);
	if (d->line->oom_score_adj != OOM_UNKNOWN)
		trial_check_int(t, CHECK_KILLED_ADJ, NULL, NULL, look_int(task, "adj", 0),
				d->line->oom_score_adj);
	check_sizes(t, e, d, task);
}

static void check_group_line(struct trial *t, struct episode *e, const struct oom_report *r)
{
	bool group = false;
	for (size_t i = 0; i < t->test->n_cgroups; i++)
		group |= t->test->cgroups[i].group;
	if (!group)
		trial_check_text(t, CHECK_NO_GROUP, NULL, NULL, "none", r->group_memcg ? r->group_memcg : "none");
	(void)e;
}

void check_reports(struct trial *t, struct episode *e)
{
	size_t number = 0;
	/* The last report of a machine that died may have been cut anywhere. */
	if (!e->after)
		return;
	if (!e->timed_out)
		check_number(t, e);
	for (size_t i = 0; i < e->n_reports; i++) {
		const struct oom_report *r = e->reports[i];
		if (!r->has_header || r->no_killable)
			continue;
		check_constraint(t, e, r);
		check_trigger(t, e, r);
		check_memcg(t, e, r);
		check_nodes(t, e, r);
		check_selected(t, e, r);
		check_group_line(t, e, r);
		check_table(t, e, r, number++);
	}
	for (size_t i = 0; i < e->n_deaths; i++)
		check_death_line(t, e, &e->deaths[i]);
}
