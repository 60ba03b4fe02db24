// SPDX-License-Identifier: GPL-2.0-or-later
#include "drill/drill.h"

#include <ctype.h>
#include <stdarg.h>

#include "base/util.h"

void drill_note(struct drill *d, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->notes = xrealloc(d->notes, d->n_notes + 1, sizeof(*d->notes));
	d->notes[d->n_notes++] = xstrdup(text);
}

/* A comm may hold anything; a stand-in's name goes into a case file and into the kernel's log. */
void drill_name(struct drill_task *t, size_t number, const char *comm)
{
	int n = snprintf(t->name, sizeof(t->name), "%zu-", number);
	for (size_t i = (size_t)n; *comm && i < sizeof(t->name) - 1; comm++, i++) {
		t->name[i] = isalnum((unsigned char)*comm) || strchr("._-", *comm) ? *comm : '_';
		t->name[i + 1] = '\0';
	}
}

void drill_free(struct drill *d)
{
	for (size_t i = 0; i < d->n_steps; i++) {
		free(d->steps[i].victims);
		free(d->steps[i].silent);
	}
	for (size_t i = 0; i < d->n_notes; i++)
		free(d->notes[i]);
	free(d->steps);
	free(d->notes);
	free(d->tasks);
	free(d->cgroups);
	free(d->title);
	*d = (struct drill){ 0 };
}
