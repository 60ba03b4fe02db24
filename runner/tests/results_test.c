// SPDX-License-Identifier: GPL-2.0-or-later
/* A run's directory: written, cut off in every way, read, gone on with. */
#include <check.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/util.h"
#include "output/keep.h"
#include "output/keep_files.h"
#include "results/load.h"
#include "results/merge.h"
#include "results/replay.h"
#include "results/summary.h"
#include "tests/harness.h"
#include "tests/validate.h"

static char dir[64];

static void set_up(void)
{
	strcpy(dir, "/tmp/results-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void tear_down(void)
{
	CLEANUP_FREE char *rm = xasprintf("rm -r %s", dir);
	ck_assert_int_eq(system(rm), 0);
}

/* A whole run.json of three tests a kernel. */
static json_t *run_json(size_t n_kernels)
{
	static const char *const names[] = { "debian:bookworm", "/a/bzImage", "/b/bzImage" };
	json_t *run = json_pack("{s:i s:s s:s s:[s] s:{s:s s:s s:s s:n s:i s:i} s:s s:n s:i s:{s:[s] s:n s:f s:b s:b}}", "schema",
				RUN_SCHEMA, "oomtests", "0.1.0", "started", "2026-11-29T01:02:03Z", "command", "oomtests run",
				"machine", "host", "h", "machine", "x86_64", "release", "6.1", "cpu", "cpus", 2, "memory_kb", 1024,
				"target", "vm", "engine", "seed", 0, "asked", "cases", "cases/a", "shard", "timeout_scale", 1.0,
				"destructive", 0, "fresh_boot", 0);
	ck_assert_ptr_nonnull(run);
	json_t *kernels = json_array(), *tests = json_array();
	for (size_t i = 0; i < n_kernels; i++) {
		json_array_append_new(kernels, json_pack("{s:s s:s s:n s:{s:s s:n}}", "name", names[i], "release", "6.1.0", "image",
							 "config", "MEMCG", "y", "NUMA"));
		for (int j = 0; j < 3; j++) {
			CLEANUP_FREE char *id = xasprintf("a/test-%d", j);
			json_array_append_new(tests, json_pack("{s:s s:s s:s}", "id", id, "kernel", names[i], "case", "0123abcd"));
		}
	}
	json_object_set_new(run, "kernels", kernels);
	json_object_set_new(run, "tests", tests);
	return run;
}

static void keep(struct keeper *k, const char *kernel, int number, enum verdict v)
{
	struct error err = { 0 };
	CLEANUP_FREE char *id = xasprintf("a/test-%d", number);
	struct result *r = result_new(id, "a title", kernel, "vm");
	result_check(r, "victims", v != VERDICT_FAIL, "cases/a/test.yaml:1:1", "big", v == VERDICT_FAIL ? "small" : "big");
	result_victim(r, v == VERDICT_FAIL ? "small" : "big", 71);
	r->seconds = 1.25;
	result_say(r, v, "%s", v == VERDICT_PASS || v == VERDICT_FAIL ? "" : "because");
	json_t *evidence = json_pack("{s:{s:f s:n} s:n s:{s:[]}}", "marks", "running", 0.5, "kill", "plan", "observation", "kmsg");
	ck_assert_msg(keeper_keep(k, r, evidence, &err) == 0, "%s", err.text);
	json_decref(evidence);
	result_free(r);
}

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void put(const char *name, const char *text)
{
	CLEANUP_FREE char *path = path_of(name);
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
}

static char *get(const char *name)
{
	CLEANUP_FREE char *path = path_of(name);
	char *text = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
	ck_assert_msg(text, "%s is not there", path);
	return text;
}

static struct past_run *load(const char *name)
{
	struct error err = { 0 };
	CLEANUP_FREE char *path = path_of(name);
	struct past_run *p = past_run_load(path, &err);
	ck_assert_msg(p, "%s", err.text);
	return p;
}

/* Loading fails, and says why. */
static void bad(const char *name, const char *why)
{
	struct error err = { 0 };
	CLEANUP_FREE char *path = path_of(name);
	ck_assert_msg(!past_run_load(path, &err), "%s was taken", path);
	ck_assert_msg(strstr(err.text, why) && strstr(err.text, dir), "\"%s\" does not say \"%s\"", err.text, why);
}

static struct keeper *keeper(enum keep_how how, size_t n_kernels, const char *name)
{
	struct error err = { 0 };
	CLEANUP_FREE char *path = path_of(name);
	json_t *run = run_json(n_kernels);
	struct keeper *k = keeper_new(path, how, run, &err);
	json_decref(run);
	ck_assert_msg(k, "%s", err.text);
	return k;
}

static void finish(struct keeper *k)
{
	ck_assert_int_eq(keeper_finish(k, 2.5, NULL), 0);
	keeper_free(k);
}

START_TEST(whole)
{
	set_up();
	struct keeper *k = keeper(KEEP_ALL, 3, "r");
	json_t *hello = json_pack("{s:s s:s s:i s:s}", "release", "6.1.0", "version", "#1", "page_size", 4096, "secret", "x");
	ck_assert_int_eq(keeper_hello(k, "/a/bzImage", hello, NULL), 0);
	json_decref(hello);
	keep(k, "/a/bzImage", 0, VERDICT_PASS);
	keep(k, "/b/bzImage", 0, VERDICT_FAIL);
	keep(k, "debian:bookworm", 2, VERDICT_SKIP);
	finish(k);
	struct past_run *p = load("r");
	ck_assert(p->finished && !p->cut && !p->baseline && !past_run_complete(p));
	ck_assert_uint_eq(past_run_planned(p), 9);
	ck_assert_uint_eq(json_array_size(p->results), 3);
	const json_t *failed = past_run_find(p, "/b/bzImage", "a/test-0");
	CLEANUP_FREE char *base = past_run_base(p, failed), *wanted = path_of("r/bzImage-2/a/test-0");
	ck_assert_str_eq(base, wanted);
	ck_assert_ptr_null(past_run_find(p, "/b/bzImage", "a/test-1"));
	past_run_free(p);
	/* a kernel's directory is that of a run, too */
	p = load("r/bzImage");
	ck_assert_uint_eq(json_array_size(p->results), 1);
	ck_assert_uint_eq(past_run_planned(p), 3);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(p->results, 0), "kept")), "a/test-0.json");
	past_run_free(p);
	CLEANUP_FREE char *said = get("r/bzImage/run.json");
	ck_assert(strstr(said, "\"page_size\"") && !strstr(said, "secret"));
	tear_down();
}
END_TEST

