// SPDX-License-Identifier: GPL-2.0-or-later
/* What a report says besides of why memory was short, or that it was not. */
#include <inttypes.h>

#include "base/util.h"
#include "explain/explain.h"
#include "klog/gfp.h"

#define MOST_KB (INT64_C(1) << 50)	/* more than any machine has: a number that a log made up */

enum zone_rank { RANK_DMA, RANK_DMA32, RANK_NORMAL, RANK_HIGHMEM, RANK_MOVABLE, RANKS };

static enum zone_rank rank_of(const struct oom_zone *z)
{
	static const char *const names[RANKS] = { "DMA", "DMA32", "Normal", "HighMem", "Movable" };
	for (int i = 0; i < RANKS; i++)
		if (streq(z->name, names[i]))
			return (enum zone_rank)i;
	return RANKS;
}

/* The highest zone that a request may use: include/linux/gfp.h:gfp_zone(). */
static enum zone_rank highest(int64_t gfp)
{
	if (gfp & GFP_HIGHMEM)
		return gfp & GFP_MOVABLE ? RANK_MOVABLE : RANK_HIGHMEM;
	return gfp & GFP_DMA ? RANK_DMA : gfp & GFP_DMA32 ? RANK_DMA32 : RANK_NORMAL;
}

struct zones {
	const char *name;	/* of one of them */
	int64_t free, min, cma;	/* kB, summed; cma is part of free */
	int n;
};

static int64_t sane(int64_t kb)
{
	return kb < 0 || kb > MOST_KB ? 0 : kb;
}

static struct zones zones_of(const struct oom_report *r, int first, int last)
{
	struct zones s = { .name = NULL };
	for (size_t i = 0; i < r->n_zones; i++) {
		const struct oom_zone *z = &r->zones[i];
		int rank = rank_of(z);
		if (rank < first || rank > last || rank == RANKS)
			continue;
		s.name = z->name;
		s.free += sane(z->free_kb);
		s.min += sane(z->min_kb);
		s.cma += sane(z->free_cma_kb);
		s.n++;
	}
	return s;
}

/* The zones that a request would be served from first: the highest that it may use. */
static struct zones preferred(const struct oom_report *r)
{
	struct zones s = { .name = NULL };
	for (int rank = highest(r->trigger.gfp); rank >= 0 && !s.n; rank--)
		s = zones_of(r, rank, rank);
	return s;
}

/* Did the page allocator run out, for a request that is known, and may its nodes have been all? */
static bool of_the_allocator(const struct oom_report *r)
{
	return r->has_header && !r->memcg && !r->sysrq && r->trigger.gfp > 0 &&
	       r->constraint != OOM_CONSTRAINT_CPUSET && r->constraint != OOM_CONSTRAINT_MEMORY_POLICY;
}

/* mm/oom_kill.c:pagefault_out_of_memory() asked with neither zones nor flags. */
static bool page_fault(const struct oom_report *r, const struct recomputed *c, struct report_finding *f)
{
	char size[32];
	if (!r->has_header || r->memcg || r->sysrq || r->trigger.gfp != 0 || r->trigger.order != 0)
		return false;
	bool known = r->mem.free >= 0 && r->mem.free < MOST_KB;
	snprintf(f->text, sizeof(f->text),
		 "gfp_mask 0: a page fault failed, as a rule for a memory cgroup's limit, and the kernel killed as if the "
		 "machine had run out%s%s. More memory would not have prevented it, and oom_score_adj only moves it; Linux "
		 "5.16 does not kill for it (60e2793d440a, also in 4.19.218, 5.4.160, 5.10.80 and 5.15.3)",
		 known ? "; free: " : "", known ? explain_size(r->mem.free * (c->page_size >> 10), size) : "");
	return true;
}

/* Zones that the request may not use have more free than those that it may. */
static bool low_memory(const struct oom_report *r, const struct recomputed *c, struct report_finding *f)
{
	char size[32];
	(void)c;
	if (!of_the_allocator(r))
		return false;
	enum zone_rank top = highest(r->trigger.gfp);
	struct zones own = preferred(r), all = zones_of(r, RANK_DMA, top), above = zones_of(r, top + 1, RANK_MOVABLE);
	if (!own.n || !above.n || own.min == 0 || own.free > own.min + own.min / 4 || above.free - above.min < all.free)
		return false;
	snprintf(f->text, sizeof(f->text),
		 "low memory ran out: zone %s has %" PRId64 " kB free, its min is %" PRId64 " kB; zone %s, with %s free, is "
		 "of no use to this request",
		 own.name, own.free, own.min, above.name, explain_size(above.free, size));
	return true;
}

