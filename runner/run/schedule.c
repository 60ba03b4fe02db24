// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/schedule.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/util.h"
#include "case/plan.h"
#include "run/jobs.h"
#include "run/orphans.h"
#include "run/state.h"
#include "run/worker.h"

#define SCALE_MAX 50.0		/* of what the machine's slowness may add to deadlines */
#define TEMPLATE_PATIENCE_NS (INT64_C(900) * 1000000000)
#define TEST_PATIENCE_NS (INT64_C(300) * 1000000000)	/* beyond the plan's own deadline: boot and stop */
#define END_PATIENCE_NS (INT64_C(15) * 1000000000)	/* for workers that are told to end */
#define ORPHAN_PATIENCE_NS (INT64_C(75) * 1000000000)	/* for an agent that puts this machine in order again */

/* What a worker said last, by kind; lines that are neither are ignored. */
static void on_report(void *context, const char *line, size_t len)
{
	struct slot *slot = context;
	json_t *message = json_loadb(line, len, 0, NULL);
	if (json_object_get(message, "hello") && !slot->hello)
		slot->hello = xstrdup(line);
	else if (json_object_get(message, "prepared") || json_object_get(message, "failed") ||
		 json_object_get(message, "result")) {
		json_decref(slot->report);
		slot->report = json_incref(message);
	}
	json_decref(message);
}

/* How much slower than thought of this machine is: by how long the template took to boot, and by how many others want its
 * processors now. A deadline that is too long costs nothing but patience. */
static double slowness(const struct run *run, const struct run_template *t)
{
	double usual = run->rq->target->boot_seconds, factor = usual > 0 ? t->boot_seconds / usual : 1, load;
	if (getloadavg(&load, 1) == 1 && load / (double)sysconf(_SC_NPROCESSORS_ONLN) > factor)
		factor = load / (double)sysconf(_SC_NPROCESSORS_ONLN);
	return factor < 1 ? 1 : factor > SCALE_MAX ? SCALE_MAX : factor;
}

static void release_template(struct run *run, struct run_template *t)
{
	if (t->held)
		run->rq->target->release(TAKE_PTR(t->held));
}

/* The first problem is the one to tell. */
static void keep_problem(struct run *run, const struct error *err)
{
	if (!*run->outcome->keep_problem)
		memcpy(run->outcome->keep_problem, err->text, sizeof(run->outcome->keep_problem));
}

/* The job is over: count and print. Takes the result. */
static void count(struct run *run, struct run_job *job, struct result *r)
{
	job->state = JOB_DONE;
	job->result = r;
	run->done++;
	tally_add(&run->outcome->tally, r->verdict);
	run->rq->printer->ops->result(run->rq->printer, r);
}

/* The same, and keep. */
static void conclude(struct run *run, struct run_job *job, struct result *r, const json_t *evidence)
{
	struct error err = { 0 };
	if (keeper_keep(run->rq->keeper, r, evidence, &err) < 0)
		keep_problem(run, &err);
	count(run, job, r);
	if (job->template && --job->template->waiting == 0)
		release_template(run, job->template);
}

static struct result *blank_result(const struct run *run, const struct run_job *job)
{
	const struct test *test = job->what->test;
	return result_new(test->id, test->title, job->what->kernel->name, run->rq->target->name);
}

static void fail_template(struct run *run, struct run_template *t, const char *why, bool unsupported)
{
	t->state = TEMPLATE_FAILED;
	for (size_t i = 0; i < run->n_jobs; i++) {
		struct run_job *job = &run->jobs[i];
		if (job->template != t || job->state != JOB_PENDING)
			continue;
		struct result *r = blank_result(run, job);
		if (unsupported)
			result_say(r, VERDICT_SKIP, "needs another machine: %s", why);
		else
			result_say(r, VERDICT_ERROR, "the machine could not be prepared: %s", why);
		conclude(run, job, r, NULL);
	}
}

static struct slot *free_slot(struct run *run)
{
	for (size_t i = 0; i < run->rq->workers; i++) {
		if (!run->slots[i].worker.pid)
			return &run->slots[i];
	}
	return NULL;
}

