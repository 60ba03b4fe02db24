// SPDX-License-Identifier: GPL-2.0-or-later
/* What memory was made of: mm/memcontrol.c:mem_cgroup_print_oom_meminfo(), mm/show_mem.c:show_free_areas(),
 * mm/slab_common.c:dump_unreclaimable_slab(). */
#include "klog/line.h"

static struct text after(struct text t, const char *at, size_t n)
{
	return text_of(at + n, (size_t)(t.end - at) - n);
}

/* "usage %llukB, limit %llukB, failcnt %lu" */
static bool usage(struct text t, struct line *l)
{
	static const struct { const char *name; size_t n; enum oom_counter counter; } names[] = {
		{ "memory: usage ", 14, OOM_COUNTER_MEMORY }, { "memory+swap: usage ", 19, OOM_COUNTER_MEMSW },
		{ "kmem: usage ", 12, OOM_COUNTER_KMEM }, { "swap: usage ", 12, OOM_COUNTER_SWAP },
	};
	size_t i;
	for (i = 0; i < 4; i++)
		if (text_starts_n(t, names[i].name, names[i].n))
			break;
	if (i == 4)
		return false;
	l->kind = LINE_USAGE;
	l->counter = names[i].counter;
	t.p += names[i].n;
	l->n[0] = l->n[1] = l->n[2] = OOM_UNKNOWN;
	int64_t v;
	if (text_int(&t, &v) && text_eat(&t, "kB")) {
		l->n[0] = v;
		l->got++;
		text_eat(&t, ",");
		text_blanks(&t);
		if (text_eat(&t, "limit ") && text_int(&t, &v) && text_eat(&t, "kB")) {
			l->n[1] = v;
			l->got++;
			text_eat(&t, ",");
			text_blanks(&t);
			if (text_eat(&t, "failcnt ") && text_int(&t, &v)) {
				l->n[2] = v;
				l->got++;
			}
		}
	}
	l->cut = l->got < 3;
	return true;
}

static bool memcg(struct text t, struct line *l)
{
	if (text_eat(&t, "Memory cgroup stats for ")) {
		/* 3.x-5.2: "PATH: cache:0KB rss:…"; since then "PATH:" and the counters below it */
		const char *colon = text_find(t, ": cache:");
		if (!colon && text_len(t) && t.end[-1] == ':')
			colon = t.end - 1;
		if (!colon)
			colon = text_find(t, ":\n");
		if (!colon && !(colon = text_find(t, ": ")))
			return false;
		l->kind = LINE_MEMCG_STATS;
		l->a = text_of(t.p, (size_t)(colon - t.p));
		l->b = after(t, colon, 1);
		for (const char *p = l->b.p; p < l->b.end; p++)
			l->got += *p == ':';
		l->cut = l->got && !text_find(l->b, "unevictable:");
		return true;
	}
	if (text_eat(&t, "Task in ")) {
		static const char words[] = " killed as a result of limit of ";
		const char *at = text_find(t, words);
		if (!at)
			return false;
		l->kind = LINE_TASK_IN;
		l->a = text_of(t.p, (size_t)(at - t.p));
		l->b = after(t, at, sizeof(words) - 1);
		return true;
	}
	if (text_eat(&t, "Memory limit reached of cgroup ")) {
		l->kind = LINE_TASK_IN;
		l->b = t;
		return true;
	}
	if (text_eat(&t, "Memory cgroup min protection ") && text_int(&t, &l->n[0])) {
		static const char words[] = "low protection ";
		const char *low = text_find(t, words);
		l->kind = LINE_PROTECTION;
		l->n[1] = OOM_UNKNOWN;
		if (low) {
			struct text v = after(t, low, sizeof(words) - 1);
			text_int(&v, &l->n[1]);
		}
		return true;
	}
	return false;
}

/* "active_anon:123 inactive_anon:45 isolated_anon:0" or one of the lines under it; kB at the first number: a node's. */
static bool counts(struct text t, struct line *l)
{
	static const char *const names[] = { "active_anon:",      "active_file:", "unevictable:", "free:",
					     "slab_reclaimable:", "mapped:",      "Active:",      "active:",
					     "inactive_anon:",    "dirty:" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct text v = t;
		size_t n = strlen(names[i]);
		int64_t number;
		if (!text_starts_n(t, names[i], n))
			continue;
		v.p += n;
		if (!text_int(&v, &number) || text_starts(v, "kB") || text_starts(v, "KB"))
			return false;	/* a node's, or a memcg's */
		l->kind = LINE_COUNTS;
		l->a = t;
		return true;
	}
	return false;
}

static bool says_kb(struct text t, const char *name)
{
	const char *at = text_find(t, name);
	int64_t n;
	if (!at)
		return false;
	t = after(t, at, strlen(name));
	return text_int(&t, &n) && text_starts(t, "kB");
}

/* A zone's amounts, up to the last that is used here; before 3.9 there is neither "managed:" nor "free_cma:". */
static void zone(struct line *l)
{
	l->kind = LINE_ZONE;
	for (const char *p = l->b.p; p + 1 < l->b.end; p++)
		l->got += *p == ':' && is_digit(p[1]);
	/* these in one piece count more than any others */
	l->got += 2 * says_kb(l->b, " present:") + 2 * says_kb(l->b, " managed:");
	bool managed = text_find(l->b, " managed:") && text_find(l->b, " free_cma:");
	l->cut = !text_find(l->b, " present:") || !(managed || text_find(l->b, " pages_scanned:"));
}

/* "Node 0 DMA32 free:…", "Node 0 active_anon:…", "Node 0 Normal: 1*4kB", "Node 0 hugepages_total=…"; without NUMA the
 * zone's line begins with the zone. */
