// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/explain.h"

void explain_report(struct oom_report *r, void *explainer)
{
	struct explainer *x = explainer;
	struct recomputed c;
	if (x->follow)
		r->line = r->last_line = 0;
	recompute(r, &x->earlier, &c);
	x->reports++;
	x->disagree += c.agreement == DISAGREES;
	x->undecided += c.agreement == UNDECIDED;
	if (x->json)
		explain_json(x->out, x->file, r, &c);
	else
		explain_people(x->out, x->file, r, &c);
	if (x->follow)
		fflush(x->out);
	earlier_add(&x->earlier, r);
	oom_report_free(r);
}
