// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "klog/assemble.h"

/* Words "name:number" of the active_anon record and its following lines; a name that was seen stays as it was. */
void memory_counts(struct oom_meminfo *m, struct text t)
{
	const struct { const char *name; int64_t *at; } names[] = {
		{ "active_anon", &m->active_anon }, { "inactive_anon", &m->inactive_anon },
		{ "active_file", &m->active_file }, { "inactive_file", &m->inactive_file },
		{ "unevictable", &m->unevictable }, { "slab_reclaimable", &m->slab_reclaimable },
		{ "slab_unreclaimable", &m->slab_unreclaimable }, { "mapped", &m->mapped }, { "shmem", &m->shmem },
		{ "pagetables", &m->pagetables }, { "free", &m->free }, { "free_cma", &m->free_cma },
	};
	while (text_len(t)) {
		text_blanks(&t);
		const char *first = t.p;
		while (t.p < t.end && *t.p != ' ' && *t.p != '\t' && *t.p != ':')
			t.p++;
		struct text name = text_of(first, (size_t)(t.p - first));
		int64_t n;
		if (!text_eat(&t, ":")) {
			if (t.p < t.end)
				t.p++;
			continue;
		}
		if (!text_int(&t, &n) || text_starts(t, "kB") || text_starts(t, "KB"))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (text_is(name, names[i].name) && *names[i].at == OOM_UNKNOWN)
				*names[i].at = n;
	}
}

static int64_t kb_of(struct text t, const char *key)
{
	const char *at = text_find(t, key);
	int64_t n;
	if (!at)
		return OOM_UNKNOWN;
	struct text v = text_of(at + strlen(key), (size_t)(t.end - at) - strlen(key));
	return text_int(&v, &n) && text_eat(&v, "kB") ? n : OOM_UNKNOWN;
}

void memory_zone(struct oom_report *r, const struct line *l)
{
	if (l->kind == LINE_BUDDY) {
		/* "1*4kB (U) 0*8kB …": the first order is one page */
		const char *star = memchr(l->b.p, '*', text_len(l->b));
		int64_t kb;
		if (star && r->page_size == OOM_UNKNOWN) {
			struct text v = text_of(star + 1, (size_t)(l->b.end - star) - 1);
			const char *p = star;
			while (p > l->b.p && is_digit(p[-1]))
				p--;
			bool first = p - l->b.p <= 2;	/* nothing but ": " before it */
			if (first && text_int(&v, &kb) && text_eat(&v, "kB") && kb >= 4 && kb <= 256 &&
			    !(kb & (kb - 1)))
				r->page_size = kb * 1024;
		}
		return;
	}
	if (!l->got || r->n_zones >= OOM_MAX_ZONES || l->n[0] < 0 || l->n[0] > 1023)
		return;
	if (!r->zones)
		r->zones = xcalloc(OOM_MAX_ZONES, sizeof(*r->zones));
	struct oom_zone *z = &r->zones[r->n_zones++];
	z->node = (int)l->n[0];
	text_copy(l->a, z->name, sizeof(z->name));
	z->free_kb = kb_of(l->b, " free:");
	z->min_kb = kb_of(l->b, " min:");
	z->present_kb = kb_of(l->b, " present:");
	z->managed_kb = kb_of(l->b, " managed:");
	z->free_cma_kb = kb_of(l->b, " free_cma:");
}

void memory_pages(struct oom_meminfo *m, const struct line *l)
{
	int64_t *at = NULL;
	if (text_is(l->a, "pages RAM") || text_is(l->a, "pages of RAM"))
		at = &m->ram;
	else if (text_is(l->a, "pages reserved") || text_is(l->a, "reserved pages"))
		at = &m->reserved;
	else if (text_is(l->a, "pages HighMem") || text_is(l->a, "pages of HIGHMEM"))
		at = &m->highmem;
	else if (text_is(l->a, "total pagecache pages"))
		at = &m->pagecache;
	else if (text_is(l->a, "pages in swap cache"))
		at = &m->swapcache;
	if (at && *at == OOM_UNKNOWN && l->n[0] >= 0)
		*at = l->n[0];
}

/* Keeps the largest, largest first. */
void memory_slab(struct oom_report *r, const struct line *l)
{
	size_t i = r->n_slabs;
	while (i > 0 && r->slabs[i - 1].used_kb < l->n[0])
		i--;
	if (i == OOM_MAX_SLABS)
		return;
	if (r->n_slabs < OOM_MAX_SLABS)
		r->n_slabs++;
	memmove(&r->slabs[i + 1], &r->slabs[i], (r->n_slabs - 1 - i) * sizeof(r->slabs[0]));
	text_copy(l->a, r->slabs[i].name, sizeof(r->slabs[i].name));
	r->slabs[i].used_kb = l->n[0];
	r->slabs[i].total_kb = l->n[1];
}

/* Up to 5.2 each memcg of the subtree has a line with its own (not its children's) kB: the sum is the whole. */
void memory_stats_line(struct oom_report *r, struct text t)
{
	while (text_len(t)) {
		text_blanks(&t);
		const char *first = t.p;
		while (t.p < t.end && *t.p != ' ' && *t.p != ':' && *t.p != '\n')
			t.p++;
		struct text name = text_of(first, (size_t)(t.p - first));
		int64_t n;
		if (text_eat(&t, ":") && text_int(&t, &n) && text_eat(&t, "KB") && n >= 0 && n < INT64_MAX >> 20)
			oom_report_stat(r, name, n * 1024, true);
		else if (t.p < t.end)
			t.p++;
	}
}
