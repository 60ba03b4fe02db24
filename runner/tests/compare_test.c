// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons: every change of a verdict, drift, timing; what is shown of them. */
#include <check.h>

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include "base/util.h"
#include "judge/record.h"
#include "output/keep.h"
#include "results/baseline.h"
#include "results/compare.h"
#include "results/timing.h"
#include "tests/harness.h"
#include "tests/validate.h"

static char dir[64];

static void set_up(void)
{
	strcpy(dir, "/tmp/compare-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void tear_down(void)
{
	CLEANUP_FREE char *rm = xasprintf("rm -r %s", dir);
	ck_assert_int_eq(system(rm), 0);
}

/* A run in memory. */
static struct past_run *new_run(const char *path, const char *kernel, const char *kernel2)
{
	struct past_run *p = xcalloc(1, sizeof(*p));
	p->path = xstrdup(path);
	p->finished = true;
	p->run = json_pack("{s:s s:[{s:s s:s s:s}]}", "target", "vm", "kernels", "name", kernel, "dir", ".", "release", "6.1.0");
	if (kernel2)
		json_array_append_new(json_object_get(p->run, "kernels"), json_pack("{s:s s:s s:s}", "name", kernel2, "dir", "x",
										    "release", "6.2.0"));
	p->results = json_array();
	return p;
}

static struct result *add(struct past_run *p, const char *id, const char *kernel, enum verdict v, const char *victim, double seconds)
{
	struct result *r = result_new(id, "t", kernel, "vm");
	result_check(r, "memory.events oom_kill of box rises by", v != VERDICT_FAIL, NULL, "1", v == VERDICT_FAIL ? "2" : "1");
	result_victim(r, victim, 7);
	r->seconds = seconds;
	result_say(r, v, "%s", v == VERDICT_PASS || v == VERDICT_FAIL ? "" : "because");
	json_array_append_new(p->results, result_to_json(r));
	return r;
}

static void put(struct past_run *p, const char *id, enum verdict v, const char *victim)
{
	result_free(add(p, id, "k", v, victim, 1));
}

static json_t *compare(struct past_run *a, struct past_run *b)
{
	struct error err = { 0 };
	json_t *c = compare_runs(a, b, &err);
	ck_assert_msg(c, "%s", err.text);
	return c;
}

static const char *word(const json_t *comparison, const char *test, bool *regression)
{
	json_t *c;
	size_t i;
	json_array_foreach(json_object_get(comparison, "changes"), i, c) {
		if (!streq(json_string_value(json_object_get(c, "test")), test))
			continue;
		*regression = json_is_true(json_object_get(c, "regression"));
		return json_string_value(json_object_get(c, "change"));
	}
	return NULL;
}

START_TEST(verdicts)
{
	static const enum verdict E = VERDICT_ERROR, F = VERDICT_FAIL, P = VERDICT_PASS, S = VERDICT_SKIP, X = VERDICT_XFAIL;
	const struct {
		enum verdict a, b;
		const char *word;
		bool regression;
	} table[] = {
		{ P, P, NULL, false }, { P, F, "new failure", true }, { P, E, "new error", true },
		{ P, S, "no longer run", false }, { P, X, "verdict", false },
		{ F, P, "fixed", false }, { F, F, NULL, false }, { F, E, "verdict", false }, { F, S, "no longer run", false },
		{ F, X, "fixed", false },
		{ E, P, "fixed", false }, { E, F, "new failure", true }, { E, E, NULL, false }, { E, S, "no longer run", false },
		{ E, X, "fixed", false },
		{ S, P, "now run", false }, { S, F, "new failure", true }, { S, E, "new error", true }, { S, S, NULL, false },
		{ S, X, "now run", false },
		{ X, P, "fixed", false }, { X, F, "new failure", true }, { X, E, "new error", true },
		{ X, S, "no longer run", false }, { X, X, NULL, false },
	};
	struct past_run *a = new_run("A", "k", NULL), *b = new_run("B", "l", NULL);
	size_t bad = 0, changed = 0;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_FREE char *id = xasprintf("t/%zu", i);
		put(a, id, table[i].a, "v");
		put(b, id, table[i].b, "v");
		bad += table[i].regression;
		changed += table[i].word != NULL;
	}
	put(a, "t/gone", F, "v");
	put(b, "t/new", F, "v");
	json_t *c = compare(a, b);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		bool regression = false;
		CLEANUP_FREE char *id = xasprintf("t/%zu", i);
		const char *got = word(c, id, &regression);
		ck_assert_msg(streq(got, table[i].word) && regression == table[i].regression, "%s to %s: %s", verdict_name(table[i].a),
			      verdict_name(table[i].b), got ? got : "nothing");
	}
	bool regression;
	ck_assert_str_eq(word(c, "t/gone", &regression), "no result");
	ck_assert(!regression);
	ck_assert_str_eq(word(c, "t/new", &regression), "new test");
	ck_assert(!regression);	/* it is not known from what */
	ck_assert_int_eq(json_integer_value(json_object_get(c, "regressions")), bad);
	ck_assert_int_eq(json_integer_value(json_object_get(c, "same")), ARRAY_SIZE(table) - changed);
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(c, "kernels"), 1)), "l");
	json_decref(c);
	past_run_free(a);
	past_run_free(b);
}
END_TEST

