// SPDX-License-Identifier: GPL-2.0-or-later
/* totalpages, as far as the report tells: mm/oom_kill.c:constrained_alloc(), mm/memcontrol.c:mem_cgroup_get_max(). */
#include "base/bytes.h"
#include "base/util.h"
#include "explain/recompute.h"

#define MANY (INT64_C(1) << 40)	/* 4 PiB in pages of 4 KiB */

static int64_t pages(int64_t kb, int64_t page_size)
{
	return kb / (page_size >> 10);
}

int64_t swap_in_use(const struct oom_report *r)
{
	int64_t most = 0;
	for (size_t i = 0; i < r->n_rows; i++) {
		int64_t v = r->rows[i].value[OOM_COL_SWAPENTS];
		if (v > most && v < MANY)
			most = v;
	}
	return most;
}

static void add_swap(const struct oom_report *r, int64_t page_size, int64_t *low, int64_t *high, bool *exact)
{
	if (r->mem.total_swap_kb >= 0) {
		*low += pages(r->mem.total_swap_kb, page_size);
		*high += pages(r->mem.total_swap_kb, page_size);
		return;
	}
	*low += swap_in_use(r);
	*high += MANY;
	*exact = false;
}

static void of_memcg(const struct oom_report *r, int64_t page_size, int64_t *low, int64_t *high, bool *exact)
{
	const struct oom_usage *mem = &r->counter[OOM_COUNTER_MEMORY], *memsw = &r->counter[OOM_COUNTER_MEMSW],
			       *swap = &r->counter[OOM_COUNTER_SWAP];
	*low = 1;
	*high = MANY;
	*exact = false;
	if (!mem->present || mem->limit_kb < 0)
		return;
	int64_t limit = pages(mem->limit_kb, page_size);
	*low = limit > 0 ? limit : 1;
	if (limit == 0) {
		*high = 1;
		*exact = true;
		return;
	}
	/* the swap that counts is not said; it is at most the swap limit, and none without swappiness */
	if (memsw->present && memsw->limit_kb >= mem->limit_kb && pages(memsw->limit_kb, page_size) < MANY)
		*high = pages(memsw->limit_kb, page_size);
	else if (swap->present && swap->limit_kb >= 0 && pages(swap->limit_kb, page_size) < MANY)
		*high = limit + pages(swap->limit_kb, page_size);
	*exact = *high == *low;
}

/* Present pages of the nodes of a mask, by the zones' lines. False: not all of them are there. */
static bool nodes_present(const struct oom_report *r, const char *list, int64_t page_size, int64_t *sum)
{
	uint64_t mask, seen = 0;
	int64_t kb = 0;
	if (!list || parse_mask(list, &mask, NULL) < 0 || !mask)
		return false;
	for (size_t i = 0; i < r->n_zones; i++) {
		const struct oom_zone *z = &r->zones[i];
		if (z->node > 63 || !(mask >> z->node & 1))
			continue;
		if (z->present_kb < 0 || z->present_kb > INT64_MAX >> 12)
			return false;
		seen |= UINT64_C(1) << z->node;
		kb += z->present_kb;
	}
	*sum = pages(kb, page_size);
	return seen == mask;
}

void total_bounds(const struct oom_report *r, int64_t page_size, int64_t *low, int64_t *high, bool *exact)
{
	const struct oom_meminfo *m = &r->mem;
	*exact = true;
	if (r->memcg) {
		of_memcg(r, page_size, low, high, exact);
		return;
	}
	if (r->constraint == OOM_CONSTRAINT_CPUSET || r->constraint == OOM_CONSTRAINT_MEMORY_POLICY) {
		int64_t sum;
		if (nodes_present(r, r->constraint == OOM_CONSTRAINT_CPUSET ? r->mems_allowed : r->nodemask, page_size,
				  &sum)) {
			*low = *high = sum;
		} else {
			*low = 1;
			*high = m->ram > 0 && m->ram < MANY ? m->ram : MANY;
			*exact = false;
		}
		add_swap(r, page_size, low, high, exact);
		return;
	}
	if (m->ram > 0 && m->ram < MANY && m->reserved >= 0 && m->reserved < m->ram) {
		*low = *high = m->ram - m->reserved;
	} else if (m->ram > 0 && m->ram < MANY) {
		*low = m->ram / 2;
		*high = m->ram;
		*exact = false;
	} else {
		int64_t managed = 0;
		for (size_t i = 0; i < r->n_zones; i++)
			if (r->zones[i].managed_kb > 0 && r->zones[i].managed_kb < MANY)
				managed += r->zones[i].managed_kb;
		*low = managed ? pages(managed, page_size) : 1;
		*high = MANY;
		*exact = false;
	}
	/* up to 5.0 the log does not name the constraint: a cpuset or a policy may have made it smaller */
	if (r->constraint == OOM_CONSTRAINT_UNKNOWN && r->mems_allowed) {
		uint64_t allowed, all = 0;
		for (size_t i = 0; i < r->n_zones; i++)
			if (r->zones[i].node < 64)
				all |= UINT64_C(1) << r->zones[i].node;
		if (parse_mask(r->mems_allowed, &allowed, NULL) < 0 || (all & ~allowed)) {
			*low = 1;
			*exact = false;
		}
	}
	/* 128 TiB of swap and more does not exist */
	add_swap(r, page_size, low, high, exact);
}

int64_t total_least(const struct oom_report *r, int64_t page_size)
{
	int64_t low, high, swap = swap_in_use(r);
	bool exact;
	total_bounds(r, page_size, &low, &high, &exact);
	if (exact)
		return low;
	if (r->memcg)	/* swap in use could only not count where swappiness was set to 0 later */
		return low > 1 ? low + (swap < high - low ? swap : high - low) : 0;
	if (r->mem.total_swap_kb >= 0)
		swap = pages(r->mem.total_swap_kb, page_size);
	return low - swap > 1 ? low : 0;
}
