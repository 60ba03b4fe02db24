// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests kernels: what -k accepts, and the cache of fetched kernels. */
#include <argp.h>
#include <jansson.h>

#include "base/bytes.h"
#include "base/util.h"
#include "base/wrap.h"
#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "output/table.h"

struct kernels_args {
	bool json;
	char **words;
	int n;
};

/* What it is, a line each: its release, its package's version, what it is good for. Malloced. */
static char *about(const struct kernel_entry *e, unsigned width)
{
	char *cell;
	size_t len;
	FILE *out = open_memstream(&cell, &len);
	if (!out)
		return xstrdup(e->name);
	print_lines(out, e->dir ? e->release ? e->release : "?" : "not fetched", 0, width);
	const char *const more[] = { e->version, e->about };
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		if (!more[i] || !*more[i])
			continue;
		fputc('\n', out);
		print_lines(out, more[i], 2, width);
	}
	fclose(out);
	return cell;
}

/* At 80 columns there is no room for all of it side by side. */
static int print_table(const struct kernel_entry *list, size_t n)
{
	struct libscols_table *tb = scols_new_table();
	unsigned width = terminal_width(stdout), left = strlen("2026-01-31 100 MiB  "), longest = 0;
	if (!tb)
		return complain(STATUS_ERROR, "out of memory");
	for (size_t i = 0; i < n; i++)
		longest = strlen(list[i].name) > longest ? (unsigned)strlen(list[i].name) : longest;
	left += longest;
	scols_table_new_column(tb, "NAME", 0, 0);
	scols_table_new_column(tb, "FETCHED", 0, 0);
	scols_table_new_column(tb, "SIZE", 0, SCOLS_FL_RIGHT);
	struct libscols_column *release = scols_table_new_column(tb, "RELEASE", 0, SCOLS_FL_WRAP);
	scols_column_set_wrapfunc(release, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
	scols_column_set_safechars(release, "\n");
	scols_table_set_termforce(tb, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(tb, width);
	for (size_t i = 0; i < n; i++) {
		const struct kernel_entry *e = &list[i];
		char size[32];
		struct libscols_line *ln = scols_table_new_line(tb, NULL);
		if (!ln)
			continue;
		CLEANUP_FREE char *day = e->fetched ? strndup(e->fetched, strlen("2026-01-31")) : NULL;
		scols_line_set_data(ln, 0, e->name);
		scols_line_set_data(ln, 1, day);
		scols_line_set_data(ln, 2, e->dir ? format_size(e->bytes >> 20 << 20, size) : NULL);
		scols_line_refer_data(ln, 3, about(e, width > left + 30 ? width - left : 30));
	}
	int status = table_print(tb) ? STATUS_ERROR : STATUS_OK;
	scols_unref_table(tb);
	return status;
}

static void print_json(const struct kernel_entry *e)
{
	json_t *o = json_pack("{s:s, s:b, s:s?, s:s?, s:s?, s:s?, s:s?, s:o}", "name", e->name, "cached", e->dir != NULL,
			      "release", e->release, "version", e->version, "fetched", e->fetched, "path", e->dir,
			      "about", e->about, "bytes", e->dir ? json_integer((json_int_t)e->bytes) : json_null());
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static int list_kernels(const struct kernels_args *args)
{
	struct error err;
	struct kernel_entry *list;
	size_t n;
	if (kernel_list(&list, &n, &err) < 0)
		return complain(STATUS_ERROR, "%s", err.text);
	int status = STATUS_OK;
	if (args->json) {
		for (size_t i = 0; i < n; i++)
			print_json(&list[i]);
	} else {
		status = print_table(list, n);
	}
	kernel_list_free(list, n);
	return status;
}

static void show_progress(const char *text, void *arg)
{
	(void)arg;
	fprintf(stderr, "%s\n", text);
}

static int fetch_kernels(const struct kernels_args *args)
{
	int status = STATUS_OK;
	for (int i = 1; i < args->n; i++) {
		struct error err;
		struct kernel k;
		if (kernel_fetch(args->words[i], isatty(STDERR_FILENO) ? show_progress : NULL, NULL, &k, &err) < 0) {
			int bad = complain(err.input ? STATUS_USAGE : STATUS_ERROR, "%s", err.text);
			status = bad > status ? bad : status;
			continue;
		}
		if (args->json) {
			json_t *o = json_pack("{s:s, s:s?, s:s, s:s?}", "name", k.name, "release", k.release, "image",
					      k.image, "modules", k.modules);
			json_dumpf(o, stdout, JSON_COMPACT);
			putchar('\n');
			json_decref(o);
		} else {
			printf("%s: Linux %s\n", k.name, k.release ? k.release : "?");
		}
		kernel_clear(&k);
	}
	return status;
}

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "JSON Lines: one object per kernel", 0 },
	{ 0 },
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct kernels_args *args = state->input;
	switch (key) {
	case 'J':
		args->json = true;
		return 0;
	case ARGP_KEY_ARGS:
		args->words = state->argv + state->next;
		args->n = state->argc - state->next;
		return 0;
	case ARGP_KEY_SUCCESS:
		arg = args->n ? args->words[0] : (char[]){ "list" };
		if (streq(arg, "fetch") && args->n < 2)
			argp_error(state, "fetch needs the name of a kernel, such as " KERNEL_DEFAULT);
		else if (streq(arg, "list") && args->n > 1)
			argp_error(state, "list takes no argument, and \"%s\" was given", args->words[1]);
		else if (!streq(arg, "fetch") && !streq(arg, "list"))
			argp_error(state, "\"%s\" is neither list nor fetch", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_opt,
	.args_doc = "[list]\nfetch NAME...",
	.doc = "The kernels that -k accepts by name, and the cache of those fetched.\v"
	       "Names: debian:SUITE (debian:sid), debian:SUITE-X.Y (debian:bookworm-6.12), debian:SUITE/PACKAGE. fetch asks "
	       "Debian's archive for the newest and checks its signature; what is fetched works offline.",
};

int cmd_kernels(int argc, char **argv)
{
	struct kernels_args args = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	return args.n && streq(args.words[0], "fetch") ? fetch_kernels(&args) : list_kernels(&args);
}