/* Boots a template in a slot; 0, or -1 when it failed on the spot. */
static int start_template(struct run *run, struct slot *slot, struct run_template *t)
{
	struct error err = { 0 };
	t->held = run->rq->target->reserve(&t->request, &err);
	struct template_task task = { run->rq->target, t->held, &t->request };
	if (!t->held || worker_start(&slot->worker, template_work, &task, &run->old_mask,
				     (int64_t)((double)TEMPLATE_PATIENCE_NS * run->rq->timeout_scale), &err) < 0) {
		release_template(run, t);
		fail_template(run, t, err.text, err.errnum == EOPNOTSUPP);
		return -1;
	}
	t->state = TEMPLATE_BOOTING;
	slot->template = t;
	slot->job = NULL;
	return 0;
}

static int start_test(struct run *run, struct slot *slot, struct run_job *job)
{
	struct run_template *t = job->template;
	struct session_task task = {
		.session = {
			.target = run->rq->target,
			.template = t->held,
			.machine = &t->request,
			.test = job->what->test,
			.hello = run->rq->fresh_boot ? NULL : t->hello,
			.boot = run->rq->fresh_boot,
			.collect = run->rq->collect,
			.scale = run->rq->timeout_scale * slowness(run, t),
		},
		.keeper = run->rq->keeper,
	};
	json_t *plan = plan_make(job->what->test, "oomtests", task.session.scale);
	int64_t patience = plan_deadline_ms(plan) * 1000000 + (int64_t)((double)TEST_PATIENCE_NS * task.session.scale);
	json_decref(plan);
	struct error err = { 0 };
	if (worker_start(&slot->worker, test_work, &task, &run->old_mask, patience, &err) < 0) {
		struct result *r = blank_result(run, job);
		result_say(r, VERDICT_ERROR, "%s", err.text);
		conclude(run, job, r, NULL);
		return -1;
	}
	job->state = JOB_RUNNING;
	slot->template = t;
	slot->job = job;
	slot->started_ns = now_ns();
	slot->reports = run->rq->target->throw_away ? 0 : pace_reports(job->what->test);
	pace_begin(&run->pace, slot->reports);
	return 0;
}

/* Is it time for the test? In a machine of its own it always is. */
static bool in_time(struct run *run, const struct run_job *job)
{
	return run->rq->target->throw_away || pace_admits(&run->pace, pace_reports(job->what->test), now_ns(), &run->pace_ns);
}

static void start_what_can(struct run *run)
{
	struct slot *slot;
	run->pace_ns = 0;
	while ((slot = free_slot(run))) {
		struct choice next = run_choose(run);
		if (next.template)
			start_template(run, slot, next.template);
		else if (next.job && in_time(run, next.job))
			start_test(run, slot, next.job);
		else
			break;
	}
}