/* A full disk leaves no beginning of a file behind. */
START_TEST(full_disk)
{
	set_up();
	struct error err = { 0 };
	CLEANUP_FREE char *path = path_of("x.json"), *young = path_of("x.json.tmp");
	ck_assert_int_eq(symlink("/dev/full", young), 0);
	ck_assert_int_eq(put_file(path, "text", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "x.json.tmp can't be written: No space left"));
	ck_assert_int_eq(faccessat(AT_FDCWD, young, F_OK, AT_SYMLINK_NOFOLLOW), -1);
	ck_assert_int_eq(access(path, F_OK), -1);
	tear_down();
}
END_TEST

/* All that was printed can be printed again from the directory alone. */
START_TEST(printed_again)
{
	set_up();
	struct keeper *k = keeper(KEEP_ALL, 2, "r");
	for (int i = 0; i < 3; i++) {
		keep(k, "debian:bookworm", i, i == 1 ? VERDICT_FAIL : VERDICT_PASS);
		keep(k, "/a/bzImage", i, VERDICT_SKIP);
	}
	finish(k);
	struct past_run *p = load("r");
	ck_assert(past_run_complete(p));
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct printer *printer = printer_json(out);
	struct tally tally;
	struct error err = { 0 };
	ck_assert_msg(replay(p, printer, &tally, &err) == 0, "%s", err.text);
	printer_free(printer);
	fclose(out);
	ck_assert(tally.passed == 2 && tally.failed == 1 && tally.skipped == 3 && !tally.errors);
	CLEANUP_FREE char *kept = xasprintf("\"kept\":\"%s/r/debian-bookworm/a/test-1.json\"", dir);
	ck_assert_msg(strstr(text, kept), "%s", text);
	/* the kernels ran side by side */
	ck_assert_msg(strstr(text, "\"seconds\":2.5"), "%s", text);
	free(text);
	past_run_free(p);
	tear_down();
}
END_TEST

