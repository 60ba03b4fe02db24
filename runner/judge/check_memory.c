// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a report says of memory: for a memcg its counters and statistics
 * (mm/memcontrol.c:mem_cgroup_print_oom_meminfo), for the machine the Mem-Info block (mm/show_mem.c:__show_mem).
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "base/util.h"
#include "case/files.h"
#include "judge/look.h"
#include "judge/scene.h"
#include "judge/trial.h"
#include "klog/gfp.h"
#include "model/counters.h"

/*
 * PAGE_COUNTER_MAX as the kernel prints it, in kB (include/linux/page_counter.h): the pages of an address space of LONG_MAX bytes, where
 * long has 32 bits LONG_MAX pages. 64-bit machines have it in their name, but for two.
 */
static int64_t no_limit_kb(const struct trial *t)
{
	const char *machine = look_text(t->seen->hello, "machine");
	bool wide = !machine || strstr(machine, "64") || streq(machine, "s390x") || streq(machine, "alpha");
	return wide ? INT64_MAX / (t->page_kb * 1024) * t->page_kb : INT32_MAX * t->page_kb;
}

static const struct oom_usage *counter(const struct oom_report *r, enum oom_counter c)
{
	return r->counter[c].present ? &r->counter[c] : NULL;
}

/* The limit that a file of the cgroup said before the episode and after it; false where they differ. */
static bool limit_kb(const struct trial *t, const struct episode *e, const char *cgroup, const char *file, int64_t *kb)
{
	int64_t before, after;
	if (!look_counter(e->before, cgroup, file, NULL, &before) ||
	    !look_counter(e->after, cgroup, file, NULL, &after))
		return false;
	/* A limit that the trigger itself lowers is in force when the report is made. */
	if (before != after && !streq(e->expect->trigger, "agent"))
		return false;
	*kb = after >= INT64_MAX / 2 ? no_limit_kb(t) : after / 1024;
	return true;
}

/* A number of memory.stat as the report has it, or 0; what is beyond any machine is 0 as well. */
static int64_t stat_of(const struct oom_report *r, const char *name)
{
	for (size_t i = 0; i < r->n_stats; i++)
		if (streq(r->stats[i].name, name))
			return r->stats[i].value > 0 && r->stats[i].value <= LOOK_MOST ? r->stats[i].value : 0;
	return 0;
}

/* What the counter would still take; 0 where the line does not say it. */
static int64_t room(const struct oom_usage *u)
{
	return u->limit_kb == OOM_UNKNOWN || u->usage_kb == OOM_UNKNOWN ? 0 : u->limit_kb - u->usage_kb;
}

/* Does the case write a limit while somebody else asks? It may be another one by the time the line is printed. */
static bool limit_moves(const struct trial *t, const struct episode *e)
{
	if (streq(e->expect->trigger, "agent"))
		return false;
	for (size_t i = e->first_step; i < e->last_step; i++)
		if (t->test->steps[i].op == STEP_SET && cgroup_file_is_limit(t->test->steps[i].file))
			return true;
	return false;
}

/*
 * The usage stands at the limit: mem_cgroup_out_of_memory() kills nobody once there is room for what is asked (era
 * margin_recheck); an earlier victim on its way out may make some before the line is printed. On v1 it may be the
 * counter of memory and swap that is full instead.
 */
static void check_usage(struct trial *t, const struct episode *e, const struct oom_report *r, bool first)
{
	const struct oom_usage *memory = counter(r, OOM_COUNTER_MEMORY), *memsw = counter(r, OOM_COUNTER_MEMSW);
	/* What the network has comes and goes in interrupts, also while the report is printed. What zswap keeps is
	 * charged beyond the limit. */
	bool forces = trial_forces(t), above = streq(e->expect->trigger, "agent") || forces || scene_zswaps(e);
	const struct oom_usage *full = memory;
	if (t->v1 && memsw && room(memsw) < room(memory))
		full = memsw;
	int64_t stock = trial_stock_kb(t), least = 0;
	if (first && !forces && !limit_moves(t, e) && t->era.margin_recheck && full->limit_kb > stock)
		least = full->limit_kb - stock;
	trial_check_range(t, CHECK_USAGE, NULL, NULL, least, above ? INT64_MAX : full->limit_kb,
			  full->usage_kb);
	/* What is in swap alone is in the statistics, of which each CPU holds back some. On another CPU memory may be
	 * freed between the lines. */
	int64_t swapped = stat_of(r, "total_swap") / 1024 - stock * 2;
	int64_t both = t->ncpus > 1 ? 0 : memory->usage_kb + (first && swapped > 0 ? swapped : 0);
	if (t->v1 && memsw && memory->usage_kb != OOM_UNKNOWN)
		trial_check_range(t, CHECK_MEMSW_USAGE, NULL, NULL, both, memsw->limit_kb, memsw->usage_kb);
}

