// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JUnit's XML, as Jenkins, GitLab and the like read it (results/schema/junit.xsd): a suite a kernel, a case a test, all at
 * the end, for a suite tells its counts first. A skip stays a skip with its reason; so does a known bug, as there is no word
 * for it.
 */
#include <time.h>

#include "base/util.h"
#include "output/printer.h"
#include "output/story.h"
#include "output/xml.h"

struct junit {
	struct printer printer;
	char started[32];
	char *target;
	char **kernels;			/* owned, so that a suite has its kernel's name */
	size_t n_kernels;
	const struct result **results;	/* the array is owned */
	size_t n_results;
};

static void begin(struct printer *p, const struct run_facts *facts)
{
	struct junit *j = (struct junit *)p;
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(j->started, sizeof(j->started), "%Y-%m-%dT%H:%M:%S", &tm);
	j->target = xstrdup(facts->target);
	j->n_kernels = facts->n_kernels;
	j->kernels = xcalloc(j->n_kernels + 1, sizeof(*j->kernels));
	for (size_t i = 0; i < j->n_kernels; i++)
		j->kernels[i] = xstrdup(facts->kernels[i]);
}

static void result(struct printer *p, const struct result *r)
{
	struct junit *j = (struct junit *)p;
	j->results = xrealloc(j->results, j->n_results + 1, sizeof(*j->results));
	j->results[j->n_results++] = r;
}

static void attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	xml_attribute(out, value);
	fputc('"', out);
}

static void element(FILE *out, const char *name, const char *message, const char *content)
{
	fprintf(out, "      <%s", name);
	attribute(out, "message", message);
	if (*content) {
		fputc('>', out);
		xml_content(out, content);
		fprintf(out, "</%s>\n", name);
	} else {
		fputs("/>\n", out);
	}
}

/* "memcg/largest-dies[cgroup=v2]" is largest-dies[cgroup=v2] of the class oomtests.memcg. */
static void put_case(FILE *out, const struct result *r)
{
	static const char *const elements[] = { [VERDICT_ERROR] = "error", [VERDICT_FAIL] = "failure", [VERDICT_SKIP] = "skipped",
						[VERDICT_XFAIL] = "skipped" };
	size_t axes = strcspn(r->id, "[");
	const char *slash = memrchr(r->id, '/', axes);
	CLEANUP_FREE char *class = slash ? xasprintf("oomtests.%.*s", (int)(slash - r->id), r->id) : xstrdup("oomtests");
	for (char *c = class; *c; c++)
		*c = *c == '/' ? '.' : *c;
	fputs("    <testcase", out);
	attribute(out, "classname", class);
	attribute(out, "name", slash ? slash + 1 : r->id);
	fprintf(out, " time=\"%.3f\"", r->seconds);
	if (r->verdict == VERDICT_PASS) {
		fputs("/>\n", out);
		return;
	}
	CLEANUP_FREE char *line = story_line(r), *story = story_of(r);
	CLEANUP_FREE char *message = xasprintf("%s%s", r->verdict == VERDICT_XFAIL ? "a known bug was seen: " : "", line);
	fputs(">\n", out);
	element(out, elements[r->verdict], message, r->verdict == VERDICT_SKIP ? "" : story);
	fputs("    </testcase>\n", out);
}

static void put_suite(const struct junit *j, FILE *out, const char *kernel)
{
	struct tally t = { 0 };
	double seconds = 0;
	for (size_t i = 0; i < j->n_results; i++) {
		if (!streq(j->results[i]->kernel, kernel))
			continue;
		tally_add(&t, j->results[i]->verdict);
		seconds += j->results[i]->seconds;
	}
	fputs("  <testsuite", out);
	attribute(out, "name", kernel);
	fprintf(out, " timestamp=\"%s\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n    <properties>\n",
		j->started, t.passed + t.failed + t.errors + t.skipped + t.xfailed, t.failed, t.errors, t.skipped + t.xfailed,
		seconds);
	fputs("      <property name=\"kernel\"", out);
	attribute(out, "value", kernel);
	fputs("/>\n      <property name=\"target\"", out);
	attribute(out, "value", j->target);
	fputs("/>\n    </properties>\n", out);
	for (size_t i = 0; i < j->n_results; i++) {
		if (streq(j->results[i]->kernel, kernel))
			put_case(out, j->results[i]);
	}
	fputs("  </testsuite>\n", out);
}

static void end(struct printer *p, const struct tally *t, double seconds, size_t not_run)
{
	struct junit *j = (struct junit *)p;
	/* the format's time is the sum of what is below, not how long one had to wait */
	(void)seconds;
	double sum = 0;
	for (size_t i = 0; i < j->n_results; i++)
		sum += j->results[i]->seconds;
	fprintf(p->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"oomtests\" tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n", j->n_results,
		t->failed, t->errors, t->skipped + t->xfailed, sum);
	if (not_run)
		fprintf(p->out, "  <!-- the run ended early: %zu tests were not run -->\n", not_run);
	for (size_t i = 0; i < j->n_kernels; i++)
		put_suite(j, p->out, j->kernels[i]);
	fputs("</testsuites>\n", p->out);
	fflush(p->out);
}

static void release(struct printer *p)
{
	struct junit *j = (struct junit *)p;
	for (size_t i = 0; i < j->n_kernels; i++)
		free(j->kernels[i]);
	free(j->kernels);
	free(j->target);
	free(j->results);
	free(j);
}

struct printer *printer_junit(FILE *out)
{
	static const struct printer_ops ops = { .begin = begin, .result = result, .end = end, .free = release };
	struct junit *j = xcalloc(1, sizeof(*j));
	j->printer = (struct printer){ .ops = &ops, .out = out };
	return &j->printer;
}
