// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests report: a run as one HTML page. */
#include <argp.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/util.h"
#include "cmd/cmd.h"
#include "report/report.h"
#include "results/load.h"

struct report_args {
	const char *dir, *file;
	bool force;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write the page to FILE (default: DIR/report.html; \"-\" is standard output)", 0 },
	{ "force", 'f', NULL, 0, "Write over FILE if it is there", 0 },
	{ 0 },
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct report_args *args = state->input;
	switch (key) {
	case 'o':
		if (!*arg)
			argp_error(state, "-o: the name of the file is empty");
		args->file = arg;
		return 0;
	case 'f':
		args->force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->dir)
			argp_error(state, "one directory, not \"%s\" too; runs of several kernels are made by one \"oomtests run -o\"", arg);
		args->dir = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "the directory of a run is needed: oomtests report DIR");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_opt,
	.args_doc = "DIR",
	.doc = "Makes one HTML page of the run in DIR, which needs no network and no other file: all tests, and the story of each.\v"
	       "A run that did not come to its end is shown as far as it came. Exit status: 0 written, 2 DIR or FILE can't be used, 3 "
	       "written, but what was kept of some tests can't be read.",
};

/* The file grows under another name, so that nobody opens half a page. */
static int write_file(const struct past_run *run, const char *path, bool force, size_t *unread, struct error *err)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return error_set(err, 0, "%s is a directory: name a file in it", path);
	if (!force && lstat(path, &st) == 0)
		return error_set(err, 0, "%s is there already: name another file with -o, or write over it with --force", path);
	CLEANUP_FREE char *growing = xasprintf("%s.%d.tmp", path, (int)getpid());
	FILE *f = fopen(growing, "wex");
	if (!f)
		return error_set(err, errno, "%s can't be written", path);
	int status = report_write(f, run, unread, err);
	if (fclose(f) && status == 0)
		status = error_set(err, errno, "%s can't be written", path);
	if (status == 0 && rename(growing, path) < 0)
		status = error_set(err, errno, "%s can't be written", path);
	if (status < 0)
		unlink(growing);
	return status;
}

static int make_report(const struct past_run *run, const char *path, bool force)
{
	struct error err = { 0 };
	size_t unread = 0, n = json_array_size(run->results);
	bool standard_output = streq(path, "-");
	if ((standard_output ? report_write(stdout, run, &unread, &err) : write_file(run, path, force, &unread, &err)) < 0)
		return complain(STATUS_USAGE, "%s", err.text);
	struct stat st;
	if (!standard_output && stat(path, &st) == 0)
		printf("%s: %zu test%s, %lld KiB\n", path, n, n == 1 ? "" : "s", (long long)(st.st_size + 1023) / 1024);
	if (!run->finished || run->cut)
		complain(0, "the run in %s did not come to its end: %zu of %zu tests are there", run->path, n, past_run_planned(run));
	if (unread)
		return complain(STATUS_ERROR, "of %zu test%s only the result is told: %s", unread, unread == 1 ? "" : "s", err.text);
	return STATUS_OK;
}

int cmd_report(int argc, char **argv)
{
	struct report_args args = { 0 };
	struct error err = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	struct past_run *run = past_run_load(args.dir, &err);
	if (!run)
		return complain(STATUS_USAGE, "%s", err.text);
	CLEANUP_FREE char *path = args.file ? xstrdup(args.file) : xasprintf("%s/report.html", args.dir);
	int status = run->baseline ? complain(STATUS_USAGE, "%s is a baseline, which tells verdicts only: name the directory of a run "
					      "(oomtests run -o DIR)", args.dir) :
				     make_report(run, path, args.force);
	past_run_free(run);
	return status;
}