/* v1's is that of a file. */
static void check_failcnt_of(struct trial *t, const struct episode *e, enum check_id check, const struct oom_usage *usage,
			     const char *cgroup, const char *file)
{
	int64_t min, max;
	if (usage && look_counter(e->before, cgroup, file, NULL, &min) && look_counter(e->after, cgroup, file, NULL, &max))
		trial_check_range(t, check, NULL, NULL, min, max, usage->failcnt);
}

/*
 * v2: each pass of the charge loop failed on this counter before the killer was asked; a write of the limit charges
 * nothing. Since 6.16 v2 prints memory.events' max in its place.
 */
static void check_failcnt(struct trial *t, const struct episode *e, const struct oom_report *r, const char *cgroup)
{
	const struct oom_usage *memory = counter(r, OOM_COUNTER_MEMORY);
	if (t->v1) {
		check_failcnt_of(t, e, CHECK_FAILCNT, memory, cgroup, "memory.failcnt");
		check_failcnt_of(t, e, CHECK_MEMSW_FAILCNT, counter(r, OOM_COUNTER_MEMSW), cgroup, "memory.memsw.failcnt");
		return;
	}
	int64_t min = streq(e->expect->trigger, "agent") ? 0 : model_max_passes(&t->era);
	trial_check_range(t, CHECK_FAILCNT, NULL, NULL, min, INT64_MAX, memory->failcnt);
}

static void check_limits(struct trial *t, const struct episode *e, const struct oom_report *r, const char *cgroup)
{
	int64_t limit;
	const struct oom_usage *memsw = counter(r, OOM_COUNTER_MEMSW), *swap = counter(r, OOM_COUNTER_SWAP),
			       *kmem = counter(r, OOM_COUNTER_KMEM);
	if (limit_kb(t, e, cgroup, t->v1 ? "memory.limit_in_bytes" : "memory.max", &limit))
		trial_check_int(t, CHECK_LIMIT, NULL, NULL, limit, counter(r, OOM_COUNTER_MEMORY)->limit_kb);
	if (!t->v1 && swap && limit_kb(t, e, cgroup, "memory.swap.max", &limit)) {
		trial_check_int(t, CHECK_SWAP_LIMIT, NULL, NULL, limit, swap->limit_kb);
		/* A limit that was lowered does not bring back what is in swap already. */
		int64_t had = 0;
		look_counter(e->before, cgroup, "memory.swap.current", NULL, &had);
		trial_check_range(t, CHECK_SWAP_USAGE, NULL, NULL, 0, had / 1024 > limit ? had / 1024 : limit,
				  swap->usage_kb);
	}
	if (t->v1 && memsw && limit_kb(t, e, cgroup, "memory.memsw.limit_in_bytes", &limit))
		trial_check_int(t, CHECK_MEMSW_LIMIT, NULL, NULL, limit, memsw->limit_kb);
	if (t->v1 && kmem)
		trial_check_int(t, CHECK_KMEM_LIMIT, NULL, NULL, no_limit_kb(t), kmem->limit_kb);
	/* where there is none, none was met */
	if (t->v1 && kmem && kmem->limit_kb == no_limit_kb(t))
		trial_check_int(t, CHECK_KMEM_FAILCNT, NULL, NULL, 0, kmem->failcnt);
}

/* Does this row belong to a task whose anonymous memory is its own, all of it charged where it lives? */
static bool plain(const struct trial *t, const struct episode *e, const struct oom_row *row)
{
	static const char *const kinds[] = { "anon", "mlock", "brk", "stack" };
	CLEANUP_FREE char *name = look_bytes(look_text(look_task_pid(e->before, row->value[OOM_COL_TGID]), "name"));
	const struct test_task *task = trial_task(t, name);
	for (size_t i = 0; task && !*task->args && i < ARRAY_SIZE(kinds); i++)
		if (streq(task->kind, kinds[i]))
			return true;
	return false;
}

static bool any_moves(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_steps; i++)
		if (t->test->steps[i].op == STEP_MOVE)
			return true;
	return false;
}

