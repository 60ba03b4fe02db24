// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/verdict.h"

#include <stdarg.h>

#include "base/util.h"

const char *verdict_name(enum verdict v)
{
	switch (v) {
	case VERDICT_ERROR:	return "error";
	case VERDICT_FAIL:	return "fail";
	case VERDICT_PASS:	return "pass";
	case VERDICT_SKIP:	return "skip";
	case VERDICT_XFAIL:	return "xfail";
	}
	return "error";
}

static char *copy_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

struct result *result_new(const char *id, const char *title, const char *kernel, const char *target)
{
	struct result *r = xcalloc(1, sizeof(*r));
	r->id = copy_or_null(id);
	r->title = copy_or_null(title);
	r->kernel = copy_or_null(kernel);
	r->target = copy_or_null(target);
	r->verdict = VERDICT_ERROR;
	return r;
}

void result_free(struct result *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_checks; i++) {
		free(r->checks[i].name);
		free(r->checks[i].expected);
		free(r->checks[i].seen);
		free(r->checks[i].where);
	}
	for (size_t i = 0; i < r->n_victims; i++)
		free(r->victims[i].task);
	for (size_t i = 0; i < r->n_ranking; i++)
		free(r->ranking[i].task);
	free(r->checks);
	free(r->victims);
	free(r->ranking);
	free(r->id);
	free(r->title);
	free(r->kernel);
	free(r->target);
	free(r->why);
	free(r->predicted);
	free(r->kept);
	free(r);
}

bool result_check(struct result *r, const char *name, bool ok, const char *where,
		  const char *expected, const char *seen)
{
	r->checks = xrealloc(r->checks, r->n_checks + 1, sizeof(*r->checks));
	r->checks[r->n_checks++] = (struct check){
		.name = xstrdup(name),
		.ok = ok,
		.expected = xstrdup(expected ? expected : ""),
		.seen = xstrdup(seen ? seen : ""),
		.where = copy_or_null(where),
	};
	return ok;
}

void result_victim(struct result *r, const char *task, int pid)
{
	r->victims = xrealloc(r->victims, r->n_victims + 1, sizeof(*r->victims));
	r->victims[r->n_victims++] = (struct named_pid){ .task = xstrdup(task), .pid = pid };
}

void result_rank(struct result *r, const struct ranked *candidate)
{
	r->ranking = xrealloc(r->ranking, r->n_ranking + 1, sizeof(*r->ranking));
	r->ranking[r->n_ranking] = *candidate;
	r->ranking[r->n_ranking++].task = xstrdup(candidate->task);
}

size_t result_failed_checks(const struct result *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_checks; i++)
		n += !r->checks[i].ok;
	return n;
}

void result_say(struct result *r, enum verdict v, const char *fmt, ...)
{
	/* What the kernel did wrong has been seen; that the clean-up then stumbled does not make it unseen. */
	if (v == VERDICT_ERROR && r->verdict == VERDICT_FAIL && result_failed_checks(r))
		return;
	char *why = NULL;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&why, fmt, ap);
	va_end(ap);
	if (n < 0)
		why = xstrdup("(no memory for the reason)");
	r->verdict = v;
	free(r->why);
	r->why = why;
	if (!*why) {
		free(why);
		r->why = NULL;
	}
}