/* Why a worker that reported nothing has ended. Malloced. */
static char *worker_end(const struct slot *slot, int status)
{
	if (slot->worker.overdue)
		return xstrdup("its worker process did not come to an end and was killed");
	if (WIFSIGNALED(status))
		return xasprintf("its worker process died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return xasprintf("its worker process ended with status %d and no result", WEXITSTATUS(status));
}

static void keep_hello(struct run *run, const struct run_template *t)
{
	struct error err = { 0 };
	json_t *message = t->hello ? json_loads(t->hello, 0, NULL) : NULL;
	if (keeper_hello(run->rq->keeper, t->request.kernel->name, json_object_get(message, "hello"), &err) < 0)
		keep_problem(run, &err);
	json_decref(message);
}

static void template_done(struct run *run, const struct slot *slot, int status)
{
	struct run_template *t = slot->template;
	const json_t *prepared = json_object_get(slot->report, "prepared");
	if (prepared) {
		t->state = TEMPLATE_READY;
		t->boot_seconds = json_number_value(json_object_get(prepared, "seconds"));
		t->hello = slot->hello ? xstrdup(slot->hello) : NULL;
		keep_hello(run, t);
		return;
	}
	const json_t *failed = json_object_get(slot->report, "failed");
	const char *said = json_string_value(json_object_get(failed, "why"));
	CLEANUP_FREE char *why = said ? xstrdup(said) : worker_end(slot, status);
	fail_template(run, t, why, json_is_true(json_object_get(failed, "unsupported")));
}

static void test_done(struct run *run, const struct slot *slot, int status)
{
	struct error err = { 0 };
	struct result *r = NULL;
	const json_t *reported = json_object_get(slot->report, "result"), *evidence = NULL;
	if (reported)
		r = result_from_json(reported, &err);
	if (r) {
		evidence = json_object_get(slot->report, "evidence");
	} else {
		CLEANUP_FREE char *why = reported ? xstrdup(err.text) : worker_end(slot, status);
		r = blank_result(run, slot->job);
		r->seconds = (double)(now_ns() - slot->started_ns) / 1e9;
		result_say(r, VERDICT_ERROR, "%s", why);
	}
	conclude(run, slot->job, r, json_is_object(evidence) ? evidence : NULL);
}

static void slot_done(struct run *run, struct slot *slot, int status)
{
	worker_finish(&slot->worker, on_report, slot);
	bool cut_short = run->stopping && !slot->report;
	if (cut_short && slot->job)
		slot->job->state = JOB_PENDING;	/* counted as not run */
	else if (!cut_short && slot->job)
		test_done(run, slot, status);
	else if (!cut_short)
		template_done(run, slot, status);
	pace_end(&run->pace, slot->reports, now_ns());
	json_decref(slot->report);
	free(slot->hello);
	*slot = (struct slot){ .worker.fd = -1 };
}

static void reap(struct run *run)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < run->rq->workers; i++) {
			if (run->slots[i].worker.pid == pid)
				slot_done(run, &run->slots[i], status);
		}
	}
}

/* The first time politely, so that an agent on this machine can clean up; then at once. */
static void stop(struct run *run)
{
	run->stopping++;
	run->end_by_ns = now_ns() + END_PATIENCE_NS;
	for (size_t i = 0; i < run->rq->workers; i++) {
		const struct worker *w = &run->slots[i].worker;
		if (w->pid && run->stopping == 1)
			kill(w->pid, SIGTERM);
		else if (w->pid)
			worker_kill(w);
	}
}

static void take_signals(struct run *run)
{
	struct signalfd_siginfo info;
	while (read(run->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGCHLD) {
			run->signal = run->signal ? run->signal : (int)info.ssi_signo;
			stop(run);
		}
	}
}

static void end_overdue(struct run *run)
{
	int64_t now = now_ns();
	for (size_t i = 0; i < run->rq->workers; i++) {
		struct worker *w = &run->slots[i].worker;
		if (w->pid && (now > w->deadline_ns || (run->stopping && now > run->end_by_ns))) {
			w->overdue = true;
			worker_kill(w);
		}
	}
}

static void wait_for_news(struct run *run)
{
	size_t n = run->rq->workers;
	struct pollfd *fds = run->fds;
	int64_t now = now_ns(), wake = now + INT64_C(60) * 1000000000;
	for (size_t i = 0; i < n; i++) {
		const struct worker *w = &run->slots[i].worker;
		fds[i] = (struct pollfd){ .fd = w->pid && !run->slots[i].closed ? w->fd : -1, .events = POLLIN };
		if (w->pid && w->deadline_ns < wake)
			wake = w->deadline_ns;
	}
	if (run->stopping && run->end_by_ns < wake)
		wake = run->end_by_ns;
	if (!run->stopping && run->pace_ns && run->pace_ns < wake)
		wake = run->pace_ns;
	fds[n] = (struct pollfd){ .fd = run->signal_fd, .events = POLLIN };
	int ms = wake > now ? (int)((wake - now) / 1000000) + 1 : 1;
	if (poll(fds, n + 1, ms) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct slot *slot = &run->slots[i];
		if (fds[i].revents && lines_read(&slot->worker.lines, slot->worker.fd, on_report, slot) == 0)
			slot->closed = true;
	}
	if (fds[n].revents)
		take_signals(run);
}