/*
 * May much be missing in the statistics, beyond what a flush leaves out? When another CPU is flushing the tree at the same time, who
 * needs them leaves it to that one (since 5.15), or does not know any more how much there is to flush: that is counted anew at each step
 * of it, from one CPU to the next (since 6.8), and no further up once a cgroup below has enough (since 6.16).
 */
static bool stats_may_be_late(const struct trial *t)
{
	return t->era.stats_late && t->ncpus > 1;
}

#define MANY (INT64_C(1) << 44)	/* pages */

/*
 * "anon" of the statistics is what the members have mapped (NR_ANON_MAPPED), so the sum over the table's rows. Each
 * CPU may hold back 64 pages of the statistics, and a flush is left out below 64 pages for each CPU (mm/memcontrol.c:
 * memcg_vmstats_needs_flush); a task's own counters may lag behind what it has mapped (SOURCE_TOUCHED). The table is printed
 * behind the statistics: others who grow may have got what their CPU has in stock, 64 pages, by then.
 */
static void check_anon(struct trial *t, const struct episode *e, const struct oom_report *r)
{
	int64_t sum = 0, slack = 2 * 64 * t->ncpus, anon = -1;
	if (stats_may_be_late(t))
		return;
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct oom_row *row = &r->rows[i];
		const json_t *task = look_task_pid(e->before, row->value[OOM_COL_TGID]);
		if (!plain(t, e, row))
			return;
		int64_t others = (look_int(task, "file_kb", 0) + look_int(task, "shmem_kb", 0)) / t->page_kb;
		bool kinds = row->value[OOM_COL_RSS_ANON] != OOM_UNKNOWN;
		int64_t rss = kinds ? row->value[OOM_COL_RSS_ANON] : row->value[OOM_COL_RSS];
		if (rss < 0 || rss > MANY || others < 0 || others > MANY)	/* no machine has as much */
			return;
		sum += kinds ? rss : rss - others;
		/* What was dropped of files since the snapshot is not in rss. */
		slack += model_rss_error(&t->era, SOURCE_TOUCHED, t->ncpus, 1) + (kinds ? 0 : others);
		if (trial_is_rival(t, e, r, row->value[OOM_COL_TGID]))
			slack += 64;
	}
	for (size_t i = 0; i < r->n_stats; i++)
		if (streq(r->stats[i].name, "anon") || (anon < 0 && streq(r->stats[i].name, "total_rss")))
			anon = r->stats[i].value / 1024 / t->page_kb;
	if ((anon >= 0 || t->era.stat_text) && r->n_rows)
		trial_check_range(t, CHECK_STATS_ANON, NULL, NULL, sum > slack ? sum - slack : 0, sum + slack, anon);
}

/* Are there pages that are pinned and that nobody maps? */
static bool pins(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_tasks; i++)
		if (streq(t->test->tasks[i].kind, "pinned"))
			return true;
	return false;
}

/*
 * What a cgroup is charged for is somewhere in its statistics (mm/memcontrol.c:memory_stats; "kernel" is there
 * since 5.18): a charge that stands for no memory would fill it. What a flush leaves out and what each CPU has in stock
 * may differ, as above; on each CPU a page may be charged that is not mapped yet, and one of which kernel objects are made
 * (mm/memcontrol.c:refill_obj_stock). Not where there is swap: what is on its way there is nobody's any more, and charged
 * still. Nor where pages are pinned that nobody maps: "anon" is what is mapped.
 */
static void check_stats_sum(struct trial *t, const struct episode *e, const struct oom_report *r)
{
	int64_t sum = stat_of(r, "anon") + stat_of(r, "file") + stat_of(r, "kernel") + stat_of(r, "sock") + stat_of(r, "zswap") +
		      stat_of(r, "hugetlb");
	int64_t usage_kb = counter(r, OOM_COUNTER_MEMORY)->usage_kb;
	if (t->v1 || stats_may_be_late(t) || pins(t) || !stat_of(r, "kernel") || scene_swaps(e) || usage_kb == OOM_UNKNOWN)
		return;
	trial_check_range(t, CHECK_STATS_SUM, NULL, NULL, usage_kb - 3 * trial_stock_kb(t) - 2 * t->ncpus * t->page_kb, INT64_MAX,
			  sum / 1024);
}

