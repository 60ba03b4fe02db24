// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests run: predict, provoke, verify. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>

#include "base/bytes.h"
#include "base/paths.h"
#include "base/util.h"
#include "case/case.h"
#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "output/keep.h"
#include "output/printer.h"
#include "run/schedule.h"
#include "target/host.h"
#include "target/target.h"

enum form { FORM_HUMAN, FORM_TAP, FORM_JSON };
enum { OPT_TAP = 256, OPT_JSON, OPT_DESTRUCTIVE, OPT_FRESH_BOOT, OPT_TIMEOUT_SCALE, OPT_FORCE, OPT_FAIL_FAST };

struct run_args {
	const char **kernels;
	size_t n_kernels;
	const char *target, *dir;
	enum form form;
	unsigned workers;	/* 0: as many as processors */
	double timeout_scale;
	bool destructive, fresh_boot, force, fail_fast;
	int verbose;
	const char *const *cases;
	size_t n_cases;
};

static const struct argp_option options[] = {
	{ "kernel", 'k', "KERNEL", 0, "Kernel to test: an image, \"host\", or a name such as debian:bookworm (\"oomtests "
	  "kernels\" lists them); may be repeated", 1 },
	{ "target", 't', "TARGET", 0, "Where: vm (QEMU; the default), uml (User Mode Linux) or host (this very kernel)", 1 },
	{ "jobs", 'j', "N", 0, "At most N machines at once (default: the number of processors)", 1 },
	{ "destructive", OPT_DESTRUCTIVE, NULL, 0, "On host: allow what can harm this machine", 1 },
	{ "fresh-boot", OPT_FRESH_BOOT, NULL, 0, "Boot a machine for each test instead of cloning a booted one", 1 },
	{ "fail-fast", OPT_FAIL_FAST, NULL, 0, "End after the first test that fails", 1 },
	{ "timeout-scale", OPT_TIMEOUT_SCALE, "X", 0, "Multiply every deadline by X", 1 },
	{ "output", 'o', "DIR", 0, "Keep results, logs and observations of all tests in DIR (default: of those that failed, in "
	  "results/runs/)", 2 },
	{ "force", OPT_FORCE, NULL, 0, "Write into DIR even when it is not empty", 2 },
	{ "tap", OPT_TAP, NULL, 0, "Print TAP version 13", 2 },
	{ "json", OPT_JSON, NULL, 0, "Print JSON Lines", 2 },
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

static void set_form(struct run_args *args, enum form form, const struct argp_state *state)
{
	if (args->form != FORM_HUMAN && args->form != form)
		argp_error(state, "--tap and --json exclude each other");
	args->form = form;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct run_args *args = state->input;
	struct error err;
	int64_t n;
	switch (key) {
	case 'k':
		args->kernels = xrealloc(args->kernels, args->n_kernels + 1, sizeof(*args->kernels));
		args->kernels[args->n_kernels++] = arg;
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
		set_form(args, FORM_TAP, state);
		return 0;
	case OPT_JSON:
		set_form(args, FORM_JSON, state);
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
	case OPT_FORCE:
		args->force = true;
		return 0;
	case ARGP_KEY_ARGS:
		args->cases = (const char *const *)(void *)(state->argv + state->next);
		args->n_cases = (size_t)(state->argc - state->next);
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

static void fetch_progress(const char *text, void *arg)
{
	(void)arg;
	fprintf(stderr, "%s\n", text);
}

/* The target that was named; or vm, or where that is not to be had, uml. */
static const struct target_ops *choose_target(const struct run_args *args, int *status)
{
	struct error err = { 0 }, err2;
	const char *name = args->target ? args->target : "vm";
	const struct target_ops *target = target_find(name);
	if (!target) {
		*status = complain(STATUS_USAGE, "no target \"%s\"; there are %s", name, target_names());
		return NULL;
	}
	if (target->usable(&err) == 0)
		return target;
	const struct target_ops *uml = target_find("uml");
	if (!args->target && !args->n_kernels && uml && uml->usable(&err2) == 0) {
		complain(0, "%s; running in User Mode Linux instead (-t uml)", err.text);
		return uml;
	}
	*status = complain(STATUS_ERROR, "target %s can't be used here: %s", name, err.text);
	return NULL;
}

/* A slip of the pen; what is there and can't be used as a kernel, or can't be fetched, is trouble of another kind. */
static bool no_such_kernel(const char *name)
{
	return !starts_with(name, "debian:") && !streq(name, "host") && access(name, F_OK) < 0;
}

static int resolve_kernels(const struct run_args *args, const struct target_ops *target, struct kernel *kernels, size_t *n)
{
	struct error err = { 0 };
	kernel_progress *progress = isatty(STDERR_FILENO) ? fetch_progress : NULL;
	*n = 0;
	if (!target->boots_kernels) {
		if (args->n_kernels > 1 || (args->n_kernels && !streq(args->kernels[0], "host")))
			return complain(STATUS_USAGE, "target %s has a kernel of its own: leave -k out, or use -t vm", target->name);
		kernels[(*n)++] = (struct kernel){ .name = xstrdup(target->name), .release = target->own_release() };
		return STATUS_OK;
	}
	if (!args->n_kernels) {
		if (kernel_default(progress, NULL, &kernels[0], &err) < 0)
			return complain(STATUS_ERROR, "%s", err.text);
		*n = 1;
	}
	for (size_t i = 0; i < args->n_kernels; i++) {
		if (kernel_resolve(args->kernels[i], progress, NULL, &kernels[*n], &err) < 0)
			return complain(no_such_kernel(args->kernels[i]) ? STATUS_USAGE : STATUS_ERROR, "-k %s: %s",
					args->kernels[i], err.text);
		bool again = false;
		for (size_t j = 0; j < *n; j++)
			again = again || streq(kernels[j].name, kernels[*n].name);
		if (again)
			kernel_clear(&kernels[*n]);
		else
			(*n)++;
	}
	return STATUS_OK;
}

static unsigned processors(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

/* Most of what is free now: an OOM killer's test suite must not be the reason for an OOM. */
static uint64_t memory_budget(void)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "/proc/meminfo", 1 << 16, NULL);
	const char *line = text ? strstr(text, "MemAvailable:") : NULL;
	return line ? strtoull(line + strlen("MemAvailable:"), NULL, 10) * 1024 / 10 * 8 : 0;
}

static struct printer *choose_printer(const struct run_args *args)
{
	if (args->form == FORM_TAP)
		return printer_tap(stdout);
	if (args->form == FORM_JSON)
		return printer_json(stdout);
	return printer_human(stdout, 0, args->verbose > 0);
}

static int run_tests(const struct run_args *args, const struct target_ops *target, const char *const *names,
		     size_t n_kernels, const struct schedule_job *jobs, size_t n_jobs)
{
	struct error err = { 0 };
	CLEANUP_FREE char *agent = find_program("oomagent", &err);
	CLEANUP_FREE char *load = agent ? find_program("oomload", &err) : NULL;
	if (!agent || !load)
		return complain(STATUS_ERROR, "%s", err.text);
	/* what an earlier run left on this machine; the host target refuses to start while something is left */
	if (geteuid() == 0 && host_recover(agent, NULL, &err) < 0)
		complain(0, "%s", err.text);
	struct keeper *keeper = keeper_new(args->dir, args->force, names, n_kernels, &err);
	if (!keeper)
		return complain(STATUS_USAGE, "-o: %s", err.text);
	struct printer *printer = choose_printer(args);
	struct schedule_request rq = {
		.target = target,
		.jobs = jobs,
		.n_jobs = n_jobs,
		.agent = agent,
		.load = load,
		.workers = args->workers ? args->workers : processors(),
		.memory_budget = target->throw_away ? memory_budget() : 0,
		.timeout_scale = args->timeout_scale,
		.destructive = args->destructive,
		.fresh_boot = args->fresh_boot,
		.fail_fast = args->fail_fast,
		.fail_needs = streq(getenv("OOMTESTS_FAIL_NEEDS"), "1"),
		.verbose = args->verbose,
		.printer = printer,
		.keeper = keeper,
	};
	if (!target->throw_away)
		rq.workers = 1;	/* global counters and the kernel's log are shared on one machine */
	struct run_facts facts = { .n_tests = n_jobs, .kernels = names, .n_kernels = n_kernels, .target = target->name };
	printer->ops->begin(printer, &facts);
	struct schedule_outcome outcome;
	int status;
	if (schedule(&rq, &outcome, &err) < 0) {
		status = complain(STATUS_ERROR, "%s", err.text);
	} else {
		status = schedule_status(&outcome);
		if (*outcome.keep_problem)
			complain(status, "results were not all kept: %s", outcome.keep_problem);
	}
	printer_free(printer);
	keeper_free(keeper);
	return status;
}

/* Expands the cases for each kernel, and runs them. */
static int run_cases(const struct run_args *args, const struct target_ops *target, const struct case_set *set,
		     const struct kernel *kernels, size_t n_kernels)
{
	struct error err = { 0 };
	struct test_list tests = { 0 };
	struct schedule_job *jobs = NULL;
	const char **names = xcalloc(n_kernels, sizeof(*names));
	size_t n = 0;
	int status = STATUS_OK;
	for (size_t i = 0; i < n_kernels && status == STATUS_OK; i++) {
		names[i] = kernels[i].name;
		if (case_set_expand(set, kernels[i].release, &tests, &err) < 0) {
			status = complain(STATUS_USAGE, "%s", err.text);
			break;
		}
		jobs = xrealloc(jobs, tests.n, sizeof(*jobs));
		for (; n < tests.n; n++)
			jobs[n] = (struct schedule_job){ &kernels[i], tests.tests[n] };
	}
	if (status == STATUS_OK)
		status = run_tests(args, target, names, n_kernels, jobs, n);
	free(jobs);
	free(names);
	test_list_free(&tests);
	return status;
}

static int run_set(const struct run_args *args, const struct case_set *set)
{
	int status = STATUS_OK;
	const struct target_ops *target = choose_target(args, &status);
	if (!target)
		return status;
	struct kernel *kernels = xcalloc(args->n_kernels + 1, sizeof(*kernels));
	size_t n;
	status = resolve_kernels(args, target, kernels, &n);
	if (status == STATUS_OK)
		status = run_cases(args, target, set, kernels, n);
	for (size_t i = 0; i < n; i++)
		kernel_clear(&kernels[i]);
	free(kernels);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct run_args args = { .timeout_scale = 1 };
	struct error err = { 0 };
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	/* the cases first: a mistake in one is told before anything is fetched */
	CLEANUP_FREE char *cases_dir = find_cases(&err);
	struct case_set *set = cases_dir || args.n_cases ?
			       case_set_find(args.cases, args.n_cases, cases_dir, &err) : NULL;
	int status = set ? run_set(&args, set) : complain(STATUS_USAGE, "%s", err.text);
	case_set_free(set);
	free(args.kernels);
	return status;
}