/* The result of a test that states one victim; `more` died, too. */
static void put_overkill(struct past_run *p, const char *id, const char *victim, const char *more, const char *constraint)
{
	struct result *r = result_new(id, "t", "k", "vm");
	CLEANUP_FREE char *seen = xasprintf("%s%s%s", victim, *more ? " " : "", more);
	const char *kills = *more ? "2" : "1", *second = *more ? "hog" : "big";
	result_check(r, "victims", true, NULL, victim, seen);
	result_check(r, "log: constraint", true, NULL, constraint, constraint);
	result_check(r, "table: name", true, NULL, second, second);
	result_check(r, "vmstat oom_kill rises by", true, NULL, kills, kills);
	if (!*more)	/* as judge/check_deaths.c:check_end does */
		result_check(r, "the growing task ends", true, NULL, "filled", "filled");
	result_victim(r, victim, 7);
	if (*more)
		result_victim(r, more, 8);
	result_say(r, VERDICT_PASS, "%s", "");
	json_array_append_new(p->results, result_to_json(r));
	result_free(r);
}

/* One more victim that the rules leave to chance is no change; another first victim, and what its report says, are. */
START_TEST(overkill)
{
	struct past_run *a = new_run("A", "k", NULL), *b = new_run("B", "k", NULL);
	put_overkill(a, "t/chance", "big", "", "CONSTRAINT_MEMCG");
	put_overkill(b, "t/chance", "big", "hog", "CONSTRAINT_MEMCG");
	put_overkill(a, "t/other", "big", "hog", "CONSTRAINT_MEMCG");
	put_overkill(b, "t/other", "bi", "", "CONSTRAINT_MEMCG");
	put_overkill(a, "t/report", "big", "hog", "CONSTRAINT_MEMCG");
	put_overkill(b, "t/report", "big", "", "CONSTRAINT_NONE");
	json_t *c = compare(a, b);
	bool regression;
	ck_assert_ptr_null(word(c, "t/chance", &regression));
	ck_assert_str_eq(word(c, "t/other", &regression), "behaviour");
	ck_assert_str_eq(word(c, "t/report", &regression), "behaviour");
	ck_assert_uint_eq(json_array_size(json_object_get(c, "changes")), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(json_object_get(c, "changes"), 1), "seen")), 1);
	json_decref(c);
	past_run_free(a);
	past_run_free(b);
}
END_TEST

