// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/shard.h"

#include "base/bytes.h"
#include "base/util.h"

#define SHARDS_MAX 10000

int shard_parse(const char *text, struct shard *s, struct error *err)
{
	int64_t i, of;
	const char *slash = strchr(text, '/');
	CLEANUP_FREE char *first = slash ? strndup(text, (size_t)(slash - text)) : NULL;
	if (!first || parse_int(slash + 1, 1, SHARDS_MAX, &of, NULL) < 0 || parse_int(first, 1, of, &i, NULL) < 0)
		return error_set(err, 0, "\"%s\" is not I/N with I from 1 to N, like 2/4", text);
	*s = (struct shard){ (unsigned)i, (unsigned)of };
	return 0;
}

/* By what does not depend on the machine or on the order of the arguments. */
static int longest_first(const void *a, const void *b, void *context)
{
	const struct schedule_job *jobs = context, *x = &jobs[*(const size_t *)a], *y = &jobs[*(const size_t *)b];
	if (x->seconds != y->seconds)
		return x->seconds > y->seconds ? -1 : 1;
	int order = strcmp(x->test->id, y->test->id);
	return order ? order : strcmp(x->kernel->name, y->kernel->name);
}

static unsigned least(const double *load, unsigned n)
{
	unsigned best = 0;
	for (unsigned i = 1; i < n; i++) {
		if (load[i] < load[best])
			best = i;
	}
	return best;
}

size_t shard_pick(struct schedule_job *jobs, size_t n, struct shard s)
{
	if (!s.of)
		return n;
	CLEANUP_FREE size_t *order = xcalloc(n + 1, sizeof(*order));
	CLEANUP_FREE unsigned *part = xcalloc(n + 1, sizeof(*part));
	CLEANUP_FREE double *load = xcalloc(s.of, sizeof(*load));
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), longest_first, jobs);
	for (size_t i = 0; i < n; i++) {
		unsigned to = least(load, s.of);
		part[order[i]] = to;
		load[to] += jobs[order[i]].seconds;
	}
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (part[i] == s.i - 1)
			jobs[kept++] = jobs[i];
	}
	return kept;
}
