// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/run_args.h"

#include <argp.h>
#include <math.h>

#include "base/bytes.h"
#include "base/util.h"
#include "cmd/cmd.h"

enum {
	OPT_TAP = 256, OPT_JSON, OPT_FORMAT, OPT_DESTRUCTIVE, OPT_FRESH_BOOT, OPT_TIMEOUT_SCALE, OPT_FORCE, OPT_RESUME, OPT_SHARD,
	OPT_FAIL_FAST, OPT_COLLECT, OPT_TAG,
};

static const struct argp_option options[] = {
	{ "kernel", 'k', "KERNEL", 0, "Kernel to test: an image, \"host\", or a name such as debian:bookworm (\"oomtests "
	  "kernels\" lists them); may be repeated", 1 },
	{ "target", 't', "TARGET", 0, "Where: vm (QEMU; the default), uml (User Mode Linux), host (this very kernel) or "
	  "ssh:[USER@]HOST (a device under test)", 1 },
	{ "jobs", 'j', "N", 0, "At most N machines at once (default: the number of processors)", 1 },
	{ "shard", OPT_SHARD, "I/N", 0, "Run part I of N parts that take about the same time; together they are the whole", 1 },
	{ "tag", OPT_TAG, "TAG", 0, "Only tests with this tag, like quick; repeated: with all of them", 1 },
	{ "destructive", OPT_DESTRUCTIVE, NULL, 0, "On host: allow what can harm this machine", 1 },
	{ "fresh-boot", OPT_FRESH_BOOT, NULL, 0, "Boot a machine for each test instead of cloning a booted one", 1 },
	{ "fail-fast", OPT_FAIL_FAST, NULL, 0, "End after the first test that fails", 1 },
	{ "timeout-scale", OPT_TIMEOUT_SCALE, "X", 0, "Multiply every deadline by X", 1 },
	{ "output", 'o', "DIR", 0, "Keep results, logs and observations of all tests in DIR (default: results, and the rest of "
	  "those that failed, in results/runs/)", 2 },
	{ "collect", OPT_COLLECT, "PATH", 0, "Read this file of the machine at the end of each test and keep it with the "
	  "observation; may be repeated", 2 },
	{ "force", OPT_FORCE, NULL, 0, "Write into DIR even when it is not empty", 2 },
	{ "resume", OPT_RESUME, "DIR", 0, "Go on with the run in DIR, which was cut short: what it has is not run again", 2 },
	{ "format", OPT_FORMAT, "FORM", 0, "Print for machines: tap, ktap, json, junit or kcidb", 2 },
	{ "tap", OPT_TAP, NULL, 0, "The same as --format tap", 2 },
	{ "json", OPT_JSON, NULL, 0, "The same as --format json", 2 },
	{ "verbose", 'v', NULL, 0, "Show every check of every test; twice: the machines' own messages too", 2 },
	{ 0 },
};

static double parse_scale(const char *text, const struct argp_state *state)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end || !isfinite(value) || value < 0.01 || value > 1000)
		argp_error(state, "--timeout-scale: \"%s\" is not a number from 0.01 to 1000", text);
	return value;
}

static void set_form(struct run_args *args, const char *name, const struct argp_state *state)
{
	struct error err = { 0 };
	const struct printer_form *form = printer_form_find(name, &err);
	if (!form)
		argp_error(state, "--format: %s", err.text);
	if (args->form && args->form != form)
		argp_error(state, "--%s and --%s exclude each other", args->form->name, name);
	args->form = form;
}

/* A run that goes on is asked for nothing else. */
static void check_resume(const struct run_args *args, const struct argp_state *state)
{
	if (!args->resume)
		return;
	if (args->n_kernels || args->n_cases || args->target || args->dir || args->force || args->shard.of || args->destructive ||
	    args->fresh_boot || args->n_tags || args->n_collect || args->timeout_scale > 0)
		argp_error(state, "--resume takes kernels, cases and the rest from the run it goes on with; leave them out");
}