/* A test without a result is missed where the second side was to have one. */
START_TEST(no_result)
{
	static const struct {
		const char *b_run;	/* what its run.json has besides */
		bool planned, all;
	} table[] = {
		{ "{}", true, true },
		{ "{\"asked\":{\"cases\":[],\"tags\":[],\"shard\":null}}", true, true },
		{ "{\"asked\":{\"cases\":[\"t\"]}}", true, false },
		{ "{\"asked\":{\"cases\":[],\"tags\":[\"quick\"]}}", true, false },
		{ "{\"asked\":{\"cases\":[],\"shard\":[1,2]}}", true, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct past_run *a = new_run("A", "k", NULL), *b = new_run("B", "k", NULL);
		json_t *more = json_loads(table[i].b_run, 0, NULL), *change;
		put(a, "t/both", VERDICT_PASS, "v");
		put(b, "t/both", VERDICT_PASS, "v");
		put(a, "t/planned", VERDICT_PASS, "v");
		put(a, "t/unknown", VERDICT_PASS, "v");
		json_object_update(b->run, more);
		json_object_set_new(b->run, "tests", json_pack("[{s:s s:s}{s:s s:s}]", "id", "t/both", "kernel", "k", "id", "t/planned",
							       "kernel", "k"));
		json_t *c = compare(a, b);
		size_t at;
		json_array_foreach(json_object_get(c, "changes"), at, change) {
			bool planned = streq(json_string_value(json_object_get(change, "test")), "t/planned");
			ck_assert_str_eq(json_string_value(json_object_get(change, "change")), "no result");
			ck_assert_int_eq(json_is_true(json_object_get(change, "expected")), planned ? table[i].planned : table[i].all);
		}
		ck_assert_uint_eq(at, 2);
		json_decref(c);
		json_decref(more);
		past_run_free(a);
		past_run_free(b);
	}
}
END_TEST

#define COLUMNS "pid uid tgid total_vm rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name"

/* Both pass, and the kernel did something else. */
START_TEST(drift)
{
	struct past_run *a = new_run("A", "k", NULL), *b = new_run("B", "k", NULL);
	put(a, "t/victim", VERDICT_PASS, "big");
	put(b, "t/victim", VERDICT_PASS, "old|er<b>");
	put(a, "t/same", VERDICT_PASS, "big");
	put(b, "t/same", VERDICT_PASS, "big");
	struct result *r = result_new("t/counter", "t", "k", "vm");
	result_say(r, VERDICT_PASS, "%s", "");
	json_array_append_new(a->results, result_to_json(r));
	result_check(r, "memory.events oom of box rises by", true, NULL, "3", "3");
	result_check(r, "table: its columns", true, NULL, COLUMNS, COLUMNS);
	result_check(r, "table: rss of big", true, NULL, "10 to 20", "15");
	json_array_append_new(b->results, result_to_json(r));
	result_free(r);
	json_t *c = compare(a, b);
	bool regression;
	ck_assert_str_eq(word(c, "t/victim", &regression), "behaviour");
	ck_assert_str_eq(word(c, "t/counter", &regression), "behaviour");
	ck_assert_ptr_null(word(c, "t/same", &regression));
	ck_assert_int_eq(json_integer_value(json_object_get(c, "regressions")), 0);
	CLEANUP_FREE char *text = NULL, *markdown = NULL, *lines = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	compare_print(out, c, 80);
	fclose(out);
	out = open_memstream(&markdown, &len);
	compare_print_markdown(out, c);
	fclose(out);
	out = open_memstream(&lines, &len);
	compare_print_json(out, c);
	fclose(out);
	ck_assert_msg(strstr(text, "behaviour t/counter") && strstr(text, "  memory.events oom of box: 3, was as usual") &&
		      strstr(text, "\n1 the same, 2 behaviour; 0 regressions\n"), "%s", text);
	ck_assert_msg(strstr(text, "rss_file\n"), "%s", text);	/* at 80 columns, and not within a word */
	ck_assert_msg(strstr(markdown, "victims\\: old\\|er&lt;b\\>, was big |\n"), "%s", markdown);
	ck_assert_ptr_nonnull(strstr(lines, "\"victims\":{\"a\":[\"big\"],\"b\":[\"old|er<b>\"]}"));
	ck_assert_ptr_nonnull(strstr(lines, "\n{\"a\":\"A\",\"b\":\"B\",\"kernels\":[\"k\",\"k\"],\"same\":1,\"regressions\":0}\n"));
	json_decref(c);
	past_run_free(a);
	past_run_free(b);
}
END_TEST

/* Two kernels do the same, with other pids, sizes and bits; and a kernel that adds a flag does not. */
START_TEST(no_drift)
{
	static const struct { const char *name, *a, *b; bool drift; } table[] = {
		{ "table: pid of big", "84", "94", false },
		{ "log: pid of the selected", "84", "94", false },
		{ "log: shmem-rss of big", "76", "0", false },
		{ "log: pages reserved", "9498", "17157", false },
		{ "memory.events of box are its own and its children's", "low 0, max 35", "low 0, max 36", false },
		{ "log: gfp_mask", "0x140dca(A|__GFP_COMP|__GFP_ZERO)", "0x40dca(A|__GFP_ZERO|__GFP_COMP)", false },
		{ "log: gfp_mask", "0xcc0(GFP_KERNEL)", "0xcc0(GFP_KERNEL|__GFP_ZERO)", true },
		{ "OOM reports", "1", "2", true },
	};
	struct past_run *a = new_run("A", "k", NULL), *b = new_run("B", "k", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		for (int side = 0; side < 2; side++) {
			CLEANUP_FREE char *id = xasprintf("t/%zu", i);
			const char *seen = side ? table[i].b : table[i].a;
			struct result *r = result_new(id, "t", "k", "vm");
			result_say(r, VERDICT_PASS, "%s", "");
			result_check(r, table[i].name, true, NULL, seen, seen);
			if (side && streq(table[i].name, "OOM reports"))	/* what one report more says is no news */
				for (int n = 0; n < 2; n++)
					result_check(r, "log: cpuset", true, NULL, "/x", "/x");
			json_array_append_new((side ? b : a)->results, result_to_json(r));
			result_free(r);
		}
	}
	json_t *c = compare(a, b);
	bool regression;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_FREE char *id = xasprintf("t/%zu", i);
		ck_assert_msg(streq(word(c, id, &regression), table[i].drift ? "behaviour" : NULL), "%s: %s", table[i].name,
			      table[i].drift ? "no drift" : "drift");
	}
	CLEANUP_FREE char *text = json_dumps(c, JSON_COMPACT);
	ck_assert_msg(strstr(text, "log: cpuset") && !strstr(text, "log: cpuset (2)"), "%s", text);
	json_decref(c);
	past_run_free(a);
	past_run_free(b);
}
END_TEST

