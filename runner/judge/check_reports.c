// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's log of an episode, line by line, against what was observed from outside. Here: how many reports, who
 * asked and for what (mm/oom_kill.c:dump_header), within which limits. The rest is in check_memory.c, check_table.c,
 * check_killed.c.
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "base/util.h"
#include "case/kinds.h"
#include "judge/look.h"
#include "judge/scene.h"
#include "judge/trial.h"
#include "klog/gfp.h"

/* One for each chosen victim, less those that the kernel's rate limit holds back. How many these are is for the clock to say, so
 * between two runs (results/summary.c) the number means nothing then: what is expected is no mere number. */
static void check_all_reported(struct trial *t, const struct episode *e, int64_t reports)
{
	int64_t due = 0, possible = 0, chosen = 0;
	for (size_t i = 0; i < e->n_deaths; i++) {
		const struct death *d = &e->deaths[i];
		bool counts = !d->by_group && !d->again;
		chosen += counts;
		due += counts && d->due == REPORT_DUE;
		possible += counts && d->due != REPORT_HELD_BACK;
	}
	if (due == chosen) {
		trial_check_int(t, CHECK_REPORTS, NULL, NULL, chosen, reports);
		return;
	}
	char expected[96], seen[32];
	snprintf(expected, sizeof(expected), "%" PRId64 " to %" PRId64 " of %" PRId64 ", others are held back", due, possible, chosen);
	snprintf(seen, sizeof(seen), "%" PRId64, reports);
	trial_check(t, CHECK_REPORTS, NULL, NULL, expected, seen, reports >= due && reports <= possible);
}

/* Number of reports. */
static void check_number(struct trial *t, struct episode *e)
{
	const struct expectation *x = e->expect;
	int64_t reports = 0;
	for (size_t i = 0; i < e->n_reports; i++)
		reports += e->reports[i]->has_header && !e->reports[i]->no_killable;
	if (x->ooms_min >= 0)
		trial_check_range(t, CHECK_REPORTS, NULL, &x->where, x->ooms_min, x->ooms_max, reports);
	else if (!x->no_report)
		check_all_reported(t, e, reports);
}

static void check_constraint(struct trial *t, struct episode *e, const struct oom_report *r)
{
	static const char *const names[] = { "CONSTRAINT_NONE", "CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY",
					     "CONSTRAINT_MEMCG" };
	static const char *const scopes[] = { "unsaid", "global", "memcg" };
	const struct expectation *x = e->expect;
	if (t->era.summary_line)
		trial_check_text(t, CHECK_SUMMARY, NULL, NULL, "there", r->has_selected ? "there" : "not there");
	if (x->constraint == CONSTRAINT_ANY || !r->has_selected)
		return;
	trial_check_text(t, CHECK_CONSTRAINT, NULL, &x->where, names[x->constraint],
			 oom_constraint_name(r->constraint));
	trial_check_text(t, CHECK_SCOPE, NULL, NULL, x->constraint == CONSTRAINT_MEMCG ? "memcg" : "global",
			 scopes[r->selected_scope]);
}