static void add_collect(struct run_args *args, const char *path)
{
	args->collect = xrealloc(args->collect, args->n_collect + 2, sizeof(*args->collect));
	args->collect[args->n_collect++] = path;
	args->collect[args->n_collect] = NULL;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct run_args *args = state->input;
	struct error err;
	int64_t n;
	switch (key) {
	case 'k':
		if (!*arg)
			argp_error(state, "-k: the name of the kernel is empty; \"oomtests kernels\" lists them");
		words_add(&args->kernels, &args->n_kernels, arg);
		return 0;
	case 't':
		args->target = arg;
		return 0;
	case 'j':
		if (parse_int(arg, 1, 1024, &n, &err) < 0)
			argp_error(state, "-j: %s", err.text);
		args->workers = (unsigned)n;
		return 0;
	case 'o':
		if (!*arg)
			argp_error(state, "-o: the name of the directory is empty");
		args->dir = arg;
		return 0;
	case 'v':
		args->verbose++;
		return 0;
	case OPT_TAP:
		set_form(args, "tap", state);
		return 0;
	case OPT_JSON:
		set_form(args, "json", state);
		return 0;
	case OPT_FORMAT:
		set_form(args, arg, state);
		return 0;
	case OPT_DESTRUCTIVE:
		args->destructive = true;
		return 0;
	case OPT_FRESH_BOOT:
		args->fresh_boot = true;
		return 0;
	case OPT_TIMEOUT_SCALE:
		args->timeout_scale = parse_scale(arg, state);
		return 0;
	case OPT_FAIL_FAST:
		args->fail_fast = true;
		return 0;
	case OPT_COLLECT:
		add_collect(args, arg);
		return 0;
	case OPT_TAG:
		words_add(&args->tags, &args->n_tags, arg);
		return 0;
	case OPT_FORCE:
		args->force = true;
		return 0;
	case OPT_RESUME:
		args->resume = arg;
		return 0;
	case OPT_SHARD:
		if (shard_parse(arg, &args->shard, &err) < 0)
			argp_error(state, "--shard: %s", err.text);
		return 0;
	case ARGP_KEY_ARGS:
		args->cases = (const char *const *)(void *)(state->argv + state->next);
		args->n_cases = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		check_resume(args, state);
		if (!(args->timeout_scale > 0))
			args->timeout_scale = 1;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_opt,
	.args_doc = "[CASE-FILE|DIR|ID-GLOB]...",
	.doc = "Sets the scene of each test on a machine of its own, provokes the OOM, and compares what the kernel does with "
	       "what the rules say.\v"
	       "Without cases, all that come with oomtests. A test's id is as \"oomtests list\" prints it; in a glob, * and ? "
	       "match any characters. Exit status: 0 all passed or skipped, 1 a test failed, 2 bad usage or input, 3 an error "
	       "and nothing failed.",
};

void run_args_parse(struct run_args *args, int argc, char **argv)
{
	*args = (struct run_args){ .timeout_scale = 0 };
	argp_parse(&argp, argc, argv, 0, NULL, args);
}

static json_t *strings(const char *const *from, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(from[i]));
	return list;
}

json_t *run_args_asked(const struct run_args *args)
{
	json_t *asked = json_object();
	json_object_set_new(asked, "cases", strings(args->cases, args->n_cases));
	json_object_set_new(asked, "tags", strings(args->tags, args->n_tags));
	json_object_set_new(asked, "collect", strings(args->collect, args->n_collect));
	json_object_set_new(asked, "shard", args->shard.of ? json_pack("[ii]", (int)args->shard.i, (int)args->shard.of) : json_null());
	json_object_set_new(asked, "timeout_scale", json_real(args->timeout_scale));
	json_object_set_new(asked, "destructive", json_boolean(args->destructive));
	json_object_set_new(asked, "fresh_boot", json_boolean(args->fresh_boot));
	return asked;
}

int run_args_take(struct run_args *args, const json_t *run, struct error *err)
{
	const json_t *asked = json_object_get(run, "asked");
	const json_t *cases = json_object_get(asked, "cases"), *item, *shard = json_object_get(asked, "shard");
	double scale = json_number_value(json_object_get(asked, "timeout_scale"));
	size_t i;
	if (!json_is_array(cases) || !(scale > 0))
		return error_set(err, 0, "run.json does not tell what was asked for (\"asked\")");
	args->asked_cases = xcalloc(json_array_size(cases) + 1, sizeof(*args->asked_cases));
	json_array_foreach(cases, i, item) {
		if (!json_is_string(item))
			return error_set(err, 0, "run.json: \"asked\": \"cases\" holds what is no text");
		args->asked_cases[args->n_cases++] = json_string_value(item);
	}
	args->cases = args->asked_cases;
	json_array_foreach(json_object_get(asked, "tags"), i, item) {
		words_add(&args->tags, &args->n_tags, json_string_value(item) ? json_string_value(item) : "");
	}
	json_array_foreach(json_object_get(asked, "collect"), i, item) {
		add_collect(args, json_string_value(item) ? json_string_value(item) : "");
	}
	args->target = json_string_value(json_object_get(run, "target"));
	args->timeout_scale = scale;
	args->destructive = json_is_true(json_object_get(asked, "destructive"));
	args->fresh_boot = json_is_true(json_object_get(asked, "fresh_boot"));
	json_array_foreach(json_object_get(run, "kernels"), i, item) {
		words_add(&args->kernels, &args->n_kernels, json_string_value(json_object_get(item, "name")));
	}
	/* a device is known by the name of its kernel, "ssh:HOST" */
	if (streq(args->target, "ssh") && args->n_kernels)
		args->target = args->kernels[0];
	if (json_is_array(shard)) {
		args->shard.i = (unsigned)json_integer_value(json_array_get(shard, 0));
		args->shard.of = (unsigned)json_integer_value(json_array_get(shard, 1));
	}
	return 0;
}

void run_args_free(struct run_args *args)
{
	free((void *)args->kernels);
	free(args->collect);
	free((void *)args->tags);
	free(args->asked_cases);
}