/* Memory of the contiguous memory allocator is lent to movable allocations only. */
static bool lent(const struct oom_report *r, const struct recomputed *c, struct report_finding *f)
{
	char a[32], b[32];
	int64_t kb = c->page_size >> 10;
	struct zones all = zones_of(r, RANK_DMA, RANK_MOVABLE);
	if (r->memcg || r->sysrq || (r->has_header && (r->trigger.gfp == 0 || r->trigger.gfp & GFP_MOVABLE)))
		return false;
	if (r->mem.free >= 0 && r->mem.free < MOST_KB / kb && r->mem.free_cma >= 0 && r->mem.free_cma <= r->mem.free) {
		all.free = r->mem.free * kb;
		all.cma = r->mem.free_cma * kb;
	}
	if (all.cma == 0 || all.cma < all.free / 4 * 3)
		return false;
	snprintf(f->text, sizeof(f->text), "of %s free %s is CMA, which only movable allocations may use",
		 explain_size(all.free, a), explain_size(all.cma, b));
	return true;
}

static bool fragmented(const struct oom_report *r, const struct recomputed *c, struct report_finding *f)
{
	char size[32];
	(void)c;
	if (!of_the_allocator(r) || r->trigger.order < 1 || r->trigger.order > 10)
		return false;
	struct zones own = preferred(r);
	int64_t usable = own.free - (r->trigger.gfp & GFP_MOVABLE ? 0 : own.cma);
	if (!own.n || own.min == 0 || usable <= own.min)
		return false;
	snprintf(f->text, sizeof(f->text),
		 "it failed for %u pages in one piece, not for an amount: zone %s has %s that the request may use, in smaller "
		 "pieces",
		 1u << r->trigger.order, own.name, explain_size(usable, size));
	return true;
}

static bool has_room(const struct oom_usage *u)
{
	return !u->present || u->limit_kb < 0 || u->usage_kb < 0 || u->usage_kb < u->limit_kb - u->limit_kb / 8;
}

/* At its limit a memcg is but for what a few processors hold ready; an eighth is more. */
static bool room(const struct oom_report *r, const struct recomputed *c, struct report_finding *f)
{
	char a[32], b[32];
	const struct oom_usage *mem = &r->counter[OOM_COUNTER_MEMORY];
	(void)c;
	if (!r->memcg || !mem->present || mem->usage_kb < 0 || mem->limit_kb <= 0 || !has_room(mem) ||
	    !has_room(&r->counter[OOM_COUNTER_MEMSW]) || !has_room(&r->counter[OOM_COUNTER_KMEM]))
		return false;
	snprintf(f->text, sizeof(f->text),
		 "the limit is not met as reported, %s of %s: usage has fallen since, or a limit of another level was met",
		 explain_size(mem->usage_kb, a), explain_size(mem->limit_kb, b));
	return true;
}

/* A patched kernel's: no release up to 7.2 has it. */
static bool by_bpf(const struct oom_report *r, const struct recomputed *c, struct report_finding *f)
{
	(void)c;
	if (!r->bpf)
		return false;
	snprintf(f->text, sizeof(f->text), "a BPF program%s%.64s%s chose who dies: its rules are not in the log",
		 r->policy ? " (policy " : "", r->policy ? r->policy : "", r->policy ? ")" : "");
	return true;
}

size_t explain_findings(const struct oom_report *r, const struct recomputed *c, struct report_finding found[MAX_REPORT_FINDINGS])
{
	static const struct {
		const char *id;
		bool (*find)(const struct oom_report *r, const struct recomputed *c, struct report_finding *f);
	} all[MAX_REPORT_FINDINGS] = {
		{ "page-fault", page_fault }, { "low-memory", low_memory }, { "cma", lent },
		{ "fragmented", fragmented }, { "limit-not-met", room },
		{ "bpf", by_bpf },
	};
	size_t n = 0;
	for (size_t i = 0; i < MAX_REPORT_FINDINGS; i++)
		if (all[i].find(r, c, &found[n]))
			found[n++].id = all[i].id;
	return n;
}
