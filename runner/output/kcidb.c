// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KernelCI's common results, schema version 5.3 of kcidb-io: one JSON object with the tests and what they ran on. The CI
 * that built the kernel knows its ids: OOMTESTS_KCIDB_ORIGIN (a name of a-z, 0-9 and _) and OOMTESTS_KCIDB_BUILD (an id of
 * a build that is in the database); without, a checkout and a build are made up for each kernel.
 */
#include <time.h>

#include "base/printable.h"
#include "base/util.h"
#include "output/printer.h"
#include "output/story.h"

#define EXCERPT_MAX 16384	/* characters of a log_excerpt */

struct kcidb {
	struct printer printer;
	const char *origin;
	const char *build;		/* of the environment; NULL: one is made up for each kernel */
	char *run;			/* what makes the ids of this run's tests unique */
	const struct run_facts *facts;
	json_t *checkouts, *builds, *tests;
	json_t *done;			/* the tests that have a result, as the names of members */
};

static bool good_origin(const char *s)
{
	return s && *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* The origin of "ORIGIN:ID", or NULL. Malloced. */
static char *origin_of(const char *id)
{
	const char *colon = id ? strchr(id, ':') : NULL;
	char *origin = colon && colon[1] ? strndup(id, (size_t)(colon - id)) : NULL;
	if (!good_origin(origin))
		free(TAKE_PTR(origin));
	return origin;
}

int kcidb_check(struct error *err)
{
	const char *origin = getenv("OOMTESTS_KCIDB_ORIGIN"), *build = getenv("OOMTESTS_KCIDB_BUILD");
	CLEANUP_FREE char *build_origin = origin_of(build);
	if (origin && !good_origin(origin))
		return error_set(err, 0, "OOMTESTS_KCIDB_ORIGIN: \"%s\" is not a name of a-z, 0-9 and _", origin);
	if (build && !build_origin)
		return error_set(err, 0, "OOMTESTS_KCIDB_BUILD: \"%s\" is not the id of a build, ORIGIN:ID", build);
	return 0;
}

/* Anything as a JSON string, without bytes and characters that break a line. */
static json_t *text(const char *s)
{
	CLEANUP_FREE char *safe = printable(s);
	return json_string(safe);
}

static json_t *id_of(const struct kcidb *k, const char *rest)
{
	CLEANUP_FREE char *safe = printable(rest);
	CLEANUP_FREE char *id = xasprintf("%s:%s", k->origin, safe);
	return json_string(id);
}

static json_t *build_id(const struct kcidb *k, const char *kernel)
{
	return k->build ? json_string(k->build) : id_of(k, kernel);
}

static void begin(struct printer *p, const struct run_facts *facts)
{
	struct kcidb *k = (struct kcidb *)p;
	k->facts = facts;
	k->run = xasprintf("%lld-%d", (long long)time(NULL), (int)getpid());
	for (size_t i = 0; i < facts->n_kernels && !k->build; i++) {
		const char *kernel = facts->kernels[i];
		json_array_append_new(k->checkouts, json_pack("{s:o s:s s:o}", "id", id_of(k, kernel), "origin", k->origin, "comment",
							      text(kernel)));
		json_array_append_new(k->builds, json_pack("{s:o s:o s:s s:o}", "id", id_of(k, kernel), "checkout_id",
							   id_of(k, kernel), "origin", k->origin, "comment", text(kernel)));
	}
}

/* "memcg/largest-dies[cgroup=v2,swap=none]" to "oomtests.memcg.largest-dies.cgroup-v2_swap-none": a path is of words of
 * letters, digits, _ and -, with dots between. Malloced. */
static char *path_of(const char *id)
{
	char *path = xasprintf("oomtests.%s", id), *to = path;
	for (const char *c = path; *c; c++) {
		if (*c == '/' || *c == '[')
			*to++ = '.';
		else if (*c == ',')
			*to++ = '_';
		else if (*c == ']')
			continue;
		else
			*to++ = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", *c) ? *c : '-';
	}
	*to = '\0';
	return path;
}

static json_t *misc_of(const struct result *r)
{
	json_t *victims = json_array();
	for (size_t i = 0; i < r->n_victims; i++)
		json_array_append_new(victims, text(r->victims[i].task));
	json_t *misc = json_pack("{s:o s:s s:o}", "oomtests_id", text(r->id), "verdict", verdict_name(r->verdict), "victims", victims);
	if (r->why)
		json_object_set_new(misc, "why", text(r->why));
	return misc;
}

static char *key_of(const char *kernel, const char *id)
{
	CLEANUP_FREE char *key = xasprintf("%s %s", kernel ? kernel : "", id);
	return printable(key);
}

static json_t *new_test(const struct kcidb *k, const char *id, const char *title, const char *kernel, const char *status)
{
	CLEANUP_FREE char *number = xasprintf("%s-%zu", k->run, json_array_size(k->tests) + 1), *path = path_of(id);
	json_t *test = json_pack("{s:o s:o s:s s:s s:s}", "id", id_of(k, number), "build_id", build_id(k, kernel ? kernel : "unknown"),
				 "origin", k->origin, "path", path, "status", status);
	if (title)
		json_object_set_new(test, "comment", text(title));
	return test;
}

static void result(struct printer *p, const struct result *r)
{
	/* a known bug is the kernel's failure all the same: misc.verdict tells that it was known */
	static const char *const statuses[] = { [VERDICT_ERROR] = "ERROR", [VERDICT_FAIL] = "FAIL", [VERDICT_PASS] = "PASS",
						[VERDICT_SKIP] = "SKIP", [VERDICT_XFAIL] = "FAIL" };
	struct kcidb *k = (struct kcidb *)p;
	CLEANUP_FREE char *story = story_of(r), *key = key_of(r->kernel, r->id);
	json_t *test = new_test(k, r->id, r->title, r->kernel, statuses[r->verdict]);
	json_object_set_new(test, "duration", json_real((double)(int64_t)(r->seconds * 1000 + 0.5) / 1000));
	json_object_set_new(test, "misc", misc_of(r));
	json_object_set_new(test, "environment", json_pack("{s:o}", "comment", text(r->target ? r->target : "")));
	if (r->verdict != VERDICT_PASS && r->verdict != VERDICT_SKIP) {
		CLEANUP_FREE char *safe = printable_log(story);
		/* bytes are no fewer than characters; a character is not cut in two */
		size_t len = strlen(safe) < EXCERPT_MAX ? strlen(safe) : EXCERPT_MAX;
		while (len && ((unsigned char)safe[len] & 0xc0) == 0x80)
			len--;
		json_object_set_new(test, "log_excerpt", json_stringn(safe, len));
	}
	json_array_append_new(k->tests, test);
	json_object_set_new(k->done, key, json_true());
}

/* Of a run that ended early: MISS is KCIDB's word for a test that was to be run and has no result. */
static void put_missing(const struct kcidb *k)
{
	for (size_t i = 0; k->facts->planned && i < k->facts->n_tests; i++) {
		const struct planned_test *t = &k->facts->planned[i];
		CLEANUP_FREE char *key = key_of(t->kernel, t->id);
		if (json_object_get(k->done, key))
			continue;
		json_t *test = new_test(k, t->id, t->title, t->kernel, "MISS");
		json_object_set_new(test, "misc", json_pack("{s:o}", "oomtests_id", text(t->id)));
		json_array_append_new(k->tests, test);
	}
}

static void end(struct printer *p, const struct tally *t, double seconds, size_t not_run)
{
	struct kcidb *k = (struct kcidb *)p;
	(void)t;
	(void)seconds;
	if (not_run)
		put_missing(k);
	json_t *root = json_pack("{s:{s:i s:i}}", "version", "major", 5, "minor", 3);
	if (json_array_size(k->builds)) {
		json_object_set(root, "checkouts", k->checkouts);
		json_object_set(root, "builds", k->builds);
	}
	json_object_set(root, "tests", k->tests);
	json_dumpf(root, p->out, JSON_INDENT(1) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
	fputc('\n', p->out);
	fflush(p->out);
	json_decref(root);
}

static void release(struct printer *p)
{
	struct kcidb *k = (struct kcidb *)p;
	json_decref(k->checkouts);
	json_decref(k->builds);
	json_decref(k->tests);
	json_decref(k->done);
	free(k->run);
	free(k);
}

struct printer *printer_kcidb(FILE *out)
{
	static const struct printer_ops ops = { .begin = begin, .result = result, .end = end, .free = release };
	const char *origin = getenv("OOMTESTS_KCIDB_ORIGIN");
	struct kcidb *k = xcalloc(1, sizeof(*k));
	k->printer = (struct printer){ .ops = &ops, .out = out };
	k->origin = origin ? origin : "oomtests";
	k->build = getenv("OOMTESTS_KCIDB_BUILD");
	k->checkouts = json_array();
	k->builds = json_array();
	k->tests = json_array();
	k->done = json_object();
	return &k->printer;
}