static void show_progress(struct run *run)
{
	struct printer *p = run->rq->printer;
	if (!p->ops->progress)
		return;
	struct progress now = { .done = run->done };
	int64_t latest = 0;
	for (size_t i = 0; i < run->rq->workers; i++) {
		const struct slot *slot = &run->slots[i];
		now.running += slot->worker.pid && slot->job;
		now.booting += slot->worker.pid && !slot->job;
		if (slot->worker.pid && slot->job && slot->started_ns > latest) {
			latest = slot->started_ns;
			now.latest = slot->job->what->test->id;
		}
	}
	p->ops->progress(p, &now);
}

static void take_what_is_known(struct run *run)
{
	for (size_t i = 0; i < run->n_jobs; i++) {
		if (run->jobs[i].what->known)
			count(run, &run->jobs[i], run->jobs[i].what->known);
	}
}

static void skip_what_is_known(struct run *run)
{
	for (size_t i = 0; i < run->n_jobs; i++) {
		if (run->jobs[i].state == JOB_DONE)
			continue;
		CLEANUP_FREE char *why = known_missing(run->rq, run->jobs[i].what);
		if (!why)
			continue;
		struct result *r = blank_result(run, &run->jobs[i]);
		result_say(r, VERDICT_SKIP, "%s", why);
		conclude(run, &run->jobs[i], r, NULL);
	}
}

static bool any_worker(const struct run *run)
{
	for (size_t i = 0; i < run->rq->workers; i++) {
		if (run->slots[i].worker.pid)
			return true;
	}
	return false;
}

static void loop(struct run *run)
{
	take_what_is_known(run);
	skip_what_is_known(run);
	run_make_templates(run);
	for (;;) {
		if (!run->stopping)
			start_what_can(run);
		show_progress(run);
		if (!any_worker(run) && (run->stopping || !run->pace_ns))
			break;
		wait_for_news(run);
		end_overdue(run);
		reap(run);
		if (run->rq->fail_fast && run->outcome->tally.failed && !run->stopping)
			stop(run);
	}
}

static int take_over_signals(struct run *run, sigset_t *mask, struct error *err)
{
	ending_signals(mask);
	sigaddset(mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, mask, &run->old_mask);
	run->signal_fd = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->signal_fd < 0) {
		sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
		return error_set(err, errno, "no signalfd");
	}
	/* QEMU or an agent whose worker died comes to us, so that we see it end */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return 0;
}

int schedule(const struct schedule_request *rq, struct schedule_outcome *outcome, struct error *err)
{
	struct run run = { .rq = rq, .outcome = outcome };
	sigset_t mask;
	*outcome = (struct schedule_outcome){ .signal = 0 };
	int64_t begin = now_ns();
	if (take_over_signals(&run, &mask, err) < 0)
		return -1;
	run_make_jobs(&run);
	loop(&run);
	orphans_end(run.signal_fd, now_ns() + ORPHAN_PATIENCE_NS);
	outcome->seconds = (double)(now_ns() - begin) / 1e9;
	outcome->signal = run.signal;
	for (size_t i = 0; i < run.n_jobs; i++)
		outcome->not_run += run.jobs[i].state != JOB_DONE;
	rq->printer->ops->end(rq->printer, &outcome->tally, outcome->seconds, outcome->not_run);
	struct error keep = { 0 };
	if (!outcome->not_run && keeper_finish(rq->keeper, outcome->seconds, &keep) < 0)
		keep_problem(&run, &keep);
	for (size_t i = 0; i < run.n_templates; i++)
		release_template(&run, run.templates[i]);
	run_release(&run);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(run.signal_fd);
	sigprocmask(SIG_SETMASK, &run.old_mask, NULL);
	return 0;
}

int schedule_status(const struct schedule_outcome *outcome)
{
	if (outcome->signal)
		return 128 + outcome->signal;
	if (outcome->tally.failed)
		return 1;
	return outcome->tally.errors || *outcome->keep_problem ? 3 : 0;
}