START_TEST(several_kernels)
{
	struct past_run *a = new_run("A", "k", "l"), *b = new_run("B", "l", NULL), *other = new_run("C", "m", NULL);
	struct error err = { 0 };
	result_free(add(a, "t/1", "k", VERDICT_PASS, "v", 1));
	result_free(add(a, "t/1", "l", VERDICT_PASS, "v", 1));
	result_free(add(b, "t/1", "l", VERDICT_FAIL, "v", 1));
	result_free(add(other, "t/1", "m", VERDICT_PASS, "v", 1));
	json_t *c = compare(a, b);
	bool regression;
	ck_assert_str_eq(word(c, "t/1", &regression), "new failure");
	ck_assert_uint_eq(json_array_size(json_object_get(c, "changes")), 1);
	json_decref(c);
	c = compare(a, a);
	ck_assert_int_eq(json_integer_value(json_object_get(c, "same")), 2);
	json_decref(c);
	ck_assert_ptr_null(compare_runs(a, other, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "have no test in common on a kernel of the same name"));
	struct past_run *none = new_run("N", "l", NULL), *disjoint = new_run("D", "l", NULL);
	result_free(add(disjoint, "t/2", "l", VERDICT_PASS, "v", 1));
	ck_assert_ptr_null(compare_runs(b, disjoint, &err));
	ck_assert_str_eq(err.text, "B and D have no test in common");
	ck_assert_ptr_null(compare_runs(b, none, &err));
	ck_assert_str_eq(err.text, "N has no result yet");
	past_run_free(a);
	past_run_free(b);
	past_run_free(other);
	past_run_free(none);
	past_run_free(disjoint);
}
END_TEST