START_TEST(schemas)
{
	set_up();
	struct keeper *k = keeper(KEEP_ALL, 2, "r");
	keep(k, "debian:bookworm", 0, VERDICT_FAIL);
	keep(k, "debian:bookworm", 1, VERDICT_ERROR);
	finish(k);
	CLEANUP_FREE char *above = path_of("r/run.json"), *own = path_of("r/bzImage/run.json");
	CLEANUP_FREE char *test = path_of("r/debian-bookworm/a/test-0.json"), *line = path_of("line");
	CLEANUP_FREE char *lines = get("r/debian-bookworm/results.jsonl");
	validate_json(0, "run", above);
	validate_json(0, "run", own);
	validate_json(0, "result", test);
	*strchr(lines, '\n') = '\0';
	put("line", lines);
	validate_json(0, "result", line);
	/* they can say no */
	put("line", "{\"id\":\"a\",\"verdict\":\"pass\"}");
	validate_json(1, "result", line);
	validate_json(1, "run", line);
	tear_down();
}
END_TEST

/* However a runner dies, what it wrote can be read and gone on with. */
START_TEST(killed)
{
	set_up();
	int told[2];
	ck_assert_int_eq(pipe(told), 0);
	pid_t runner = fork();
	if (runner == 0) {
		struct keeper *k = keeper(KEEP_ALL, 1, "r");
		keep(k, "debian:bookworm", 0, VERDICT_PASS);
		keep(k, "debian:bookworm", 2, VERDICT_FAIL);
		ck_assert_int_eq(write_all(told[1], "x", 1), 0);
		for (;;)
			pause();
	}
	char c;
	ck_assert_int_eq(read(told[0], &c, 1), 1);
	/* nobody else may write it meanwhile */
	struct error err = { 0 };
	json_t *run = run_json(1);
	CLEANUP_FREE char *path = path_of("r");
	ck_assert_ptr_null(keeper_new(path, KEEP_RESUME, run, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "is being written by another oomtests"));
	json_decref(run);
	kill(runner, SIGKILL);
	ck_assert_int_eq(waitpid(runner, NULL, 0), runner);
	struct past_run *p = load("r");
	ck_assert(!p->finished && !p->cut);
	ck_assert_uint_eq(json_array_size(p->results), 2);
	past_run_free(p);
	struct keeper *k = keeper(KEEP_RESUME, 1, "r");
	keep(k, "debian:bookworm", 1, VERDICT_XFAIL);
	finish(k);
	p = load("r");
	ck_assert(p->finished);
	ck_assert_uint_eq(json_array_size(p->results), 3);
	past_run_free(p);
	CLEANUP_FREE char *lines = get("r/results.jsonl");
	ck_assert_ptr_nonnull(strstr(lines, "{\"passed\":1,\"failed\":1,\"skipped\":0,\"errors\":0,\"xfailed\":1,\"not_run\":0,\"seconds\":2.5}"));
	/* and a whole run once more: nothing is left to do, the time adds up */
	finish(keeper(KEEP_RESUME, 1, "r"));
	CLEANUP_FREE char *again = get("r/results.jsonl");
	ck_assert_ptr_nonnull(strstr(again, "\"xfailed\":1,\"not_run\":0,\"seconds\":5.0}"));
	ck_assert_uint_eq(strlen(again), strlen(lines));
	tear_down();
}
END_TEST

