// SPDX-License-Identifier: GPL-2.0-or-later
/* oomtests run: predict, provoke, verify. */
#include <fcntl.h>
#include <sched.h>

#include "base/paths.h"
#include "base/util.h"
#include "case/case.h"
#include "cmd/cmd.h"
#include "cmd/run_args.h"
#include "kernel/kernel.h"
#include "output/keep.h"
#include "output/printer.h"
#include "results/baseline.h"
#include "results/load.h"
#include "results/replay.h"
#include "run/facts.h"
#include "run/schedule.h"
#include "target/leftover.h"
#include "target/target.h"

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
	*status = complain(err.input ? STATUS_USAGE : STATUS_ERROR, "target %s can't be used here: %s", name, err.text);
	return NULL;
}

static int resolve_kernels(const struct run_args *args, const struct target_ops *target, struct kernel *kernels, size_t *n)
{
	struct error err = { 0 };
	kernel_progress *progress = isatty(STDERR_FILENO) ? fetch_progress : NULL;
	*n = 0;
	if (!target->boots_kernels) {
		bool own = args->n_kernels && (streq(args->kernels[0], "host") || streq(args->kernels[0], target->name) ||
					    streq(args->kernels[0], args->target));
		if (args->n_kernels > 1 || (args->n_kernels && !own))
			return complain(STATUS_USAGE, "target %s has a kernel of its own: leave -k out, or use -t vm", target->name);
		kernels[(*n)++] = (struct kernel){ .name = xstrdup(args->target ? args->target : target->name),
						   .release = target->own_release() };
		return STATUS_OK;
	}
	if (!args->n_kernels) {
		if (kernel_default(progress, NULL, &kernels[0], &err) < 0)
			return complain(STATUS_ERROR, "%s", err.text);
		*n = 1;
	}
	for (size_t i = 0; i < args->n_kernels; i++) {
		if (kernel_resolve(args->kernels[i], progress, NULL, &kernels[*n], &err) < 0)
			return complain(err.input ? STATUS_USAGE : STATUS_ERROR, "-k %s: %s", args->kernels[i], err.text);
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

/* All that a run is made of. */
struct whole_run {
	const struct run_args *args;
	int argc;
	char **argv;
	const struct target_ops *target;
	const struct kernel *kernels;
	size_t n_kernels;
	struct schedule_job *jobs;
	size_t n_jobs;
	const struct past_run *past;	/* what is gone on with, or NULL */
};

static struct keeper *make_keeper(const struct whole_run *w, struct error *err)
{
	const struct run_args *args = w->args;
	if (w->past)
		return keeper_new(args->resume, KEEP_RESUME, w->past->run, err);
	json_t *asked = run_args_asked(args);
	struct facts_request rq = {
		.argc = w->argc,
		.argv = w->argv,
		.target = w->target,
		.asked = asked,
		.kernels = w->kernels,
		.n_kernels = w->n_kernels,
		.jobs = w->jobs,
		.n_jobs = w->n_jobs,
	};
	json_t *facts = run_facts_new(&rq);
	json_decref(asked);
	struct keeper *keeper = NULL;
	if (args->dir)
		keeper = keeper_new(args->dir, args->force ? KEEP_FORCE : KEEP_ALL, facts, err);
	else if (!args->form)
		keeper = keeper_new(NULL, KEEP_RESULTS, facts, NULL);
	if (!args->dir && !keeper)	/* who asks for another form keeps it; and the directory we are in may not be ours */
		keeper = keeper_new(NULL, KEEP_FAILED, facts, err);
	json_decref(facts);
	return keeper;
}

static struct printer *make_printer(const struct run_args *args)
{
	struct printer *printer = args->form ? args->form->make(stdout) : printer_human(stdout, 0, args->verbose > 0);
	return streq(getenv("GITHUB_ACTIONS"), "true") ? printer_github(stderr, printer) : printer;
}

static int run_schedule(const struct whole_run *w, const char *agent, const char *load, struct keeper *keeper)
{
	const struct run_args *args = w->args;
	struct error err = { 0 };
	CLEANUP_FREE const char **names = xcalloc(w->n_kernels + 1, sizeof(*names));
	for (size_t i = 0; i < w->n_kernels; i++)
		names[i] = w->kernels[i].name;
	CLEANUP_FREE struct planned_test *planned = xcalloc(w->n_jobs + 1, sizeof(*planned));
	for (size_t i = 0; i < w->n_jobs; i++) {
		const struct schedule_job *job = &w->jobs[i];
		planned[i] = (struct planned_test){ job->test->id, job->test->title, job->kernel->name };
	}
	struct printer *printer = make_printer(args);
	struct schedule_request rq = {
		.target = w->target,
		.jobs = w->jobs,
		.n_jobs = w->n_jobs,
		.agent = agent,
		.load = load,
		.workers = args->workers ? args->workers : processors(),
		.memory_budget = w->target->throw_away ? memory_budget() : 0,
		.timeout_scale = args->timeout_scale,
		.destructive = args->destructive,
		.fresh_boot = args->fresh_boot,
		.fail_fast = args->fail_fast,
		.collect = args->collect,
		.fail_needs = streq(getenv("OOMTESTS_FAIL_NEEDS"), "1"),
		.verbose = args->verbose,
		.printer = printer,
		.keeper = keeper,
	};
	if (!w->target->throw_away)
		rq.workers = 1;	/* global counters and the kernel's log are shared on one machine */
	struct run_facts facts = { .n_tests = w->n_jobs, .planned = planned, .kernels = names, .n_kernels = w->n_kernels,
				   .target = w->target->name };
	printer->ops->begin(printer, &facts);
	struct schedule_outcome outcome;
	int status;
	if (schedule(&rq, &outcome, &err) < 0) {
		status = complain(STATUS_ERROR, "%s", err.text);
	} else {
		status = schedule_status(&outcome);
		if (*outcome.keep_problem)
			complain(status, "results were not all kept: %s", outcome.keep_problem);
		if (keeper_dir(keeper) && !args->form)
			printf(outcome.not_run ? "go on with: oomtests run --resume %s\n" :
			       *outcome.keep_problem ? "some of the results in %s\n" : "results in %s\n", keeper_dir(keeper));
	}
	printer_free(printer);
	return status;
}

static int run_tests(const struct whole_run *w)
{
	struct error err = { 0 };
	CLEANUP_FREE char *agent = find_program("oomagent", &err);
	CLEANUP_FREE char *load = agent ? find_program("oomload", &err) : NULL;
	if (!agent || !load)
		return complain(STATUS_ERROR, "%s", err.text);
	/* what an earlier run left on this machine; the host target refuses to start while something is left */
	if (geteuid() == 0 && leftover_recover(agent, NULL, &err) < 0)
		complain(0, "%s", err.text);
	struct keeper *keeper = make_keeper(w, &err);
	if (!keeper)
		return complain(STATUS_USAGE, "%s: %s", w->past ? "--resume" : "-o", err.text);
	int status = run_schedule(w, agent, load, keeper);
	keeper_free(keeper);
	return status;
}

/* Is the test what it was when the run began? Gives it the result that it has already. */
static int take_up(const struct past_run *past, const json_t *test, struct schedule_job *job, struct error *err)
{
	CLEANUP_FREE char *mark = test_mark(job->test);
	if (!test)
		return error_set(err, 0, "%s on %s is none of its tests: the cases have changed, begin a new run", job->test->id,
				 job->kernel->name);
	if (!streq(mark, json_string_value(json_object_get(test, "case"))))
		return error_set(err, 0, "%s has changed since: begin a new run", job->test->path);
	const json_t *result = past_run_find(past, job->kernel->name, job->test->id);
	job->known = result ? result_from_json(result, err) : NULL;
	if (job->known && job->known->kept) {
		CLEANUP_FREE char *base = past_run_base(past, result);
		free(job->known->kept);
		job->known->kept = xasprintf("%s.json", base);
	}
	return 0;
}

static int check_releases(const struct whole_run *w, struct error *err)
{
	const json_t *kernels = json_object_get(w->past->run, "kernels");
	for (size_t i = 0; i < w->n_kernels; i++) {
		const char *was = json_string_value(json_object_get(json_array_get(kernels, i), "release"));
		if (was && !streq(was, w->kernels[i].release))
			return error_set(err, 0, "kernel %s was %s and is now %s: begin a new run", w->kernels[i].name, was,
					 w->kernels[i].release);
	}
	return 0;
}

static int take_up_all(const struct whole_run *w, struct error *err)
{
	const json_t *tests = json_object_get(w->past->run, "tests");
	if (json_array_size(tests) != w->n_jobs)
		return error_set(err, 0, "it has %zu tests and there are now %zu: the cases have changed, begin a new run",
				 json_array_size(tests), w->n_jobs);
	if (check_releases(w, err) < 0)
		return -1;
	for (size_t i = 0; i < w->n_jobs; i++) {
		if (take_up(w->past, past_run_test(w->past, w->jobs[i].kernel->name, w->jobs[i].test->id), &w->jobs[i], err) < 0)
			return -1;
	}
	return 0;
}

/* What the case says, or the baselines know. */
static void expect_durations(struct whole_run *w)
{
	CLEANUP_FREE char *dir = find_baselines();
	struct durations *known = durations_load(dir);
	for (size_t i = 0; i < w->n_jobs; i++) {
		struct schedule_job *job = &w->jobs[i];
		job->seconds = job->test->seconds > 0 ? job->test->seconds :
							durations_find(known, job->kernel->name, job->test->id);
	}
	durations_free(known);
}

/* Expands the cases for each kernel, and runs them. */
static int run_cases(struct whole_run *w, const struct case_set *set)
{
	struct error err = { 0 };
	struct test_list tests = { 0 };
	size_t n = 0;
	int status = STATUS_OK;
	for (size_t i = 0; i < w->n_kernels; i++) {
		const struct kernel *kernel = &w->kernels[i];
		if (case_set_expand(set, kernel->release, &tests, &err) < 0 ||
		    test_list_keep_tagged(&tests, n, w->args->tags, w->args->n_tags, &err) < 0) {
			status = complain(STATUS_USAGE, "%s", err.text);
			break;
		}
		w->jobs = xrealloc(w->jobs, tests.n, sizeof(*w->jobs));
		for (; n < tests.n; n++)
			w->jobs[n] = (struct schedule_job){ .kernel = kernel, .test = tests.tests[n] };
	}
	w->n_jobs = n;
	expect_durations(w);
	w->n_jobs = shard_pick(w->jobs, n, w->args->shard);
	if (status == STATUS_OK && w->past && take_up_all(w, &err) < 0)
		status = complain(STATUS_USAGE, "--resume %s: %s", w->args->resume, err.text);
	if (status == STATUS_OK)
		status = run_tests(w);
	for (size_t i = 0; i < w->n_jobs; i++)
		result_free(w->jobs[i].known);
	free(w->jobs);
	test_list_free(&tests);
	return status;
}

static int run_set(struct whole_run *w, const struct case_set *set)
{
	const struct run_args *args = w->args;
	int status = STATUS_OK;
	w->target = choose_target(args, &status);
	if (!w->target)
		return status;
	struct kernel *kernels = xcalloc(args->n_kernels + 1, sizeof(*kernels));
	status = resolve_kernels(args, w->target, kernels, &w->n_kernels);
	w->kernels = kernels;
	if (status == STATUS_OK)
		status = run_cases(w, set);
	for (size_t i = 0; i < w->n_kernels; i++)
		kernel_clear(&kernels[i]);
	free(kernels);
	return status;
}

/* The run that is gone on with tells what to run; one that is complete needs to tell nothing more. */
static struct past_run *take_past(struct run_args *args, struct error *err)
{
	struct past_run *past = past_run_load(args->resume, err);
	if (past && past->baseline)
		error_set(err, 0, "%s is a baseline, not the directory of a run", args->resume);
	else if (past && (past_run_complete(past) || run_args_take(args, past->run, err) == 0))
		return past;
	past_run_free(past);
	return NULL;
}

/* Neither cases nor kernels are asked for: they may be elsewhere by now, or changed. */
static int print_again(const struct run_args *args, const struct past_run *past)
{
	struct error err = { 0 };
	struct tally tally;
	struct printer *printer = make_printer(args);
	int status = replay(past, printer, &tally, &err);
	printer_free(printer);
	if (status < 0)
		return complain(STATUS_USAGE, "--resume %s: %s", args->resume, err.text);
	if (!args->form)
		printf("results in %s\n", past->path);
	return tally.failed ? STATUS_FAILED : tally.errors ? STATUS_ERROR : STATUS_OK;
}

static int run_asked(struct run_args *args, struct whole_run *w)
{
	struct error err = { 0 };
	/* the cases first: a mistake in one is told before anything is fetched */
	CLEANUP_FREE char *cases_dir = find_cases(&err);
	struct case_set *set = cases_dir || args->n_cases ?
			       case_set_find(args->cases, args->n_cases, cases_dir, &err) : NULL;
	if (!set && w->past)
		error_wrap(&err, "--resume %s: its cases are looked for as when it began, so go on with it from the same directory",
			   args->resume);
	int status = set ? run_set(w, set) : complain(STATUS_USAGE, "%s", err.text);
	case_set_free(set);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct run_args args;
	struct error err = { 0 };
	run_args_parse(&args, argc, argv);
	struct past_run *past = args.resume ? take_past(&args, &err) : NULL;
	int status;
	if (args.resume && !past) {
		status = complain(STATUS_USAGE, "--resume: %s", err.text);
	} else if (past && past_run_complete(past)) {
		status = print_again(&args, past);
	} else {
		struct whole_run w = { .args = &args, .argc = argc, .argv = argv, .past = past };
		status = run_asked(&args, &w);
	}
	past_run_free(past);
	run_args_free(&args);
	return status;
}