/* A machine half as fast is no news; one test that takes four times as long is. */
START_TEST(timing)
{
	struct timing t[20];
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
			double seconds = 1 + (double)(i % 5);
			t[i] = (struct timing){ .a = seconds, .b = seconds * 2 * (1 + 0.02 * (double)(i % 3)) };
		}
		if (pass)
			t[4].b *= 4;
		timing_judge(t, ARRAY_SIZE(t));
		for (size_t i = 0; i < ARRAY_SIZE(t); i++)
			ck_assert_int_eq(t[i].changed, pass && i == 4);
		ck_assert(fabs(t[4].usual - 2 * t[4].a) < 0.3);
	}
	/* with few tests the noise can't be told */
	timing_judge(t, TIMING_LEAST - 1);
	for (size_t i = 0; i < TIMING_LEAST - 1; i++)
		ck_assert(!t[i].changed);
}
END_TEST

/* What a run shows of a kernel is what its baseline has. */
START_TEST(baselines)
{
	set_up();
	struct error err = { 0 };
	struct past_run *a = new_run("A", "debian:k", "l");
	size_t left_out = 0;
	result_free(add(a, "t/b", "debian:k", VERDICT_PASS, "v", 1.24));
	result_free(add(a, "t/a", "debian:k", VERDICT_SKIP, "v", 0));
	result_free(add(a, "t/c", "debian:k", VERDICT_ERROR, "v", 1));
	result_free(add(a, "t/b", "l", VERDICT_XFAIL, "v", 7));
	ck_assert_msg(baseline_write(a, dir, &left_out, NULL, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(left_out, 1);
	CLEANUP_FREE char *path = xasprintf("%s/debian-k.json", dir);
	validate_json(0, "baseline", path);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
	ck_assert_msg(strstr(text, "\n  {\"id\": \"t/a\", \"verdict\": \"skip\"") && strstr(text, "\"seconds\": 1.2, \"seen\": "
		      "{\"memory.events oom_kill of box\": \"1\"}}\n ]\n}\n"), "%s", text);
	struct past_run *b = past_run_load(path, &err);
	ck_assert_msg(b, "%s", err.text);
	json_t *c = compare(b, a);
	ck_assert_int_eq(json_integer_value(json_object_get(c, "same")), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(c, "changes")), 1);	/* t/c is new to it */
	json_decref(c);
	struct durations *d = durations_load(dir);
	ck_assert(fabs(durations_find(d, "debian:k", "t/b") - 1.2) < 1e-9);
	ck_assert(fabs(durations_find(d, "unknown", "t/b") - 7) < 1e-9);
	ck_assert(fabs(durations_find(d, "l", "t/z") - DURATION_UNKNOWN) < 1e-9);
	durations_free(d);
	ck_assert_int_eq(baseline_write(b, dir, NULL, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "is a baseline already"));
	a->finished = false;
	ck_assert_int_eq(baseline_write(a, dir, NULL, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "A is not complete"));
	past_run_free(a);
	past_run_free(b);
	tear_down();
}
END_TEST

TESTS("compare", overkill, verdicts, no_result, drift, no_drift, several_kernels, timing, baselines)
