// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KTAP version 1, the kernel's own (Documentation/dev-tools/ktap.rst), flat. Diagnostics stand before the line of their
 * test, where kunit.py looks for them. A known bug is `ok … # XFAIL`, as kselftest has it, and an error `not ok … # ERROR`.
 */
#include "base/printable.h"
#include "base/util.h"
#include "output/printer.h"
#include "output/story.h"

struct ktap {
	struct printer printer;
	size_t number;
	bool name_kernels;
};

static void begin(struct printer *p, const struct run_facts *facts)
{
	struct ktap *ktap = (struct ktap *)p;
	ktap->name_kernels = facts->n_kernels > 1;
	fprintf(p->out, "KTAP version 1\n1..%zu\n", facts->n_tests);
	fflush(p->out);
}

static void diagnostics(FILE *out, const struct result *r)
{
	CLEANUP_FREE char *story = story_of(r);
	CLEANUP_FREE char *safe = printable_log(story);
	char *rest = safe, *line;
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			fprintf(out, "# %s\n", line);
	}
}

static void result(struct printer *p, const struct result *r)
{
	static const char *const directives[] = { [VERDICT_ERROR] = "ERROR", [VERDICT_SKIP] = "SKIP", [VERDICT_XFAIL] = "XFAIL" };
	struct ktap *ktap = (struct ktap *)p;
	const char *directive = r->verdict == VERDICT_PASS || r->verdict == VERDICT_FAIL ? NULL : directives[r->verdict];
	bool ok = r->verdict != VERDICT_FAIL && r->verdict != VERDICT_ERROR;
	CLEANUP_FREE char *name = ktap->name_kernels && r->kernel ? xasprintf("%s (%s)", r->id, r->kernel) : xstrdup(r->id);
	CLEANUP_FREE char *id = printable_tap(name), *why = printable_tap(r->why ? r->why : "");
	if (r->verdict != VERDICT_PASS && r->verdict != VERDICT_SKIP)
		diagnostics(p->out, r);
	fprintf(p->out, "%s %zu %s", ok ? "ok" : "not ok", ++ktap->number, id);
	if (directive)
		fprintf(p->out, " # %s%s%s", directive, *why ? " " : "", why);
	fputc('\n', p->out);
	fflush(p->out);
}

static void end(struct printer *p, const struct tally *t, double seconds, size_t not_run)
{
	if (not_run)
		fprintf(p->out, "# ended early, %zu not run\n", not_run);
	fprintf(p->out, "# Totals: pass:%u fail:%u xfail:%u xpass:0 skip:%u error:%u\n", t->passed, t->failed, t->xfailed, t->skipped,
		t->errors);
	(void)seconds;
	fflush(p->out);
}

static void release(struct printer *p)
{
	free(p);
}

struct printer *printer_ktap(FILE *out)
{
	static const struct printer_ops ops = { .begin = begin, .result = result, .end = end, .free = release };
	struct ktap *ktap = xcalloc(1, sizeof(*ktap));
	ktap->printer = (struct printer){ .ops = &ops, .out = out };
	return &ktap->printer;
}
