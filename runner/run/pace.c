// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/pace.h"

#include <string.h>

#define INTERVAL_NS INT64_C(5000000000)

int pace_reports(const struct test *t)
{
	int64_t n = 0;
	for (size_t i = 0; i < t->n_steps; i++) {
		const struct expectation *e = t->steps[i].op == STEP_EXPECT ? t->steps[i].expect : NULL;
		int64_t most = !e ? 0 : e->ooms_max > (int64_t)e->n_victims ? e->ooms_max : (int64_t)e->n_victims;
		n += most < PACE_REPORTS ? most : PACE_REPORTS;
	}
	return n < PACE_REPORTS ? (int)n : PACE_REPORTS;
}

/* Leaves out what counts no more; what is left stays in the order of time. */
static void forget(struct pace *p, int64_t now_ns)
{
	int old = 0;
	while (old < p->n && p->free_ns[old] <= now_ns)
		old++;
	memmove(p->free_ns, p->free_ns + old, (size_t)(p->n - old) * sizeof(p->free_ns[0]));
	p->n -= old;
}

bool pace_admits(struct pace *p, int reports, int64_t now_ns, int64_t *wake_ns)
{
	forget(p, now_ns);
	int over = p->running + p->n + reports - PACE_REPORTS;
	if (over <= 0 || !reports)
		return true;
	if (p->n)
		*wake_ns = p->free_ns[over <= p->n ? over - 1 : p->n - 1];
	return false;
}

void pace_begin(struct pace *p, int reports)
{
	p->running += reports;
}

void pace_end(struct pace *p, int reports, int64_t now_ns)
{
	p->running -= reports;
	forget(p, now_ns);
	for (; reports > 0 && p->n < PACE_REPORTS; reports--)
		p->free_ns[p->n++] = now_ns + INTERVAL_NS;
}
