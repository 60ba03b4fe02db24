// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/explain.h"

#include "base/util.h"

static void remember(struct earlier *e, const struct oom_report *r)
{
	for (size_t i = 0; i < r->n_kills; i++)
		e->pid[e->n++ % EARLIER] = r->kills[i].pid;
	for (size_t i = 0; i < r->n_reaps; i++)
		e->pid[e->n++ % EARLIER] = r->reaps[i].pid;
	if (r->n_kills)
		e->usec = r->usec_last;
}

void explain_report(struct oom_report *r, void *explainer)
{
	struct explainer *x = explainer;
	struct recomputed c;
	recompute(r, &x->earlier, &c);
	x->reports++;
	x->disagree += c.agreement == DISAGREES;
	x->undecided += c.agreement == UNDECIDED;
	if (x->json)
		explain_json(x->out, x->file, r, &c);
	else
		explain_people(x->out, x->file, r, &c);
	if (x->flush)
		fflush(x->out);
	remember(&x->earlier, r);
	oom_report_free(r);
}
