// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/explain.h"

#include "base/util.h"
#include "base/wrap.h"

#define TEXT_AT 12	/* column of the text behind the name of a field (people.c:field) */

/* One line of a block: what does not fit goes on below its text. */
static void put_line(FILE *out, const char *line, unsigned width)
{
	bool field = starts_with(line, "  ") && strlen(line) > TEXT_AT && line[TEXT_AT - 1] == ' ';
	if (!width || strlen(line) <= width) {
		fprintf(out, "%s\n", line);
		return;
	}
	if (field)
		fprintf(out, "%.*s", TEXT_AT, line);
	print_words(out, field ? line + TEXT_AT : line, field ? TEXT_AT : 0, TEXT_AT, width);
}

static void put_block(const struct explainer *x, const struct oom_report *r, const struct recomputed *c)
{
	char *block = NULL;
	size_t len;
	FILE *f = open_memstream(&block, &len);
	if (!f) {
		explain_people(x->out, x->file, r, c);
		return;
	}
	explain_people(f, x->file, r, c);
	fclose(f);
	for (char *rest = block, *line; (line = strsep(&rest, "\n")) && rest;)
		put_line(x->out, line, x->width);
	free(block);
}

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
		put_block(x, r, &c);
	if (x->follow)
		fflush(x->out);
	earlier_add(&x->earlier, r);
	oom_report_free(r);
}
