// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TAP version 13, flat, the plan first: the form that prove(1), Jenkins and the kernel's own tools all read. An error is
 * `not ok` too; an expected failure is TAP's own `# TODO`. Diagnostics are a YAML block of double-quoted scalars.
 */
#include "base/printable.h"
#include "base/util.h"
#include "output/printer.h"

struct tap {
	struct printer printer;
	size_t number;
	bool name_kernels;
};

static void begin(struct printer *p, const struct run_facts *facts)
{
	struct tap *tap = (struct tap *)p;
	tap->name_kernels = facts->n_kernels > 1;
	fprintf(p->out, "TAP version 13\n1..%zu\n", facts->n_tests);
	fflush(p->out);
}

/* A double-quoted YAML scalar: \xNN means the same in YAML as printable() means by it. */
static void scalar(FILE *out, const char *key, const char *text)
{
	fprintf(out, "%s: \"", key);
	for (const char *c = text; *c;) {
		size_t n = strcspn(c, "\"\\");
		CLEANUP_FREE char *part = xasprintf("%.*s", (int)n, c);
		CLEANUP_FREE char *clean = printable(part);
		fputs(clean, out);
		c += n;
		if (*c)
			fprintf(out, "\\%c", *c++);
	}
	fputs("\"\n", out);
}

static void diagnostics(struct printer *p, const struct result *r)
{
	FILE *out = p->out;
	fputs("  ---\n", out);
	scalar(out, "  verdict", verdict_name(r->verdict));
	if (r->title)
		scalar(out, "  title", r->title);
	if (r->kernel)
		scalar(out, "  kernel", r->kernel);
	if (r->why)
		scalar(out, r->verdict == VERDICT_ERROR ? "  error" : "  why", r->why);
	if (result_failed_checks(r))
		fputs("  failed:\n", out);
	for (size_t i = 0; i < r->n_checks; i++) {
		const struct check *c = &r->checks[i];
		if (c->ok)
			continue;
		scalar(out, "    - check", c->name);
		scalar(out, "      expected", c->expected);
		scalar(out, "      seen", c->seen);
		if (c->where)
			scalar(out, "      at", c->where);
	}
	if (r->kept)
		scalar(out, "  kept", r->kept);
	fputs("  ...\n", out);
}

static void result(struct printer *p, const struct result *r)
{
	struct tap *tap = (struct tap *)p;
	bool ok = r->verdict == VERDICT_PASS || r->verdict == VERDICT_SKIP;
	CLEANUP_FREE char *name = tap->name_kernels && r->kernel ? xasprintf("%s (%s)", r->id, r->kernel) : xstrdup(r->id);
	CLEANUP_FREE char *id = printable_tap(name);
	CLEANUP_FREE char *why = printable_tap(r->why ? r->why : "");
	fprintf(p->out, "%s %zu - %s", ok ? "ok" : "not ok", ++tap->number, id);
	if (r->verdict == VERDICT_SKIP)
		fprintf(p->out, " # SKIP %s", why);
	if (r->verdict == VERDICT_XFAIL)
		fprintf(p->out, " # TODO %s", *why ? why : "a known kernel bug");
	fputc('\n', p->out);
	if (!ok)
		diagnostics(p, r);
	fflush(p->out);
}

static void end(struct printer *p, const struct tally *t, double seconds, size_t not_run)
{
	if (not_run)
		fprintf(p->out, "Bail out! ended early, %zu not run\n", not_run);
	fprintf(p->out, "# %u passed, %u failed, %u skipped, %u errors, %u xfailed in %.1f s\n", t->passed, t->failed,
		t->skipped, t->errors, t->xfailed, seconds);
	fflush(p->out);
}

static void release(struct printer *p)
{
	free(p);
}

struct printer *printer_tap(FILE *out)
{
	static const struct printer_ops ops = { .begin = begin, .result = result, .end = end, .free = release };
	struct tap *tap = xcalloc(1, sizeof(*tap));
	tap->printer = (struct printer){ .ops = &ops, .out = out };
	return &tap->printer;
}
