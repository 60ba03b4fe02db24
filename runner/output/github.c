// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Annotations for GitHub Actions, beside what another printer prints: workflow commands, which the runner of a job finds
 * in its log. They go to a stream of their own, so that a form for machines stays whole.
 */
#include "base/printable.h"
#include "base/util.h"
#include "output/printer.h"
#include "output/story.h"

struct github {
	struct printer printer;
	struct printer *inner;	/* owned */
};

/* `special` are the characters that would end the place where the text stands. A newline is one that GitHub shows. */
static void put(FILE *out, const char *text, const char *special)
{
	CLEANUP_FREE char *safe = printable_log(text);
	for (const char *c = safe; *c; c++) {
		if (*c == '%' || *c == '\n' || strchr(special, *c))
			fprintf(out, "%%%02X", (unsigned)*c);
		else
			fputc(*c, out);
	}
}

/* "cases/x.yaml:12:5": the first that a failed check tells. */
static void put_place(FILE *out, const struct result *r)
{
	for (size_t i = 0; i < r->n_checks; i++) {
		if (r->checks[i].ok || !r->checks[i].where)
			continue;
		CLEANUP_FREE char *where = xstrdup(r->checks[i].where);
		char *column = strrchr(where, ':'), *line = NULL;
		if (column) {
			*column++ = '\0';
			line = strrchr(where, ':');
		}
		if (!line)
			return;
		*line++ = '\0';
		fputs("file=", out);
		put(out, where, ":,");
		fputs(",line=", out);
		put(out, line, ":,");
		fputs(",col=", out);
		put(out, column, ":,");
		fputc(',', out);
		return;
	}
}

static void annotate(FILE *out, const struct result *r)
{
	bool bad = r->verdict == VERDICT_FAIL || r->verdict == VERDICT_ERROR;
	if (!bad && r->verdict != VERDICT_XFAIL)
		return;
	CLEANUP_FREE char *story = story_of(r);
	CLEANUP_FREE char *title = xasprintf("%s: %s%s%s%s", verdict_name(r->verdict), r->id, r->kernel ? " (" : "",
					     r->kernel ? r->kernel : "", r->kernel ? ")" : "");
	fprintf(out, "::%s ", bad ? "error" : "notice");
	put_place(out, r);
	fputs("title=", out);
	put(out, title, ":,");
	fputs("::", out);
	put(out, *story ? story : title, "");
	fputc('\n', out);
	fflush(out);
}

static void begin(struct printer *p, const struct run_facts *facts)
{
	struct printer *inner = ((struct github *)p)->inner;
	inner->ops->begin(inner, facts);
}

static void progress(struct printer *p, const struct progress *now)
{
	struct printer *inner = ((struct github *)p)->inner;
	if (inner->ops->progress)
		inner->ops->progress(inner, now);
}

static void result(struct printer *p, const struct result *r)
{
	struct printer *inner = ((struct github *)p)->inner;
	inner->ops->result(inner, r);
	annotate(p->out, r);
}

static void end(struct printer *p, const struct tally *t, double seconds, size_t not_run)
{
	struct printer *inner = ((struct github *)p)->inner;
	inner->ops->end(inner, t, seconds, not_run);
}

static void release(struct printer *p)
{
	printer_free(((struct github *)p)->inner);
	free(p);
}

struct printer *printer_github(FILE *out, struct printer *inner)
{
	static const struct printer_ops ops = { begin, progress, result, end, release };
	struct github *g = xcalloc(1, sizeof(*g));
	g->printer = (struct printer){ .ops = &ops, .out = out };
	g->inner = inner;
	return &g->printer;
}
