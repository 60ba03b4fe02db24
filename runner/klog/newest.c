// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/newest.h"

#include "base/util.h"

#define DOUBT_USEC 10000000	/* by the kernel's clock */

static struct text keep(char **to, struct text t)
{
	size_t n = text_len(t);
	memcpy(*to, n ? t.p : "", n);
	*to += n;
	return n ? text_of(*to - n, n) : (struct text){ 0 };
}

static void add(struct newest *n, const struct prefix *p, uint64_t number, struct text t)
{
	if ((n->n & (n->n - 1)) == 0)
		n->lines = xrealloc(n->lines, n->n ? n->n * 2 : 1, sizeof(*n->lines));
	struct held *h = &n->lines[n->n++];
	size_t size = text_len(t) + text_len(p->when) + text_len(p->host) + text_len(p->caller);
	*h = (struct held){ .p = *p, .number = number, .len = text_len(t), .text = xcalloc(1, size + 1) };
	char *to = h->text;
	keep(&to, t);
	h->p.when = keep(&to, p->when);
	h->p.host = keep(&to, p->host);
	h->p.caller = keep(&to, p->caller);
	h->p.message = (struct text){ 0 };
	n->bytes += size + sizeof(*h);
}

/* Of two stamps in the order of the lines; 0: equal, or not said. */
static int runs(const struct prefix *before, const struct prefix *now)
{
	if (before->usec == OOM_UNKNOWN || now->usec == OOM_UNKNOWN)
		return 0;
	return (now->usec > before->usec) - (now->usec < before->usec);
}

/* Which way the log runs, by a line behind those that are held: its stamp against that of the line before it, and whether it is
 * later than the first. */
static enum newest_verdict judge(struct newest *n, int clock, bool rises, enum line_kind kind)
{
	switch (kind) {
	case LINE_KILLED:
	case LINE_REAPED:
	case LINE_SHARING:
	case LINE_GROUP:
		/* one was chosen and this is he: as it should be */
		return n->chosen && !n->rows && !n->memory ? NEWEST_AS_THEY_CAME : NEWEST_HOLD;
	case LINE_SELECTED:
	case LINE_CHOICE:
		if (clock > 0)
			return NEWEST_AS_THEY_CAME;
		n->chosen = true;
		return clock < 0 ? NEWEST_REVERSE : NEWEST_HOLD;
	case LINE_PANIC:
	case LINE_NO_KILLABLE:
		n->nobody = true;
		return NEWEST_HOLD;
	case LINE_ROW:
		n->rows |= n->chosen || n->nobody;
		return n->rows ? NEWEST_HOLD : NEWEST_AS_THEY_CAME;
	case LINE_TABLE:
		return n->rows && !rises ? NEWEST_REVERSE : NEWEST_AS_THEY_CAME;
	case LINE_HEADER:
		if (rises)
			return NEWEST_AS_THEY_CAME;
		return n->rows || (n->memory && n->chosen) ? NEWEST_REVERSE : NEWEST_AS_THEY_CAME;
	case LINE_USAGE:
	case LINE_MEMCG_STATS:
	case LINE_MEMINFO:
	case LINE_COUNTS:
	case LINE_ZONE:
	case LINE_PAGES:
		n->memory |= n->chosen;
		return NEWEST_HOLD;
	default:
		return NEWEST_HOLD;
	}
}

enum newest_verdict newest_hold(struct newest *n, const struct prefix *p, uint64_t number, struct text t, enum line_kind kind)
{
	bool first = !n->n;
	if (n->state == NEWEST_ON && first && kind == LINE_HEADER) {
		n->state = NEWEST_OFF;	/* a log that runs forwards is behind it */
		add(n, p, number, t);
		return NEWEST_AS_THEY_CAME;
	}
	const struct prefix *before = first ? p : &n->lines[n->n - 1].p;
	int clock = runs(before, p);
	bool late = !first && runs(&n->lines[0].p, p) > 0 && p->usec - n->lines[0].p.usec > DOUBT_USEC;
	add(n, p, number, t);
	if (n->state == NEWEST_ON)
		return kind == LINE_HEADER || n->n >= NEWEST_LINES || n->bytes >= NEWEST_BYTES ? NEWEST_REVERSE : NEWEST_HOLD;
	n->state = NEWEST_MAYBE;
	if (first) {
		n->nobody = kind == LINE_PANIC || kind == LINE_NO_KILLABLE;
		return NEWEST_HOLD;
	}
	enum newest_verdict v = judge(n, clock, runs(&n->lines[0].p, p) > 0, kind);
	if (v == NEWEST_REVERSE) {
		n->state = NEWEST_ON;
		return kind == LINE_HEADER ? v : NEWEST_HOLD;
	}
	if (v == NEWEST_AS_THEY_CAME || late || (n->n >= NEWEST_DOUBT && !n->rows) || n->n >= NEWEST_LINES ||
	    n->bytes >= NEWEST_BYTES) {
		n->state = NEWEST_OFF;
		return NEWEST_AS_THEY_CAME;
	}
	return NEWEST_HOLD;
}

void newest_clear(struct newest *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->lines[i].text);
	free(n->lines);
	*n = (struct newest){ .state = n->state == NEWEST_ON ? NEWEST_ON : NEWEST_OFF };
}
