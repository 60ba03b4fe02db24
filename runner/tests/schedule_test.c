// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/util.h"
#include "run/schedule.h"
#include "tests/fake_target.h"
#include "tests/harness.h"

#define JOBS_MAX 64

static struct test tests[JOBS_MAX];
static struct schedule_job jobs[JOBS_MAX];
static size_t n_jobs;
static struct schedule_outcome outcome;
static char *printed;		/* JSON Lines of the last run */
static char dir[64];		/* where results are kept */

static void add(struct kernel *kernel, const char *id, const char *how)
{
	struct test *t = &tests[n_jobs];
	/* the fake target reads the behaviour from the command line, which is part of the shape */
	*t = (struct test){ .id = (char *)(uintptr_t)id, .path = (char *)(uintptr_t)id, .title = (char *)(uintptr_t)id };
	t->shape = (struct shape){ .memory = 1 << 20, .cpus = 1, .nodes = 1, .cmdline = (char *)(uintptr_t)how };
	jobs[n_jobs++] = (struct schedule_job){ .kernel = kernel, .test = t };
}

static void run(struct schedule_request rq)
{
	size_t len;
	free(printed);
	FILE *out = open_memstream(&printed, &len);
	struct error err;
	json_t *run_json = json_pack("{s:[{s:s}]}", "kernels", "name", "k");
	struct keeper *keeper = keeper_new(dir, KEEP_FORCE, run_json, &err);
	json_decref(run_json);
	struct printer *printer = printer_json(out);
	rq.target = &fake_target;
	rq.jobs = jobs;
	rq.n_jobs = n_jobs;
	rq.printer = printer;
	rq.keeper = keeper;
	rq.timeout_scale = rq.timeout_scale > 0 ? rq.timeout_scale : 0.005;
	rq.workers = rq.workers ? rq.workers : 2;
	ck_assert_int_eq(schedule(&rq, &outcome, &err), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_str_eq(outcome.keep_problem, "");
	ck_assert_int_eq(fake_counts->released, fake_counts->reserved - (strstr(printed, "unreservable") ? 1 : 0));
	printer_free(printer);
	keeper_free(keeper);
	fclose(out);
}

/* The printed line of a test. */
static json_t *line_of(const char *id)
{
	CLEANUP_FREE char *copy = xstrdup(printed);
	char *rest = copy, *line;
	while ((line = strsep(&rest, "\n"))) {
		json_t *value = json_loads(line, 0, NULL);
		if (streq(json_string_value(json_object_get(value, "id")), id))
			return value;
		json_decref(value);
	}
	ck_abort_msg("no result of %s in %s", id, printed);
	return NULL;
}

static void expect(const char *id, const char *verdict, const char *why)
{
	json_t *line = line_of(id);
	const char *text = json_string_value(json_object_get(line, "why"));
	ck_assert_str_eq(json_string_value(json_object_get(line, "verdict")), verdict);
	ck_assert_msg(text && strstr(text, why), "%s: \"%s\", not \"%s\"", id, text ? text : "", why);
	json_decref(line);
}

static void fresh(void)
{
	fake_reset();
	n_jobs = 0;
	strcpy(dir, "/tmp/schedule-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void clean(void)
{
	CLEANUP_FREE char *rm = xasprintf("rm -r %s", dir);
	ck_assert_int_eq(system(rm), 0);
}

static struct kernel good = { .name = (char[]){ "good" }, .release = (char[]){ "6.1.0" } };
static struct kernel other = { .name = (char[]){ "other" }, .release = (char[]){ "6.12.0" } };

START_TEST(errors)
{
	fresh();
	add(&good, "t/dies", "dies");
	add(&good, "t/silent", "silent");
	add(&good, "t/crash", "crash");
	add(&good, "t/unstartable", "unstartable");
	run((struct schedule_request){ .workers = 3 });
	ck_assert_uint_eq(outcome.tally.errors, 4);
	ck_assert_int_eq(schedule_status(&outcome), 3);
	ck_assert(!outcome.signal && outcome.not_run == 0);
	expect("t/crash", "error", "its worker process died of signal 9");
	expect("t/unstartable", "error", "QEMU would not start");
	expect("t/dies", "error", "the stream from the agent ended");
	expect("t/silent", "error", "no end within");
	ck_assert_ptr_nonnull(strstr(printed, "\"errors\":4"));
	clean();
}
END_TEST

START_TEST(templates)
{
	struct kernel unbootable = { .name = (char[]){ "unbootable" } };
	struct kernel crashing = { .name = (char[]){ "crashing" } };
	struct kernel unreservable = { .name = (char[]){ "unreservable" } };
	fresh();
	add(&unbootable, "u/1", "dies");
	add(&unbootable, "u/2", "dies");
	add(&crashing, "c/1", "dies");
	add(&unreservable, "r/1", "dies");
	for (int i = 0; i < 5; i++) {
		add(&good, "g/x", "dies");
		add(&other, "o/x", "dies");
		add(&good, "g/y", "unstartable");	/* another shape */
	}
	run((struct schedule_request){ .workers = 4 });
	expect("u/1", "error", "the machine could not be prepared: the kernel did not boot");
	expect("u/2", "error", "the kernel did not boot");
	expect("c/1", "error", "died of signal 9");
	expect("r/1", "skip", "one NUMA node");
	ck_assert_uint_eq(outcome.tally.errors, 18);
	ck_assert_uint_eq(outcome.tally.skipped, 1);
	ck_assert_int_eq(fake_counts->prepared, 5);	/* once per kernel and shape */
	ck_assert_int_eq(fake_counts->started, 10);
	ck_assert_int_eq(fake_counts->stopped, 10);
	clean();
}
END_TEST

/* With room for one machine only, all run all the same. */
START_TEST(budget)
{
	fresh();
	for (int i = 0; i < 6; i++)
		add(i % 2 ? &good : &other, "b/x", "dies");
	run((struct schedule_request){ .workers = 8, .memory_budget = 1 });
	ck_assert_uint_eq(outcome.tally.errors, 6);
	clean();
}
END_TEST

START_TEST(skips)
{
	struct need need = { .kind = NEED_CAPABILITY, .text = (char[]){ "sys_resource" } };
	fresh();
	add(&good, "n/1", "dies");
	tests[0].needs = &need;
	tests[0].n_needs = 1;
	run((struct schedule_request){ .fail_needs = true });
	expect("n/1", "skip", "needs capability sys_resource: pretended, unset");
	ck_assert_int_eq(fake_counts->reserved, 0);	/* nothing was booted for it */
	ck_assert_int_eq(schedule_status(&outcome), 0);
	run((struct schedule_request){ .fail_needs = false });
	ck_assert_int_eq(fake_counts->started, 1);
	clean();
}
END_TEST

START_TEST(interrupted)
{
	fresh();
	add(&good, "i/1", "interrupts");
	add(&other, "i/2", "dies");
	for (int i = 0; i < 9; i++)
		add(&good, "i/3", "silent");
	run((struct schedule_request){ .workers = 1, .timeout_scale = 100 });
	ck_assert_int_eq(outcome.signal, SIGINT);
	ck_assert_int_eq(schedule_status(&outcome), 130);
	ck_assert_uint_ge(outcome.not_run, 10);
	ck_assert_uint_eq(outcome.not_run + outcome.tally.errors, 11);
	clean();
}
END_TEST

/* The status tells which signal it was. One that nohup(1) has ignored is none. */
START_TEST(other_signals)
{
	signal(SIGHUP, SIG_DFL);	/* whoever runs the tests may have ignored it */
	fresh();
	add(&good, "i/1", "terminates");
	run((struct schedule_request){ .workers = 1, .timeout_scale = 100 });
	ck_assert_int_eq(schedule_status(&outcome), 143);
	clean();
	fresh();
	add(&good, "i/1", "hangs up");
	run((struct schedule_request){ .workers = 1, .timeout_scale = 100 });
	ck_assert_int_eq(schedule_status(&outcome), 129);
	clean();
	signal(SIGHUP, SIG_IGN);
	fresh();
	add(&good, "i/1", "hangs up");
	run((struct schedule_request){ .workers = 1 });
	ck_assert_int_eq(outcome.signal, 0);
	ck_assert_uint_eq(outcome.tally.errors, 1);
	clean();
}
END_TEST

/* The first failure ends the run, and that is no interruption. */
START_TEST(fail_fast)
{
	fresh();
	add(&good, "f/1", "ends");
	for (int i = 0; i < 9; i++)
		add(&good, "f/2", "silent");
	run((struct schedule_request){ .workers = 1, .timeout_scale = 100, .fail_fast = true });
	ck_assert_int_eq(outcome.signal, 0);
	ck_assert_uint_eq(outcome.tally.failed, 1);
	ck_assert_uint_eq(outcome.not_run, 9);
	ck_assert_int_eq(schedule_status(&outcome), 1);
	clean();
}
END_TEST

/* When the runner is killed, the kernel takes its workers and their machines. */
START_TEST(runner_dies)
{
	int alive[2];
	fresh();
	add(&good, "k/1", "silent");
	ck_assert_int_eq(pipe(alive), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t runner = fork();
	if (runner == 0) {
		close(alive[0]);	/* the write end goes to every process of the run, which never writes */
		run((struct schedule_request){ .timeout_scale = 100 });
		_exit(0);
	}
	close(alive[1]);
	while (!__atomic_load_n(&fake_counts->started, __ATOMIC_SEQ_CST))
		poll(NULL, 0, 1);
	kill(runner, SIGKILL);
	struct pollfd fd = { .fd = alive[0], .events = POLLIN };
	ck_assert_int_eq(poll(&fd, 1, 10000), 1);
	char c;
	ck_assert_int_eq(read(alive[0], &c, 1), 0);	/* the last holder is gone */
	close(alive[0]);
	while (waitpid(-1, NULL, 0) > 0)
		;
	clean();
}
END_TEST

TESTS("schedule", errors, templates, budget, skips, interrupted, other_signals, fail_fast, runner_dies)