/* Cut off behind every byte: read as far as it is whole, and gone on with from there. */
START_TEST(cut)
{
	set_up();
	struct keeper *k = keeper(KEEP_ALL, 1, "r");
	keep(k, "debian:bookworm", 0, VERDICT_PASS);
	keep(k, "debian:bookworm", 1, VERDICT_FAIL);
	finish(k);
	CLEANUP_FREE char *all = get("r/results.jsonl");
	for (size_t len = 0, n = strlen(all); len <= n; len++) {
		CLEANUP_FREE char *part = strndup(all, len);
		size_t whole_lines = 0;
		for (size_t i = 0; i < len; i++)
			whole_lines += part[i] == '\n';
		put("r/results.jsonl", part);
		struct past_run *p = load("r");
		ck_assert_uint_eq(json_array_size(p->results), whole_lines > 2 ? 2 : whole_lines);
		ck_assert_int_eq(p->finished, len == n);
		ck_assert_int_eq(p->cut, len && part[len - 1] != '\n');
		past_run_free(p);
		keeper_free(keeper(KEEP_RESUME, 1, "r"));
		CLEANUP_FREE char *left = get("r/results.jsonl");
		ck_assert(starts_with(all, left) && (!*left || left[strlen(left) - 1] == '\n'));
		ck_assert_ptr_null(strstr(left, "\"passed\""));
	}
	tear_down();
}
END_TEST

START_TEST(bad_input)
{
	set_up();
	bad("none", "No such file");
	CLEANUP_FREE char *empty = path_of("e"), *other = path_of("o");
	ck_assert_int_eq(mkdir(empty, 0755) | mkdir(other, 0755), 0);
	bad("e", "is empty: no run was kept there");
	put("o/x", "");
	bad("o", "has no run.json");
	put("o/run.json", "{\"schema\": 1, \"ker");
	bad("o", "run.json:1:18: premature end of input");
	put("o/run.json", "[]");
	bad("o", "is not the record of a run");
	put("o/run.json", "{}");
	bad("o", "has no \"schema\"");
	put("o/run.json", "{\"schema\": 2}");
	bad("o", "is of schema 2, and this oomtests knows them up to 1: use a newer one");
	put("o/run.json", "{\"schema\": 1}");
	bad("o", "names no kernels");
	put("o/run.json", "{\"schema\": 1, \"kernels\": [{\"name\": \"k\", \"dir\": \"../x\"}]}");
	bad("o", "kernels[0]");
	put("o/run.json", "{\"schema\": 1, \"kernels\": [{\"name\": \"k\", \"dir\": \".\"}], \"tests\": [1]}");
	bad("o", "tests[0]");
	static const char good[] = "{\"schema\": 1, \"kernels\": [{\"name\": \"k\", \"dir\": \".\"}]}";
	put("o/run.json", good);
	past_run_free(load("o"));	/* a run that was killed at once */
	put("o/results.jsonl", "{\"id\":\"a\",\"verdict\":\"pass\"}\nnonsense\n");
	bad("o", "results.jsonl:2:");
	put("o/results.jsonl", "{\"id\":\"a\",\"verdict\":\"fine\"}\n");
	bad("o", "not a verdict");
	put("o/results.jsonl", "{\"id\":\"a\",\"verdict\":\"pass\"}\n{\"id\":\"a\",\"verdict\":\"pass\"}\n");
	bad("o", "two results of a");
	put("o/results.jsonl", "{\"passed\":1}\n{\"id\":\"a\",\"verdict\":\"pass\"}\n");
	bad("o", "more behind the summary");
	put("b", "{\"schema\": 9, \"baseline\": \"k\", \"tests\": []}");
	bad("b", "is of schema 9");
	put("b", "{\"schema\": 1, \"tests\": []}");
	bad("b", "is not a baseline");
	put("b", "{\"schema\": 1, \"baseline\": \"k\", \"tests\": [{\"id\": \"a\", \"verdict\": \"pass\"}]}");
	bad("b", "tests[0]: a: \"victims\", \"seen\" or \"seconds\" is missing");
	put("b", "\xff\xfe");
	bad("b", "b:1:");
	tear_down();
}
END_TEST