static void check_memcg_memory(struct trial *t, const struct episode *e, const struct oom_report *r, bool first)
{
	if (e->expect->memcg < 0 || !counter(r, OOM_COUNTER_MEMORY))
		return;
	const char *cgroup = t->test->cgroups[e->expect->memcg].name;
	const char *path = look_text(look_cgroup(e->before, cgroup), "path");
	check_limits(t, e, r, cgroup);
	check_usage(t, e, r, first);
	check_failcnt(t, e, r, cgroup);
	if (path && t->era.stat_text)
		trial_check_text(t, CHECK_STATS_OF, NULL, NULL, path, r->stats_memcg);
	/* Whoever dies has left the table, but not yet the statistics. */
	if (first && !any_moves(t))
		check_anon(t, e, r);
	if (first)
		check_stats_sum(t, e, r);
}

/* Of the zones in the snapshot: "pages RAM" and "pages reserved" sum them up. */
static void check_pages(struct trial *t, const struct episode *e, const struct oom_report *r)
{
	int64_t present = 0, managed = 0;
	size_t i;
	json_t *zone;
	json_array_foreach(json_object_get(e->before, "zones"), i, zone) {
		int64_t all = look_int(zone, "present", 0), free_to_use = look_int(zone, "managed", 0);
		if (all < 0 || all > MANY || free_to_use < 0 || free_to_use > MANY)	/* no machine has as much */
			return;
		present += all;
		managed += free_to_use;
	}
	if (r->mem.ram != OOM_UNKNOWN)
		trial_check_int(t, CHECK_PAGES_RAM, NULL, NULL, present, r->mem.ram);
	if (r->mem.reserved != OOM_UNKNOWN)
		trial_check_int(t, CHECK_PAGES_RESERVED, NULL, NULL, present - managed, r->mem.reserved);
	/* Not printed at all where the kernel has no swap. */
	int64_t swap = scene_swap_total_kb(t, e);
	if (r->mem.total_swap_kb != OOM_UNKNOWN)
		trial_check_int(t, CHECK_TOTAL_SWAP, NULL, NULL, swap, r->mem.total_swap_kb);
}

/* The largest zone of a node in the snapshot, of those that the flags allow; or NULL. */
static const json_t *largest_zone(const json_t *snapshot, int64_t node, int64_t gfp)
{
	const json_t *largest = NULL;
	size_t i;
	json_t *zone;
	json_array_foreach(json_object_get(snapshot, "zones"), i, zone)
		if (look_int(zone, "node", -1) == node && (gfp & GFP_HIGHMEM || !streq(look_text(zone, "zone"), "HighMem")) &&
		    (!largest || look_int(zone, "managed", 0) > look_int(largest, "managed", 0)))
			largest = zone;
	return largest;
}

/* The most that a zone keeps back from requests that could be met from a higher one, in pages. */
static int64_t kept_back(const json_t *zone)
{
	int64_t most = 0;
	size_t i;
	json_t *pages;
	json_array_foreach(json_object_get(zone, "protection"), i, pages)
		if (json_is_integer(pages) && json_integer_value(pages) > most && json_integer_value(pages) <= MANY)
			most = json_integer_value(pages);
	return most;
}

/*
 * What is free in a zone and no use to who asks, in kB: CMA's pages are for movable memory, and not for what is to be pinned
 * (mm/page_alloc.c:__zone_watermark_unusable_free, gfp_to_alloc_flags_cma).
 */
static int64_t unusable_kb(const struct trial *t, const struct oom_report *r, const struct oom_zone *z)
{
	bool movable = r->trigger.gfp & GFP_MOVABLE && !pins(t);
	return movable || z->free_cma_kb < 0 || z->free_cma_kb > z->free_kb ? 0 : z->free_cma_kb;
}

/*
 * Nobody is killed while an allowed zone has pages above its high watermark and what it keeps back from user memory:
 * __alloc_pages_may_oom() tries that first. Looked at is the largest zone of each node. Not all pages that the report
 * shows were free for the taking: the CPUs' own lists, which may hold 1/8 of the zone (mm/page_alloc.c:zone_highsize),
 * go back to it at any time; of highatomic blocks there are up to 1 % of the zone and one block
 * (reserve_highatomic_pageblock); each CPU may hold back up to 125 pages of the statistics
 * (mm/vmstat.c:calculate_normal_threshold).
 */
