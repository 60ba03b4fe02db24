// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/printable.h"
#include "base/util.h"
#include "base/wrap.h"
#include "output/keep_files.h"
#include "output/table.h"
#include "results/compare.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s ? s : "";
}

static const char *or_usual(const char *s)
{
	return *s ? s : "as usual";
}

static char *names(const json_t *list)
{
	char *text = xstrdup("");
	const json_t *item;
	size_t i;
	json_array_foreach(list, i, item) {
		char *longer = xasprintf("%s%s%s", text, i ? ", " : "", json_string_value(item));
		free(text);
		text = longer;
	}
	if (*text)
		return text;
	free(text);
	return xstrdup("nobody");
}

/* What there is to say of a change besides its word, a line each; `say` takes a line. */
static void each_line(const json_t *c, void (*say)(void *context, const char *line), void *context)
{
	const json_t *victims = json_object_get(c, "victims"), *seconds = json_object_get(c, "seconds"), *seen;
	size_t i;
	if (!streq(text_of(c, "a"), text_of(c, "b"))) {
		CLEANUP_FREE char *line = !*text_of(c, "a") || !*text_of(c, "b") ?
					  xasprintf("%s%s", text_of(c, "a"), text_of(c, "b")) :
					  xasprintf("%s, was %s", text_of(c, "b"), text_of(c, "a"));
		say(context, line);
	}
	if (*text_of(c, "why"))
		say(context, text_of(c, "why"));
	if (victims) {
		CLEANUP_FREE char *a = names(json_object_get(victims, "a")), *b = names(json_object_get(victims, "b"));
		CLEANUP_FREE char *line = xasprintf("victims: %s, was %s", b, a);
		say(context, line);
	}
	json_array_foreach(json_object_get(c, "seen"), i, seen) {
		CLEANUP_FREE char *line = xasprintf("%s: %s, was %s", text_of(seen, "what"), or_usual(text_of(seen, "b")),
						    or_usual(text_of(seen, "a")));
		say(context, line);
	}
	if (seconds) {
		CLEANUP_FREE char *line = xasprintf("%.1f s, was %.1f s (as the others: %.1f s)",
						    json_number_value(json_object_get(seconds, "b")),
						    json_number_value(json_object_get(seconds, "a")),
						    json_number_value(json_object_get(seconds, "usual")));
		say(context, line);
	}
}

/* How often each word occurs, in the order of the list: "1 new failure, 2 fixed". Malloced; "" for none. */
static char *counts(const json_t *changes)
{
	char *text = xstrdup("");
	size_t i, n = 0, total = json_array_size(changes);
	for (i = 0; i < total; i++) {
		const char *word = text_of(json_array_get(changes, i), "change");
		n++;
		if (i + 1 < total && streq(word, text_of(json_array_get(changes, i + 1), "change")))
			continue;
		char *longer = xasprintf("%s%s%zu %s", text, *text ? ", " : "", n, word);
		free(text);
		text = longer;
		n = 0;
	}
	return text;
}

static char *closing(const json_t *comparison)
{
	json_int_t n = json_integer_value(json_object_get(comparison, "regressions"));
	CLEANUP_FREE char *all = counts(json_object_get(comparison, "changes"));
	return xasprintf("%lld the same%s%s; %lld regression%s", (long long)json_integer_value(json_object_get(comparison, "same")),
			 *all ? ", " : "", all, (long long)n, n == 1 ? "" : "s");
}

struct cell {
	FILE *out;
	unsigned width;
};

/* Safe for a terminal, in lines that fit. */
static void say_in_cell(void *context, const char *line)
{
	const struct cell *cell = context;
	CLEANUP_FREE char *safe = printable(line);
	fputc('\n', cell->out);
	print_lines(cell->out, safe, 2, cell->width);
}

static char *test_cell(const json_t *c, unsigned width)
{
	char *text;
	size_t len;
	CLEANUP_FREE char *id = printable(text_of(c, "test"));
	struct cell cell = { open_memstream(&text, &len), width };
	if (!cell.out)
		return xstrdup(id);
	print_lines(cell.out, id, 0, width);
	each_line(c, say_in_cell, &cell);
	fclose(cell.out);
	return text;
}

void compare_print(FILE *out, const json_t *comparison, unsigned width)
{
	struct libscols_table *table = scols_new_table();
	CLEANUP_FREE char *end = closing(comparison);
	const json_t *c;
	size_t i;
	if (table) {
		scols_table_new_column(table, "CHANGE", 0, 0);
		struct libscols_column *test = scols_table_new_column(table, "TEST", 0, SCOLS_FL_WRAP);
		scols_column_set_wrapfunc(test, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
		scols_column_set_safechars(test, "\n");
		scols_table_set_stream(table, out);
		scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(table, width);
	}
	json_array_foreach(json_object_get(comparison, "changes"), i, c) {
		struct libscols_line *line = table ? scols_table_new_line(table, NULL) : NULL;
		if (!line)
			continue;
		scols_line_set_data(line, 0, text_of(c, "change"));
		scols_line_refer_data(line, 1, test_cell(c, width - 14));
	}
	if (table && scols_table_get_nlines(table)) {
		fflush(out);
		table_print(table);
		fputc('\n', out);
	}
	scols_unref_table(table);
	fprintf(out, "%s\n", end);
}

void compare_print_json(FILE *out, const json_t *comparison)
{
	const json_t *c;
	size_t i;
	json_array_foreach(json_object_get(comparison, "changes"), i, c)
		put_json_line(out, c);
	json_t *rest = json_copy((json_t *)(uintptr_t)comparison);
	json_object_del(rest, "changes");
	put_json_line(out, rest);
	json_decref(rest);
}

/* Nothing of it is markup: everything that could begin some is escaped. */
static void put_markdown(FILE *out, const char *text)
{
	CLEANUP_FREE char *safe = printable(text);
	for (const char *c = safe; *c; c++) {
		if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '&')
			fputs("&amp;", out);
		else if (strchr("\\`*_{}[]()#+!|~>@:", *c))
			fprintf(out, "\\%c", *c);
		else
			fputc(*c, out);
	}
}

static void say_markdown(void *context, const char *line)
{
	fputs("<br>", context);
	put_markdown(context, line);
}

void compare_print_markdown(FILE *out, const json_t *comparison)
{
	const json_t *changes = json_object_get(comparison, "changes"), *kernels = json_object_get(comparison, "kernels"), *c;
	CLEANUP_FREE char *end = closing(comparison);
	size_t i;
	fputs("### oomtests: ", out);
	put_markdown(out, kernels ? json_string_value(json_array_get(kernels, 1)) : text_of(comparison, "b"));
	fputs(" against ", out);
	put_markdown(out, kernels ? json_string_value(json_array_get(kernels, 0)) : text_of(comparison, "a"));
	fprintf(out, "\n\n%s.\n", end);
	if (json_array_size(changes))
		fputs("\n| change | test |\n| --- | --- |\n", out);
	json_array_foreach(changes, i, c) {
		bool bad = json_is_true(json_object_get(c, "regression"));
		fprintf(out, "| %s%s%s | ", bad ? "**" : "", text_of(c, "change"), bad ? "**" : "");
		put_markdown(out, text_of(c, "test"));
		each_line(c, say_markdown, out);
		fputs(" |\n", out);
	}
}