START_TEST(summaries)
{
	static const struct {
		const char *name;
		bool ok;
		const char *expected, *seen, *fact;	/* NULL: says nothing */
	} table[] = {
		{ "log: constraint", true, "CONSTRAINT_MEMCG", "CONSTRAINT_MEMCG", "CONSTRAINT_MEMCG" },
		{ "log: asked by pid", true, "84", "84", NULL },
		{ "log: memcg at its limit", true, "/oomtests-5213-0/box", "/oomtests-5213-0/box", "/oomtests/box" },
		{ "predicted victim", true, "hog (pid 84)", "hog (pid 84)", "hog" },
		{ "victim recomputed from the kernel's own table", true, "hog (pid 84)", "hog (pid 84)", NULL },
		{ "table: rss of big", true, "16382 to 16383", "16383", NULL },
		{ "oom_score of some", true, "1064", "1064", NULL },
		{ "memory.events oom_kill of box rises by", true, "1", "1", "1" },
		{ "memory.events oom_kill of top rises by", true, "0", "0", NULL },
		{ "memory.events max of box rises by", true, "at least 18", "38", "some" },
		{ "memory.events max of top rises by", true, "0 or more", "0", NULL },
		{ "memory.events low of box rises by", false, "0", "7", "7" },
		{ "survivors answer", true, "all", "all", NULL },
		{ "survivors answer", false, "all", "outside", "outside" },
		{ "read memory.current", true, "<=41943040", "12709888", NULL },
	};
	struct result *r = result_new("a/b", "t", "k", "vm");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		result_check(r, table[i].name, table[i].ok, NULL, table[i].expected, table[i].seen);
	result_victim(r, "hog", 84);
	r->seconds = 1.26;
	json_t *whole_result = result_to_json(r), *summary = summary_of(whole_result), *seen = json_object_get(summary, "seen");
	size_t facts = 0;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_FREE char *name = xstrdup(i == 13 ? "survivors answer (2)" : table[i].name);
		char *end = strstr(name, " rises by");
		if (end)
			*end = '\0';
		const char *fact = json_string_value(json_object_get(seen, name));
		ck_assert_msg(streq(fact, table[i].fact), "%s: %s", name, fact ? fact : "nothing");
		facts += table[i].fact != NULL;
	}
	ck_assert_uint_eq(json_object_size(seen), facts);
	ck_assert_int_eq(summary_check(summary, NULL), 0);
	ck_assert_int_eq((int)(json_number_value(json_object_get(summary, "seconds")) * 100 + 0.5), 130);
	json_decref(whole_result);
	json_decref(summary);
	result_free(r);
}
END_TEST

/* run.json of a part: all of the tests whose number is in `numbers`. */
static void make_part(const char *name, unsigned i, unsigned of, const char *numbers, bool finished)
{
	CLEANUP_FREE char *path = path_of(name);
	json_t *run = run_json(1), *tests = json_object_get(run, "tests");
	for (size_t t = json_array_size(tests); t-- > 0;) {
		const char *id = json_string_value(json_object_get(json_array_get(tests, t), "id"));
		if (!strchr(numbers, id[strlen(id) - 1]))
			json_array_remove(tests, t);
	}
	json_object_set_new(json_object_get(run, "asked"), "shard", json_pack("[ii]", (int)i, (int)of));
	struct keeper *k = keeper_new(path, KEEP_ALL, run, NULL);
	ck_assert_ptr_nonnull(k);
	json_decref(run);
	for (const char *c = numbers; *c && (finished || c[1]); c++)
		keep(k, "debian:bookworm", *c - '0', *c == '1' ? VERDICT_FAIL : VERDICT_PASS);
	if (finished)
		ck_assert_int_eq(keeper_finish(k, 2, NULL), 0);
	keeper_free(k);
}