static void check_ran_out(struct trial *t, const struct episode *e, const struct oom_report *r, uint64_t nodes)
{
	for (size_t i = 0; i < r->n_zones; i++) {
		const struct oom_zone *z = &r->zones[i];
		const json_t *zone = largest_zone(e->before, z->node, r->trigger.gfp);
		if (z->node < 0 || z->node > 63 || !(nodes >> z->node & 1) ||
		    !streq(look_text(zone, "zone"), z->name) || streq(z->name, "Movable") || z->free_kb == OOM_UNKNOWN)
			continue;
		int64_t managed = look_int(zone, "managed", 0);
		int64_t slack = managed / 8 + managed / 100 + 512 + 125 * t->ncpus;
		char what[32];
		snprintf(what, sizeof(what), "%d", z->node);
		int64_t most = (look_int(zone, "high", 0) + kept_back(zone) + slack) * t->page_kb;
		trial_check_range(t, CHECK_FREE, what, NULL, 0, most, z->free_kb - unusable_kb(t, r, z));
	}
}

/* The nodes that the one who asked may use. */
static uint64_t allowed_nodes(const struct episode *e, const struct oom_report *r)
{
	uint64_t nodes;
	const char *mems = look_text(look_task_pid(e->before, r->trigger.pid), "mems");
	if (e->expect->constraint == CONSTRAINT_MEMORY_POLICY && r->nodemask)
		mems = r->nodemask;
	return mems && parse_mask(mems, &nodes, NULL) == 0 ? nodes : 0;
}

/* Which nodes have memory, by the snapshot. */
static uint64_t nodes_with_memory(const json_t *snapshot)
{
	uint64_t nodes = 0;
	size_t i;
	json_t *zone;
	json_array_foreach(json_object_get(snapshot, "zones"), i, zone) {
		int64_t node = look_int(zone, "node", -1);
		if (node >= 0 && node < 64)
			nodes |= UINT64_C(1) << node;
	}
	return nodes;
}

/*
 * The report shows the nodes that who asked may use, and no others (mm/show_mem.c:show_mem_node_skip,
 * SHOW_MEM_FILTER_NODES): those of the nodemask that it names, or of its mems_allowed.
 */
static void check_nodes(struct trial *t, const struct episode *e, const struct oom_report *r)
{
	uint64_t shown = 0, there = nodes_with_memory(e->before), allowed;
	char want[32], have[32];
	const char *list = streq(r->nodemask, "(null)") ? r->mems_allowed : r->nodemask;
	if (!list || parse_mask(list, &allowed, NULL) < 0 || !(allowed & there) || !r->n_zones)
		return;
	for (size_t i = 0; i < r->n_zones; i++)
		if (r->zones[i].node >= 0 && r->zones[i].node < 64)
			shown |= UINT64_C(1) << r->zones[i].node;
	snprintf(want, sizeof(want), "%#" PRIx64, allowed & there);
	snprintf(have, sizeof(have), "%#" PRIx64, shown);
	trial_check_text(t, CHECK_NODES, NULL, NULL, want, have);
}

/*
 * The kernel's objects are listed where those that can't be reclaimed are more than all that is on the lists of pages
 * (mm/oom_kill.c:should_dump_unreclaim_slab). The sums are printed a moment before; what is isolated is not in them.
 */
static void check_slabs(struct trial *t, const struct oom_report *r)
{
	const struct oom_meminfo *m = &r->mem;
	if (m->slab_unreclaimable < 0 || m->active_anon < 0 || m->inactive_anon < 0 || m->active_file < 0 || m->inactive_file < 0 ||
	    m->unevictable < 0)
		return;
	int64_t lru = m->active_anon + m->inactive_anon + m->active_file + m->inactive_file + m->unevictable;
	if (lru < m->slab_unreclaimable + 125 * 6 * t->ncpus)
		return;
	trial_check_text(t, CHECK_SLABS, NULL, NULL, "none listed", r->n_slabs ? "listed" : "none listed");
}

void check_memory(struct trial *t, struct episode *e, const struct oom_report *r, bool first)
{
	bool memcg = e->expect->constraint == CONSTRAINT_MEMCG;
	if (e->expect->constraint == CONSTRAINT_ANY)
		return;
	trial_check_text(t, CHECK_MEMORY, NULL, NULL, memcg ? "a cgroup" : "the machine",
			 counter(r, OOM_COUNTER_MEMORY) ? "a cgroup" : r->mem.present ? "the machine" : "nothing");
	if (memcg) {
		check_memcg_memory(t, e, r, first);
		return;
	}
	check_pages(t, e, r);
	check_slabs(t, r);
	check_nodes(t, e, r);
	/* A victim that is on its way out gives memory back at any time. */
	if (first && !r->sysrq && r->trigger.order == 0)
		check_ran_out(t, e, r, allowed_nodes(e, r));
}