/* Who asked, where the case says so or the scene leaves nobody else. */
static void check_trigger(struct trial *t, struct episode *e, const struct oom_report *r)
{
	const struct expectation *x = e->expect;
	if (!x->trigger)
		return;
	if (streq(x->trigger, "kworker")) {
		trial_check_text(t, CHECK_ASKED_BY, NULL, &x->where, "kworker",
				 starts_with(r->trigger.comm, "kworker/") ? "kworker" : r->trigger.comm);
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
	trial_check_comm(t, CHECK_ASKED_BY, &x->where, look_text(task, "comm"), r->trigger.comm);
}

/* Whoever it was: the first line and the CPU line are of one task, whose oom_score_adj is known. */
static void check_asker(struct trial *t, const struct episode *e, const struct oom_report *r)
{
	const json_t *task = look_task_pid(e->before, r->trigger.pid);
	int64_t adj = look_int(task, "adj", INT64_MIN);
	if (task)
		trial_check_comm(t, CHECK_ASKED_COMM, NULL, look_text(task, "comm"), r->trigger.comm);
	else if (starts_with(r->trigger.comm, "kworker/") || starts_with(r->trigger.comm, "kswapd"))
		adj = 0;
	else if (streq(r->trigger.comm, "oomagent") && trial_capable(t, "sys_resource"))
		adj = ADJ_MIN;	/* the writing child makes itself no candidate */
	if (adj != INT64_MIN)
		trial_check_int(t, CHECK_ASKED_ADJ, NULL, NULL, adj, r->trigger.oom_score_adj);
}

/* Does a step of the episode press sysrq f, beside whoever else asks? */
static bool may_be_sysrq(const struct trial *t, const struct episode *e)
{
	for (size_t i = e->first_step; i < e->last_step; i++)
		if (t->test->steps[i].op == STEP_SYSRQ)
			return true;
	return false;
}

/*
 * -1 is sysrq's alone (drivers/tty/sysrq.c:moom_callback). User memory comes page by page where there are no huge
 * pages; no charge and no allocation above PAGE_ALLOC_COSTLY_ORDER asks for a kill
 * (mm/page_alloc.c:__alloc_pages_may_oom).
 */
static void check_order(struct trial *t, const struct episode *e, const struct oom_report *r)
{
	const char *who = e->expect->trigger;
	const struct test_task *task = who ? trial_task(t, who) : NULL;
	if (streq(who, "kworker"))
		trial_check_int(t, CHECK_ORDER, NULL, NULL, -1, r->trigger.order);
	else if (who || r->trigger.order != -1 || !may_be_sysrq(t, e))
		trial_check_range(t, CHECK_ORDER, NULL, NULL, 0, who && !(task && kind_facts(task->kind)->in_pieces) ? 0 : 3,
				  r->trigger.order);
}

/* Numbers of the names that the first line prints (include/linux/gfp_types.h); the same since 5.3, but for what
 * GFP_SKIP_KASAN says. */
static const struct {
	const char *name;
	int64_t bits;
} gfp_bits[] = {
	{ "GFP_KERNEL", 0xcc0 }, { "GFP_KERNEL_ACCOUNT", 0x400cc0 }, { "GFP_USER", 0x100cc0 },
	{ "GFP_HIGHUSER", 0x100cc2 }, { "GFP_HIGHUSER_MOVABLE", 0x100cca }, { "__GFP_ZERO", 0x100 },
	{ "__GFP_WRITE", 0x1000 }, { "__GFP_NOWARN", 0x2000 }, { "__GFP_COMP", 0x40000 }, { "__GFP_ACCOUNT", 0x400000 },
};

/*
 * GFP_HIGHUSER_MOVABLE has __GFP_SKIP_KASAN_POISON from 5.14 to 5.17, and later what KASAN skips where tags are in hardware
 * (CONFIG_KASAN_HW_TAGS; c1b604d18968): up to three bits, by version and configuration, which the name stands for, too.
 */
#define GFP_SKIP_KASAN INT64_C(0x7000000)

/* The number of "A|B|C"; -1 where a name is not in the table. */
static int64_t bits_of(const char *names, size_t len)
{
	int64_t bits = 0;
	for (const char *p = names, *end = names + len; p < end; p++) {
		size_t n = strcspn(p, "|)"), i = 0;
		while (i < ARRAY_SIZE(gfp_bits) &&
		       !(strlen(gfp_bits[i].name) == n && memcmp(gfp_bits[i].name, p, n) == 0))
			i++;
		if (i == ARRAY_SIZE(gfp_bits))
			return -1;
		bits |= gfp_bits[i].bits;
		p += n;
	}
	return bits;
}

/* Is the number that of the names? */
static bool is_named(int64_t gfp, const char *names, size_t len)
{
	int64_t bits = bits_of(names, len);
	bool movable = memmem(names, len, "GFP_HIGHUSER_MOVABLE", strlen("GFP_HIGHUSER_MOVABLE"));
	return bits < 0 || bits == (movable ? gfp & ~GFP_SKIP_KASAN : gfp);
}

/* What who asks for memory this way can ask for; NULL: not known. sysrq and a write of a limit say GFP_KERNEL
 * themselves; a memcg's page fault charges a page, or (accounted) a page table, or a page read back from swap, with the
 * flags that it was allocated with (mm/swap_state.c:__read_swap_cache_async). */
static bool asks_so(const struct trial *t, const struct episode *e, const char *names, size_t len)
{
	const char *who = e->expect->trigger;
	const struct test_task *task = trial_task(t, who);
	const struct step *step = scene_trigger(t, e);
	bool kernel = len == strlen("GFP_KERNEL") && starts_with(names, "GFP_KERNEL");
	bool limit_written = step && step->op == STEP_SET;	/* else the agent writes some other file, which may ask for anything */
	if (streq(who, "kworker") || (streq(who, "agent") && limit_written))
		return kernel;
	if (e->expect->constraint == CONSTRAINT_MEMCG && task && streq(task->kind, "anon") && !*task->args)
		return kernel || starts_with(names, "GFP_KERNEL_ACCOUNT") ||
		       (scene_swaps(e) && starts_with(names, "GFP_HIGHUSER_MOVABLE"));
	return true;
}

/*
 * The flags: number and names agree; they let the killer in (__alloc_pages_may_oom, mem_cgroup_oom); and they are
 * those of who asked. 0 is a page fault's that ended in VM_FAULT_OOM (era fault_global_oom).
 */
static void check_gfp(struct trial *t, const struct episode *e, const struct oom_report *r)
{
	const char *text = r->trigger.gfp_mask, *open = text ? strchr(text, '(') : NULL;
	if (!open || t->era.version < KVER(5, 3, 0) || (!r->trigger.gfp && t->era.fault_global_oom))
		return;
	size_t len = strcspn(open + 1, ")");
	int64_t must = GFP_DIRECT_RECLAIM | (r->oom_memcg ? 0 : GFP_FS);
	bool killer = (r->trigger.gfp & must) == must && !(r->trigger.gfp & (GFP_NORETRY | GFP_RETRY_MAYFAIL));
	const char *problem = !is_named(r->trigger.gfp, open + 1, len) ? "number and names agree" :
			      !killer				       ? "flags that let the killer in" :
			      !asks_so(t, e, open + 1, len)	       ? "flags of who asked" :
									 NULL;
	trial_check(t, CHECK_GFP, NULL, NULL, problem ? problem : text, text, !problem);
}

/*
 * The first line of a trace, as each machine has it: "Call Trace:", arm64 "Call trace:", parisc and 32-bit ARM "Backtrace:", arc "Stack
 * Trace:". ARM's unwinder has frames alone (arch/arm/kernel/traps.c:dump_backtrace_entry): "[<8010ff30>] (unwind_backtrace) from
 * [<8010c174>] (show_stack)", later without the addresses.
 */
static bool begins_trace(const struct trial *t, const char *text)
{
	const char *machine = look_text(t->seen->hello, "machine");
	return strcasestr(text, "trace:") || (machine && starts_with(machine, "arm") && strstr(text, " from "));
}

/* Who asked is also told by where it was (mm/oom_kill.c:dump_header). */
static void check_trace(struct trial *t, const struct episode *e, const struct oom_report *r)
{
	bool there = false;
	for (size_t i = e->first_record; i < e->last_record && !there; i++) {
		const json_t *record = json_array_get(t->seen->kmsg, i);
		const char *text = look_text(record, "text");
		int64_t seq = look_int(record, "seq", -1);
		there = text && seq >= r->seq_first && seq <= r->seq_last && begins_trace(t, text);
	}
	trial_check_text(t, CHECK_TRACE, NULL, NULL, "there", there ? "there" : "not there");
}

static void check_memcg(struct trial *t, struct episode *e, const struct oom_report *r)
{
	int memcg = e->expect->memcg;
	const char *path = memcg < 0 ? NULL : look_text(look_cgroup(e->before, t->test->cgroups[memcg].name), "path");
	if (path)
		trial_check_text(t, CHECK_OOM_MEMCG, NULL, &e->expect->where, path, r->oom_memcg);
}

/* The name of the cpuset of a task: the last part of its path, where the scene has cpusets at all. NULL: not known. */
static const char *cpuset_of(const struct trial *t, const json_t *task)
{
	const char *path = look_text(task, "cgroup"), *slash = path ? strrchr(path, '/') : NULL;
	if (!json_is_true(json_object_get(t->plan, "cpuset")))
		return "/";
	return !slash ? NULL : slash[1] ? slash + 1 : "/";
}

/* The nodes: nodemask only for a bind policy; cpuset and mems_allowed are those of who asked. */
static void check_nodes(struct trial *t, struct episode *e, const struct oom_report *r)
{
	char buf[256];
	const json_t *task = look_task_pid(e->before, r->trigger.pid);
	if (!r->has_selected || !r->nodemask)
		return;
	const char *nodes = "(null)";
	uint64_t mask;
	CLEANUP_FREE char *name = look_bytes(look_text(task, "name"));
	if (e->expect->constraint == CONSTRAINT_MEMORY_POLICY)
		nodes = name && scene_bound_to(t, e, name, &mask) ? format_mask(mask, buf) : NULL;
	if (nodes)
		trial_check_text(t, CHECK_NODEMASK, NULL, NULL, nodes, r->nodemask);
	const char *mems = look_text(task, "mems"), *cpuset = cpuset_of(t, task);
	/* The writing child is the agent's; a kworker may use all nodes. */
	if (!task && (streq(r->trigger.comm, "oomagent") || starts_with(r->trigger.comm, "kworker/"))) {
		mems = look_text(t->seen->hello, "nodes");
		cpuset = "/";
	}
	/* User Mode Linux has no cpusets. */
	if (mems && r->mems_allowed)
		trial_check_text(t, CHECK_MEMS_ALLOWED, NULL, NULL, mems, r->mems_allowed);
	if (cpuset && r->cpuset)
		trial_check_text(t, CHECK_CPUSET, NULL, NULL, cpuset, r->cpuset);
}

static bool killed_before(const struct episode *e, size_t report)
{
	for (size_t i = 0; i < e->n_deaths; i++)
		if (e->deaths[i].report < report)
			return true;
	return false;
}

/*
 * The console shows warnings where it hides information, so a line's level decides what its owner ever sees (mm/oom_kill.c:
 * dump_header, dump_tasks, dump_oom_summary; mm/memcontrol.c:mem_cgroup_print_oom_meminfo, mem_cgroup_print_oom_group).
 */
static void check_line_levels(struct trial *t, const struct episode *e)
{
	static const struct {
		const char *words, *name;
		bool first;	/* the line begins with them */
		int level;	/* include/linux/kern_levels.h */
	} lines[] = {
		{ " invoked oom-killer: gfp_mask=", "the first line", false, 4 },
		{ "memory: usage ", "the memcg's usage", true, 6 },
		{ "Tasks state (memory values in pages):", "the table", true, 6 },
		{ "oom-kill:constraint=", "the oom-kill line", true, 6 },
		{ " are going to be killed due to memory.oom.group set", "the group's line", false, 6 },
		{ "Out of memory and no killable processes", "no killable processes", true, 4 },
	};
	if (!t->era.summary_line || !trial_own_machine(t))
		return;	/* on a host a line may be of a stranger's report, or somebody's own words */
	for (size_t i = e->first_record; i < e->last_record; i++) {
		const json_t *record = json_array_get(t->seen->kmsg, i);
		const char *text = look_text(record, "text");
		for (size_t k = 0; text && k < ARRAY_SIZE(lines); k++) {
			const char *at = strstr(text, lines[k].words);
			if (at && (!lines[k].first || at == text))
				trial_check_int(t, CHECK_LINE_LEVEL, lines[k].name, NULL, lines[k].level,
						look_int(record, "level", -1));
		}
	}
}

void check_reports(struct trial *t, struct episode *e)
{
	/* The last report of a machine that died may have been cut anywhere. */
	if (!e->after)
		return;
	if (!e->timed_out)
		check_number(t, e);
	for (size_t i = 0; i < e->n_reports; i++) {
		const struct oom_report *r = e->reports[i];
		if (!r->has_header) {
			/* Both are under the same rate limit (mm/oom_kill.c:oom_kill_process). */
			if (t->era.summary_line && r->has_selected)
				trial_check_text(t, CHECK_SUMMARY, NULL, NULL, "not there without a report", "there");
			continue;
		}
		check_asker(t, e, r);
		check_order(t, e, r);
		check_gfp(t, e, r);
		check_trace(t, e, r);
		check_memory(t, e, r, !killed_before(e, i));
		if (r->no_killable)
			continue;
		check_constraint(t, e, r);
		check_trigger(t, e, r);
		check_memcg(t, e, r);
		check_nodes(t, e, r);
		check_selected(t, e, i);
		check_table(t, e, r);
	}
	check_line_levels(t, e);
	check_free_lists(t, e);
	check_reaper(t, e);
	for (size_t i = 0; i < e->n_deaths; i++)
		check_death_line(t, e, &e->deaths[i]);
}
