// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/grid.h"

#include "base/printable.h"
#include "base/util.h"
#include "output/table.h"

/* How much of the kernels' names is the same up to a `/` or `:`. */
static size_t common_prefix(const char *const *kernels, size_t n)
{
	size_t len = 0, cut = 0;
	for (; kernels[0][len]; len++) {
		for (size_t i = 1; i < n; i++) {
			if (kernels[i][len] != kernels[0][len])
				return cut;
		}
		if (strchr("/:", kernels[0][len]))
			cut = len + 1;
	}
	return cut;
}

/* Names where they leave half of the line to the test, else numbers, told above the table. */
static char **make_heads(FILE *out, const char *const *kernels, size_t n, unsigned width)
{
	char **heads = xcalloc(n, sizeof(*heads));
	size_t prefix = common_prefix(kernels, n), used = 0;
	for (size_t i = 0; i < n; i++) {
		heads[i] = printable(kernels[i] + prefix);
		used += strlen(heads[i]) + 1;
	}
	if (used <= width / 2)
		return heads;
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "kernel %zu: %s\n", i + 1, heads[i]);
		free(heads[i]);
		heads[i] = xasprintf("%zu", i + 1);
	}
	return heads;
}

/* The end of the results that have the id of the first. */
static size_t same_id(const struct result *const *results, size_t first, size_t n)
{
	size_t i = first;
	while (i < n && streq(results[i]->id, results[first]->id))
		i++;
	return i;
}

static bool passed_all(const struct result *const *results, size_t n, size_t n_kernels)
{
	for (size_t i = 0; i < n; i++) {
		if (results[i]->verdict != VERDICT_PASS)
			return false;
	}
	return n == n_kernels;
}

static void add_row(struct libscols_table *table, const struct result *const *results, size_t n, const char *const *kernels,
		    size_t n_kernels)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	if (!line)
		return;
	for (size_t k = 0; k < n_kernels; k++) {
		const char *word = "-";
		for (size_t i = 0; i < n; i++) {
			if (streq(results[i]->kernel, kernels[k]))
				word = verdict_name(results[i]->verdict);
		}
		scols_line_set_data(line, k, streq(word, "fail") ? "FAIL" : streq(word, "error") ? "ERROR" : word);
	}
	scols_line_refer_data(line, n_kernels, printable(results[0]->id));
}

void grid_print(FILE *out, const struct result *const *results, size_t n, const char *const *kernels, size_t n_kernels,
		unsigned width, bool all)
{
	struct libscols_table *table = scols_new_table();
	if (!table || !n || !n_kernels) {
		scols_unref_table(table);
		return;
	}
	fputc('\n', out);
	char **heads = make_heads(out, kernels, n_kernels, width);
	for (size_t k = 0; k < n_kernels; k++)
		scols_table_new_column(table, heads[k], 0, 0);
	scols_table_new_column(table, "TEST", 0, SCOLS_FL_WRAP);
	scols_table_set_stream(table, out);
	scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(table, width);
	size_t left_out = 0;
	for (size_t i = 0, end; i < n; i = end) {
		end = same_id(results, i, n);
		if (all || !passed_all(results + i, end - i, n_kernels))
			add_row(table, results + i, end - i, kernels, n_kernels);
		else
			left_out++;
	}
	fflush(out);
	bool some = scols_table_get_nlines(table) > 0;
	if (some)
		table_print(table);
	if (left_out)
		fprintf(out, "%s%zu test%s passed on all %zu kernels\n", some ? "\n" : "", left_out, left_out == 1 ? "" : "s", n_kernels);
	for (size_t k = 0; k < n_kernels; k++)
		free(heads[k]);
	free(heads);
	scols_unref_table(table);
}