static bool node(struct text t, struct line *l)
{
	int64_t n = 0;
	struct text v = t;
	if (text_eat(&v, "Node ")) {
		if (!text_int(&v, &n) || !text_eat(&v, " "))
			return false;
	} else if (!(text_starts(v, "DMA") || text_starts(v, "Normal") || text_starts(v, "HighMem") ||
		     text_starts(v, "Movable") || text_starts(v, "Device"))) {
		return false;
	}
	l->n[0] = n;
	if (text_starts(v, "active_anon:")) {
		l->kind = LINE_NODE;
		l->a = v;
		return true;
	}
	const char *end = v.p;
	while (end < v.end && *end != ' ' && *end != ':')
		end++;
	l->a = text_of(v.p, (size_t)(end - v.p));
	l->b = text_of(end, (size_t)(v.end - end));
	if (end == v.end || (*end == ':' && end + 1 == v.end)) {	/* torn in a word, or right behind it */
		l->kind = LINE_HALF;
		l->cut = true;
	} else if (*end == ':' && memchr(l->b.p, '*', text_len(l->b))) {
		l->kind = LINE_BUDDY;
		for (const char *p = l->b.p; p + 1 < l->b.end; p++)
			l->got += p[0] == 'k' && p[1] == 'B';
		l->cut = !text_find(l->b, " = ");
	} else if (text_starts_n(text_of(" free:", 6), l->b.p, text_len(l->b)) || text_starts(l->b, " free:")) {
		zone(l);	/* or its first words */
	} else {
		l->kind = LINE_MEMORY;
	}
	return true;
}

static bool pages(struct text t, struct line *l)
{
	static const char *const what[] = { "pages RAM",           "pages reserved",
					    "pages HighMem",       "total pagecache pages",
					    "pages in swap cache", "pages of RAM",
					    "reserved pages",      "pages of HIGHMEM" };
	int64_t n;
	if (!is_digit(*t.p) || !text_int(&t, &n))
		return false;
	if (!text_eat(&t, " "))
		return false;
	bool torn = false;	/* "52000 pag" */
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		torn |= text_len(t) && text_len(t) < strlen(what[i]) && memcmp(t.p, what[i], text_len(t)) == 0;
	if (torn || text_starts(t, "pages ") || text_starts(t, "total pagecache") || text_starts(t, "reserved pages") ||
	    text_starts(t, "free pages") || text_starts(t, "slab pages")) {
		l->kind = LINE_MEMORY;
		for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++)
			if (text_starts_n(t, what[i], strlen(what[i]))) {
				l->kind = LINE_PAGES;
				l->a = text_of(what[i], strlen(what[i]));
				l->n[0] = n;
				l->got = 1;
			} else if (text_len(t) < strlen(what[i]) && memcmp(t.p, what[i], text_len(t)) == 0) {
				l->kind = LINE_PAGES;
				l->cut = true;
			}
		return true;
	}
	return false;
}

static bool swap(struct text t, struct line *l)
{
	if (!text_starts(t, "Free swap") && !text_starts(t, "Total swap"))
		return text_starts(t, "Swap cache stats") ? (l->kind = LINE_MEMORY, true) : false;
	const char *at = memchr(t.p, '=', text_len(t));
	if (!at)
		at = memchr(t.p, ':', text_len(t));
	if (!at)
		return false;
	struct text v = after(t, at, 1);
	text_blanks(&v);
	l->kind = LINE_SWAP;
	l->cut = !text_int(&v, &l->n[0]) || !text_eat(&v, "kB");
	l->got = !l->cut;
	if (!l->cut)
		l->a = text_of(t.p, *t.p == 'F' ? 4 : 5);
	return true;
}

/* "%-17s %10luKB %10luKB" */
static bool slab(struct text t, struct line *l)
{
	const char *blank = memchr(t.p, ' ', text_len(t));
	if (!blank || text_len(t) < 8 || memcmp(t.end - 2, "KB", 2) != 0)
		return false;
	struct text v = text_of(blank, (size_t)(t.end - blank));
	text_blanks(&v);
	if (!text_int(&v, &l->n[0]) || !text_eat(&v, "KB"))
		return false;
	text_blanks(&v);
	if (!text_int(&v, &l->n[1]) || !text_eat(&v, "KB") || v.p != v.end)
		return false;
	l->kind = LINE_SLAB;
	l->a = text_of(t.p, (size_t)(blank - t.p));
	return true;
}

/* "anon_thp 2097152": a name of small letters, digits and '_', one blank, a number, no more. */
static bool stat(struct text t, struct line *l)
{
	struct text v = t;
	if (!(*v.p >= 'a' && *v.p <= 'z'))
		return false;
	while (v.p < v.end && ((*v.p >= 'a' && *v.p <= 'z') || *v.p == '_' || is_digit(*v.p) ||
			       *v.p == '(' || *v.p == ')'))
		v.p++;
	l->a = text_of(t.p, (size_t)(v.p - t.p));
	if (!text_eat(&v, " ") || !text_int(&v, &l->n[0]) || v.p != v.end)
		return false;
	l->kind = LINE_STAT;
	return true;
}

bool line_memory_parse(struct text t, struct line *l)
{
	if (text_starts(t, "Mem-Info:") || text_starts(t, "Mem-info:")) {
		l->kind = LINE_MEMINFO;
		return true;
	}
	if (text_starts(t, "Unreclaimable slab info")) {
		l->kind = LINE_SLABS;
		return true;
	}
	if (text_starts(t, "lowmem_reserve[]") || text_starts(t, "Name                      Used")) {
		l->kind = LINE_MEMORY;
		return true;
	}
	return usage(t, l) || memcg(t, l) || node(t, l) || counts(t, l) || swap(t, l) || pages(t, l) || stat(t, l) ||
	       slab(t, l);
}
