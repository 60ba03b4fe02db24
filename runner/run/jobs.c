// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/jobs.h"

#include <errno.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "case/case.h"
#include "judge/judge.h"

static int report(int fd, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(value);
	if (!text)
		return 1;
	/* a newline in front too: whatever was written before is a line of its own */
	CLEANUP_FREE char *line = xasprintf("\n%s\n", text);
	free(text);
	return write_all(fd, line, strlen(line)) < 0;
}

int template_work(void *context, int fd)
{
	const struct template_task *task = context;
	struct error err = { 0 };
	int64_t begin = now_ns();
	if (target_prepare(task->target, task->template, task->machine, fd, &err) < 0)
		return report(fd, json_pack("{s:{s:o s:b}}", "failed", "why", json_bytes(err.text, strlen(err.text)),
					    "unsupported", err.errnum == EOPNOTSUPP));
	return report(fd, json_pack("{s:{s:f}}", "prepared", "seconds", (double)(now_ns() - begin) / 1e9));
}

int test_work(void *context, int fd)
{
	const struct session_task *task = context;
	const struct test *test = task->session.test;
	const struct kernel *kernel = task->session.machine->kernel;
	struct result *r = result_new(test->id, test->title, kernel->name, task->session.target->name);
	struct session_marks marks;
	json_t *plan, *evidence;
	int64_t begin = now_ns();
	struct observation *seen = session_run(&task->session, &plan, &marks);
	judge(test, seen, kernel->release, r);
	r->seconds = (double)(now_ns() - begin) / 1e9;
	if (keeper_wants(task->keeper, r->verdict)) {
		json_t *times = session_marks_to_json(&marks);
		json_object_set_new(times, "verdict", json_real(r->seconds));
		evidence = json_pack("{s:o s:O s:o}", "marks", times, "plan", plan, "observation",
				     observation_to_json(seen));
	} else {
		evidence = json_null();
	}
	int status = report(fd, json_pack("{s:o s:o}", "result", result_to_json(r), "evidence", evidence));
	json_decref(plan);
	observation_free(seen);
	result_free(r);
	return status;
}

/* Every need of the test, as if nothing of it were there: at the least a machine to run on. */
static void all_missing(const struct test *test, json_t *missing)
{
	json_t *needs = test_needs(test), *need;
	size_t i;
	json_array_append_new(needs, json_string("a machine"));
	json_array_foreach(needs, i, need)
		json_array_append_new(missing, json_pack("{s:O s:s s:s}", "need", need, "why", "pretended",
							 "how", "unset OOMTESTS_FAIL_NEEDS"));
	json_decref(needs);
}

char *known_missing(const struct schedule_request *rq, const struct schedule_job *job)
{
	const struct test *test = job->test;
	json_t *missing = test_unmet_needs(test, job->kernel->release, rq->target->throw_away, rq->target->name);
	if (rq->fail_needs)
		all_missing(test, missing);
	if (test->dangerous && !rq->target->throw_away && !rq->destructive)
		json_array_append_new(missing, json_pack("{s:s s:s s:s}", "need", "a machine that may be harmed",
							 "why", "the test reaches beyond its own cgroups",
							 "how", "run it in a guest (-t vm) or allow it with --destructive"));
	char *sentences = json_array_size(missing) ? missing_sentences(missing) : NULL;
	json_decref(missing);
	return sentences;
}
