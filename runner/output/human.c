// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For people: one line of progress on a terminal, what went wrong at once and in full, a table at the end, the counts last.
 */
#include "base/printable.h"
#include "base/util.h"
#include "base/wrap.h"
#include "output/grid.h"
#include "output/printer.h"
#include "output/table.h"

#define TABLE_ALL 60	/* up to so many tests are all in the table; of more, only those that did not pass */

struct human {
	struct printer printer;
	bool terminal, colour, verbose;
	bool on_progress_line;	/* the cursor stands behind a progress line */
	unsigned width;
	size_t n_tests, n_kernels;
	const char *const *kernels;
	unsigned failed, errors;
	const struct result **results;	/* the array is owned */
	size_t n_results;
};

static const struct {
	const char *word, *sequence, *name;	/* name: smartcols' for the colour */
} looks[] = {
	[VERDICT_ERROR] = { "ERROR", "\033[35m", "magenta" },
	[VERDICT_FAIL] = { "FAIL", "\033[31m", "red" },
	[VERDICT_PASS] = { "pass", "\033[32m", "green" },
	[VERDICT_SKIP] = { "skip", "\033[33m", "yellow" },
	[VERDICT_XFAIL] = { "xfail", "\033[36m", "cyan" },
};

static void clear_progress(struct human *h)
{
	if (h->on_progress_line)
		fputs("\r\033[K", h->printer.out);
	h->on_progress_line = false;
}

static void begin(struct printer *p, const struct run_facts *facts)
{
	struct human *h = (struct human *)p;
	h->n_tests = facts->n_tests;
	h->n_kernels = facts->n_kernels;
	h->kernels = facts->kernels;
	fprintf(p->out, "%zu test%s", facts->n_tests, facts->n_tests == 1 ? "" : "s");
	for (size_t i = 0; i < facts->n_kernels; i++)
		fprintf(p->out, "%s%s", i ? ", " : " on ", facts->kernels[i]);
	fprintf(p->out, " (%s)\n", facts->target);
	fflush(p->out);
}

static void progress(struct printer *p, const struct progress *now)
{
	struct human *h = (struct human *)p;
	if (!h->terminal)
		return;
	CLEANUP_FREE char *bad = h->failed || h->errors ? xasprintf(", %u failed, %u errors", h->failed, h->errors) :
							  xstrdup("");
	CLEANUP_FREE char *booting = now->booting ? xasprintf(", %zu booting", now->booting) : xstrdup("");
	CLEANUP_FREE char *line = xasprintf("%zu of %zu done%s; %zu running%s%s%s", now->done, h->n_tests, bad, now->running,
					    booting, now->latest ? ": " : "", now->latest ? now->latest : "");
	CLEANUP_FREE char *safe = printable(line);
	fprintf(p->out, "\r\033[K%.*s", (int)h->width - 1, safe);
	fflush(p->out);
	h->on_progress_line = true;
}

static void print_check(const struct human *h, const struct check *c)
{
	FILE *out = h->printer.out;
	fprintf(out, "      %s ", c->ok ? "ok " : "NOT");
	CLEANUP_FREE char *head = c->where ? xasprintf("%s (%s)", c->name, c->where) : xstrdup(c->name);
	print_words(out, head, 10, 10, h->width);
	if (c->ok && streq(c->expected, c->seen)) {
		fputs("          seen     ", out);
		print_words(out, c->seen, 19, 19, h->width);
		return;
	}
	fputs("          expected ", out);
	print_words(out, c->expected, 19, 19, h->width);
	fputs("          seen     ", out);
	print_words(out, c->seen, 19, 19, h->width);
}

static void print_result(const struct human *h, const struct result *r)
{
	FILE *out = h->printer.out;
	CLEANUP_FREE char *id = printable(r->id);
	fprintf(out, "%s%-5s%s %s", h->colour ? looks[r->verdict].sequence : "", looks[r->verdict].word,
		h->colour ? "\033[0m" : "", id);
	if (h->n_kernels > 1 && r->kernel)
		fprintf(out, " (%s)", r->kernel);
	if (r->verdict != VERDICT_SKIP)
		fprintf(out, " %.1f s", r->seconds);
	fputc('\n', out);
	bool bad = r->verdict == VERDICT_FAIL || r->verdict == VERDICT_ERROR;
	if (r->title && (bad || h->verbose)) {
		fputs("      ", out);
		print_words(out, r->title, 6, 6, h->width);
	}
	if (r->why) {
		fputs("      ", out);
		print_words(out, r->why, 6, 6, h->width);
	}
	for (size_t i = 0; i < r->n_checks; i++) {
		if (h->verbose || (bad && !r->checks[i].ok))
			print_check(h, &r->checks[i]);
	}
	if (r->kept && bad)
		fprintf(out, "      kept: %s\n", r->kept);
}

static void result(struct printer *p, const struct result *r)
{
	struct human *h = (struct human *)p;
	h->results = xrealloc(h->results, h->n_results + 1, sizeof(*h->results));
	h->results[h->n_results++] = r;
	bool bad = r->verdict == VERDICT_FAIL || r->verdict == VERDICT_ERROR;
	h->failed += r->verdict == VERDICT_FAIL;
	h->errors += r->verdict == VERDICT_ERROR;
	if (bad || h->verbose || !h->terminal) {
		clear_progress(h);
		print_result(h, r);
		fflush(p->out);
	}
}

