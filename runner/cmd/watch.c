// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests watch: memory pressure and OOM events, as they come. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>

#include "base/bytes.h"
#include "base/util.h"
#include "cmd/cmd.h"
#include "watch/watch.h"

enum { KEY_EXEC = 256, KEY_METRICS, KEY_PROCESS, KEY_TICK };

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "One JSON object per event", 0 },
	{ "warn", 'w', "PERCENT,…", 0, "Warn at so much of memory, and of a cgroup's limit (default 80,90)", 0 },
	{ "cgroup", 'g', "PATH", 0, "Only this memory cgroup and those below it", 0 },
	{ "process", KEY_PROCESS, "NAME", 0, "Tell when processes of this name end, whoever ended them", 0 },
	{ "exec", KEY_EXEC, "COMMAND", 0, "Run it by sh for each warning and worse: JSON on its standard input, OOMTESTS_EVENT and OOMTESTS_TEXT set", 0 },
	{ "metrics", KEY_METRICS, "FILE", 0, "Keep FILE (*.prom) up to date for node_exporter's textfile collector", 0 },
	{ "tick", KEY_TICK, "SECONDS", 0, "Look at what the kernel sends no event for so often (default 10)", 0 },
	{ 0 },
};

static int parse_levels(const char *text, struct watch_options *o, struct error *err)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *word;
	o->n_levels = 0;
	while ((word = strsep(&rest, ","))) {
		int64_t n;
		if (parse_int(word, 1, 100, &n, err) < 0)
			return -1;
		if (o->n_levels == WATCH_LEVELS || (o->n_levels && n <= o->levels[o->n_levels - 1]))
			return error_set(err, 0, "at most %d percentages, each larger than the one before", WATCH_LEVELS);
		o->levels[o->n_levels++] = (int)n;
	}
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct watch_options *o = state->input;
	struct error err;
	int64_t n;
	switch (key) {
	case 'j':
		o->json = true;
		return 0;
	case 'w':
		if (parse_levels(arg, o, &err) < 0)
			argp_error(state, "--warn: %s", err.text);
		return 0;
	case 'g':
		if (arg[0] != '/')
			argp_error(state, "--cgroup: \"%s\" does not begin with /; it is the path without the mount point", arg);
		words_add(&o->cgroups, &o->n_cgroups, arg);
		return 0;
	case KEY_PROCESS:
		words_add(&o->processes, &o->n_processes, arg);
		return 0;
	case KEY_EXEC:
		o->exec = arg;
		return 0;
	case KEY_METRICS:
		o->metrics = arg;
		return 0;
	case KEY_TICK:
		if (parse_int(arg, 1, 86400, &n, &err) < 0)
			argp_error(state, "--tick: %s", err.text);
		o->tick_s = (int)n;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Tells, as it happens, when memory or a cgroup's limit comes near its end, who would die next, who is killed, and why. Runs "
	       "until it is interrupted.\v"
	       "Exit status: 0 ended by SIGINT or SIGTERM, 2 bad usage, 3 it could not go on.",
};

int cmd_watch(int argc, char **argv)
{
	struct watch_options o = { .levels = { 80, 90 }, .n_levels = 2, .tick_s = 10, .out = stdout };
	struct error err;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	int status = STATUS_OK;
	if (o.metrics) {
		CLEANUP_FD int fd = open(o.metrics, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			status = complain(STATUS_USAGE, "--metrics %s: %s", o.metrics, strerror(errno));
	}
	if (status == STATUS_OK && watch_run(&o, &err) < 0) {
		status = complain(STATUS_ERROR, "%s", err.text);
		clearerr(stdout);	/* said already, if it was that */
	}
	free((void *)o.cgroups);
	free((void *)o.processes);
	return status;
}
