// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/state.h"

#include "base/util.h"

static bool same_shape(const struct shape *a, const struct shape *b)
{
	if (a->memory != b->memory || a->cpus != b->cpus || a->nodes != b->nodes || a->disk != b->disk ||
	    (a->disk && a->disk_size != b->disk_size) || a->stress_ng != b->stress_ng || a->plug != b->plug ||
	    a->balloon != b->balloon ||
	    !streq(a->cmdline ? a->cmdline : "", b->cmdline ? b->cmdline : ""))
		return false;
	for (int i = 0; a->nodes > 1 && i < a->nodes; i++) {
		if (a->node_memory[i] != b->node_memory[i])
			return false;
	}
	return true;
}

static struct run_template *template_for(struct run *run, const struct schedule_job *what)
{
	for (size_t i = 0; i < run->n_templates; i++) {
		struct run_template *t = run->templates[i];
		if (t->request.kernel == what->kernel && same_shape(t->request.shape, &what->test->shape))
			return t;
	}
	struct run_template *t = xcalloc(1, sizeof(*t));
	t->request = (struct machine_request){
		.kernel = what->kernel,
		.shape = &what->test->shape,
		.agent = run->rq->agent,
		.load = run->rq->load,
		.destructive = run->rq->destructive,
		.verbose = run->rq->verbose,
	};
	run->templates = xrealloc(run->templates, run->n_templates + 1, sizeof(*run->templates));
	run->templates[run->n_templates++] = t;
	return t;
}

void run_make_jobs(struct run *run)
{
	size_t workers = run->rq->workers;
	run->n_jobs = run->rq->n_jobs;
	run->jobs = xcalloc(run->n_jobs, sizeof(*run->jobs));
	run->slots = xcalloc(workers, sizeof(*run->slots));
	run->fds = xcalloc(workers + 1, sizeof(*run->fds));
	for (size_t i = 0; i < run->n_jobs; i++)
		run->jobs[i].what = &run->rq->jobs[i];
	for (size_t i = 0; i < workers; i++)
		run->slots[i].worker.fd = -1;
}

static size_t template_index(const struct run *run, const struct run_template *t)
{
	size_t i = 0;
	while (i < run->n_templates && run->templates[i] != t)
		i++;
	return i;
}

/* Templates in the order of their first test, the longest of a template's tests first; otherwise as they came. */
static int by_template_and_length(const void *a, const void *b, void *context)
{
	const struct run_job *x = a, *y = b;
	size_t i = template_index(context, x->template), j = template_index(context, y->template);
	if (i != j)
		return i < j ? -1 : 1;
	if (x->what->seconds != y->what->seconds)
		return x->what->seconds > y->what->seconds ? -1 : 1;
	return x->what < y->what ? -1 : x->what > y->what;
}

void run_make_templates(struct run *run)
{
	for (size_t i = 0; i < run->n_jobs; i++) {
		struct run_job *job = &run->jobs[i];
		if (job->state != JOB_PENDING)
			continue;
		job->template = template_for(run, job->what);
		job->template->waiting++;
	}
	if (run->n_jobs)
		qsort_r(run->jobs, run->n_jobs, sizeof(*run->jobs), by_template_and_length, run);
}

/* Upper bounds: a clone may touch all of its memory, a template at rest has touched what a boot touches. */
static bool fits(const struct run *run, const struct shape *more)
{
	uint64_t held = more->memory + more->plug;
	bool any = false;
	if (!run->rq->memory_budget)
		return true;
	for (size_t i = 0; i < run->n_templates; i++) {
		const struct run_template *t = run->templates[i];
		if (t->held && t->state == TEMPLATE_READY)
			held += t->request.shape->memory / 2;
	}
	for (size_t i = 0; i < run->rq->workers; i++) {
		const struct slot *slot = &run->slots[i];
		if (!slot->worker.pid)
			continue;
		any = true;
		held += slot->template->request.shape->memory + slot->template->request.shape->plug;
	}
	return !any || held <= run->rq->memory_budget;
}

static struct choice choose_of_kernel(const struct run *run, const struct kernel *kernel)
{
	struct run_template *wanted = NULL;
	for (size_t i = 0; i < run->n_jobs; i++) {
		struct run_job *job = &run->jobs[i];
		if (job->state != JOB_PENDING || job->what->kernel != kernel || !fits(run, &job->what->test->shape))
			continue;
		if (job->template->state == TEMPLATE_READY)
			return (struct choice){ .job = job };
		if (job->template->state == TEMPLATE_WANTED && !wanted)
			wanted = job->template;
	}
	return (struct choice){ .template = wanted };
}

struct choice run_choose(struct run *run)
{
	/* the kernels in the order of their first job, beginning behind the one that had its turn last */
	size_t start = 0, n = run->rq->n_jobs;
	const struct schedule_job *all = run->rq->jobs;
	for (size_t i = 0; i < n; i++) {
		if (all[i].kernel == run->last_kernel)
			start = i + 1;
	}
	const struct kernel *tried = NULL;
	for (size_t i = 0; i < n; i++) {
		const struct kernel *kernel = all[(start + i) % n].kernel;
		if (kernel == tried)
			continue;
		tried = kernel;
		struct choice c = choose_of_kernel(run, kernel);
		if (c.template || c.job) {
			run->last_kernel = kernel;
			return c;
		}
	}
	return (struct choice){ NULL, NULL };
}

void run_release(struct run *run)
{
	for (size_t i = 0; i < run->n_jobs; i++) {
		if (!run->jobs[i].what->known)
			result_free(run->jobs[i].result);
	}
	for (size_t i = 0; i < run->n_templates; i++) {
		free(run->templates[i]->hello);
		free(run->templates[i]);
	}
	free(run->jobs);
	free(run->templates);
	free(run->slots);
	free(run->fds);
}