static int by_id(const void *a, const void *b)
{
	const struct result *x = *(const struct result *const *)a, *y = *(const struct result *const *)b;
	int order = strcmp(x->id, y->id);
	return order ? order : strcmp(x->kernel ? x->kernel : "", y->kernel ? y->kernel : "");
}

/* What there is to say in a few words; the whole was printed as the test ended. */
static char *in_short(const struct result *r)
{
	size_t n = result_failed_checks(r);
	if (r->why)
		return printable(r->why);
	for (size_t i = 0; i < r->n_checks; i++) {
		if (r->checks[i].ok)
			continue;
		CLEANUP_FREE char *first = printable(r->checks[i].name);
		return n > 1 ? xasprintf("%s and %zu more", first, n - 1) : xstrdup(first);
	}
	return xstrdup("");
}

/* The id, and below it why. At 80 columns there is no room for them side by side. */
static char *id_and_why(const struct result *r, unsigned width)
{
	char *cell;
	size_t len;
	FILE *out = open_memstream(&cell, &len);
	if (!out)
		return xstrdup(r->id);
	CLEANUP_FREE char *id = printable(r->id), *why = in_short(r);
	print_lines(out, id, 0, width);
	if (*why)
		fputc('\n', out);
	print_lines(out, why, 2, width);
	fclose(out);
	return cell;
}

static void add_row(struct human *h, struct libscols_table *table, const struct result *r, unsigned width)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	if (!line)
		return;
	size_t column = 0;
	scols_line_set_data(line, column, looks[r->verdict].word);
	if (h->colour)
		scols_cell_set_color(scols_line_get_cell(line, column), looks[r->verdict].name);
	if (h->n_kernels > 1)
		scols_line_set_data(line, ++column, r->kernel ? r->kernel : "");
	scols_line_refer_data(line, ++column, r->verdict == VERDICT_SKIP ? xstrdup("") : xasprintf("%.1f", r->seconds));
	scols_line_refer_data(line, ++column, id_and_why(r, width));
}

/* Is it in the table? Where each result has been a line already, only what went wrong is worth saying again. */
static bool in_table(const struct human *h, const struct result *r)
{
	bool bad = r->verdict == VERDICT_FAIL || r->verdict == VERDICT_ERROR;
	if (!h->terminal || h->verbose)
		return bad;
	return h->n_results <= TABLE_ALL || r->verdict != VERDICT_PASS;
}

static void print_table(struct human *h)
{
	struct libscols_table *table = scols_new_table();
	if (!table)
		return;
	unsigned left = strlen("VERDICT") + 1 + strlen("SECONDS") + 1, longest = 0;
	for (size_t i = 0; i < h->n_results && h->n_kernels > 1; i++) {
		const char *kernel = h->results[i]->kernel;
		unsigned len = kernel ? (unsigned)strlen(kernel) + 1 : 0;
		longest = len > longest ? len : longest;
	}
	left += longest;
	unsigned width = h->width > left + 30 ? h->width - left : 30;
	scols_table_new_column(table, "VERDICT", 0, 0);
	if (h->n_kernels > 1)
		scols_table_new_column(table, "KERNEL", 0, 0);
	scols_table_new_column(table, "SECONDS", 0, SCOLS_FL_RIGHT);
	struct libscols_column *test = scols_table_new_column(table, "TEST", 0, SCOLS_FL_WRAP);
	scols_column_set_wrapfunc(test, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
	scols_column_set_safechars(test, "\n");
	scols_table_set_stream(table, h->printer.out);
	scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(table, h->width);
	scols_table_enable_colors(table, h->colour);
	for (size_t i = 0; i < h->n_results; i++) {
		if (in_table(h, h->results[i]))
			add_row(h, table, h->results[i], width);
	}
	if (scols_table_get_nlines(table)) {
		fputc('\n', h->printer.out);
		fflush(h->printer.out);
		table_print(table);
	}
	scols_unref_table(table);
}

static void end(struct printer *p, const struct tally *t, double seconds, size_t not_run)
{
	struct human *h = (struct human *)p;
	clear_progress(h);
	if (h->n_results)
		qsort(h->results, h->n_results, sizeof(*h->results), by_id);
	print_table(h);
	if (h->n_kernels > 1)
		grid_print(p->out, h->results, h->n_results, h->kernels, h->n_kernels, h->width, h->n_results <= TABLE_ALL);
	fprintf(p->out, "\n%u passed, %u failed, %u skipped, %u errors", t->passed, t->failed, t->skipped, t->errors);
	if (t->xfailed)
		fprintf(p->out, ", %u failed as known", t->xfailed);
	if (not_run)
		fprintf(p->out, ", %zu not run (ended early)", not_run);
	fprintf(p->out, " in %.1f s\n", seconds);
	fflush(p->out);
}

static void release(struct printer *p)
{
	struct human *h = (struct human *)p;
	free(h->results);
	free(h);
}

struct printer *printer_human(FILE *out, unsigned width, bool verbose)
{
	static const struct printer_ops ops = { begin, progress, result, end, release };
	struct human *h = xcalloc(1, sizeof(*h));
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	h->printer = (struct printer){ .ops = &ops, .out = out };
	h->terminal = isatty(fileno(out)) == 1 && term && !streq(term, "dumb");
	h->colour = h->terminal && !(no_color && *no_color);
	h->verbose = verbose;
	h->width = width >= 40 ? width : h->terminal && !width ? terminal_width(out) : WIDTH_DEFAULT;
	return &h->printer;
}