static int merge(struct past_run **runs, size_t n, const char *to, struct merge_outcome *outcome, struct error *err)
{
	CLEANUP_FREE char *path = path_of(to);
	json_t *command = json_pack("[s]", "oomtests merge");
	int status = merge_runs((const struct past_run *const *)runs, n, path, false, command, outcome, err);
	json_decref(command);
	return status;
}

START_TEST(merging)
{
	set_up();
	struct merge_outcome outcome = { .planned = 0 };
	struct error err = { 0 };
	make_part("p1", 1, 2, "2", true);
	make_part("p2", 2, 2, "01", true);
	make_part("half", 2, 2, "01", false);
	make_part("again", 2, 3, "2", true);
	struct past_run *runs[] = { load("p1"), load("p2") }, *halves[] = { runs[0], load("half") }, *twice[] = { runs[0], load("again") };
	ck_assert_msg(merge(runs, 2, "all", &outcome, &err) == 0, "%s", err.text);
	ck_assert(outcome.tally.passed == 2 && outcome.tally.failed == 1 && outcome.planned == 3 && !outcome.missing);
	/* the same as one run has */
	struct past_run *all = load("all");
	ck_assert(all->finished && json_is_null(json_object_get(json_object_get(all->run, "asked"), "shard")));
	ck_assert(all->seconds > 3.99 && all->seconds < 4.01);
	struct keeper *k = keeper(KEEP_ALL, 1, "one");
	for (int i = 0; i < 3; i++)
		keep(k, "debian:bookworm", i, i == 1 ? VERDICT_FAIL : VERDICT_PASS);
	finish(k);
	struct past_run *one = load("one");
	ck_assert(json_equal(one->results, all->results));
	CLEANUP_FREE char *diff = xasprintf("diff -r %s/one/a %s/all/a", dir, dir);
	validate(0, "%s", diff);
	CLEANUP_FREE char *facts = path_of("all/run.json");
	validate_json(0, "run", facts);
	/* what is not whole */
	ck_assert_int_eq(merge(halves, 2, "h", &outcome, &err), 0);
	ck_assert(outcome.tally.passed == 2 && outcome.planned == 3);
	struct past_run *h = load("h");
	ck_assert(!h->finished);
	ck_assert_int_eq(merge(runs, 1, "m", &outcome, &err), 0);
	ck_assert_str_eq(outcome.missing, "2");
	free(outcome.missing);
	/* what does not fit */
	ck_assert_int_eq(merge(twice, 2, "t", &outcome, &err), -1);
	ck_assert_msg(strstr(err.text, "both have a result of a/test-2 on debian:bookworm"), "%s", err.text);
	ck_assert_int_eq(merge(runs, 2, "all", &outcome, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "is not empty"));
	json_object_set_new(json_array_get(json_object_get(runs[1]->run, "kernels"), 0), "release", json_string("6.9"));
	ck_assert_int_eq(merge(runs, 2, "r", &outcome, &err), -1);
	ck_assert_msg(strstr(err.text, "kernel debian:bookworm is 6.9, and 6.1.0 in another part"), "%s", err.text);
	json_object_set_new(runs[1]->run, "target", json_string("uml"));
	ck_assert_int_eq(merge(runs, 2, "u", &outcome, &err), -1);
	ck_assert_msg(strstr(err.text, "on target vm, and"), "%s", err.text);
	past_run_free(runs[0]);
	past_run_free(runs[1]);
	past_run_free(halves[1]);
	past_run_free(twice[1]);
	past_run_free(all);
	past_run_free(one);
	past_run_free(h);
	tear_down();
}
END_TEST

TESTS("results", whole, full_disk, printed_again, schemas, killed, cut, bad_input, summaries, merging)
