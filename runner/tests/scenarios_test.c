// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * docs/scenarios.md says where each scenario is tested, docs/bugs.md each bug; this holds them to the files that they name. And the scenarios that are
 * pure arithmetic or pure log and have no better place.
 */
#include <check.h>
#include <fcntl.h>
#include <jansson.h>

#include "base/util.h"
#include "tests/catalogue.h"
#include "tests/explained.h"
#include "tests/harness.h"
#include "tests/scene.h"

/* Whatever 90 % of the limit the hog has: base + 1000 * unit of the tiny one is more. */
START_TEST(tiny_with_1000)
{
	static const char *const releases[] = { "4.4.0", "5.0.0", "5.6.0", "6.12.0", "7.2.0" };
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		for (int memcg = 0; memcg < 2; memcg++) {
			struct stage s;
			stage_init(&s, releases[i]);
			int in = memcg ? stage_memcg(&s, -1, (uint64_t)M(40)) : OUTSIDE;
			s.oom.memcg = in;
			stage_task(&s, "hog", memcg ? M(36) : M(460), 0, in);
			int tiny = stage_task(&s, "tiny", 100, 1000, in);
			ck_assert_str_eq(stage_victim(&s), "tiny");
			s.tasks[tiny].adj = 0;
			ck_assert_str_eq(stage_victim(&s), "hog");
			stage_end(&s);
		}
}
END_TEST

static json_t *explain_one(const char *text)
{
	json_t *all = explained("x", text, strlen(text), NULL);
	ck_assert_uint_eq(json_array_size(all), 1);
	json_t *o = json_incref(json_array_get(all, 0));
	json_decref(all);
	return o;
}

#define HEAD                                                                                            \
	"worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"             \
	"CPU: 1 PID: 1234568 Comm: worker Not tainted 6.1.0-18-amd64 #1\n"                              \
	"memory: usage 40960kB, limit 40960kB, failcnt 35\nswap: usage 0kB, limit 0kB, failcnt 0\n"     \
	"Tasks state (memory values in pages):\n"                                                       \
	"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"

/* The first thread has ended: the row and the Killed line are those of a thread with the mm, the choice is the process.
 */
START_TEST(leader_and_worker)
{
	json_t *o = explain_one(
		HEAD "[     90]     0    89    10500    10224   122880        0             0 worker\n"
		     "[     91]     0    91      280       96    40960        0             0 other\n"
		     "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		     "oom_memcg=/a,task_memcg=/a,task=leader,pid=89,uid=0\n"
		     "Memory cgroup out of memory: Killed process 90 (worker) total-vm:42000kB, "
		     "anon-rss:40896kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:120kB oom_score_adj:0\n");
	ck_assert(json_is_true(json_object_get(o, "agrees")));
	ck_assert(json_is_true(json_object_get(o, "complete")));
	json_decref(o);
}
END_TEST

/* Numbers wider than their columns push the row to the right; it is read by its blanks. */
START_TEST(wide_columns)
{
	json_t *o =
		explain_one(HEAD "[4194303] 4294967294 4194303 1234567890    10224   122880 12345678         -1000 a\n"
				  "[1234568] 100000 1234568    10500    10224   122880        0          -999 worker\n"
				  "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
				  "oom_memcg=/a,task_memcg=/a,task=worker,pid=1234568,uid=100000\n"
				  "Memory cgroup out of memory: Killed process 1234568 (worker) total-vm:42000kB, "
				  "anon-rss:40896kB, file-rss:0kB, shmem-rss:0kB, UID:100000 pgtables:120kB "
				  "oom_score_adj:-999\n");
	ck_assert(json_is_true(json_object_get(o, "agrees")));
	const json_t *row = json_array_get(json_object_get(o, "tasks"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "uid")), 4294967294);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "total_vm")), 1234567890);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "oom_score_adj")), -1000);
	json_decref(o);
}
END_TEST

/* `family/case` is a file of cases/, `file_test:name` a test of runner/tests/. Returns how many there are in the line. */
static size_t look_up(const char *page, const char *line)
{
	size_t n = 0;
	for (const char *p = strchr(line, '`'), *end; p && (end = strchr(p + 1, '`')); p = strchr(end + 1, '`'), n++) {
		CLEANUP_FREE char *name = strndup(p + 1, (size_t)(end - p - 1));
		char *colon = strchr(name, ':');
		if (colon)
			*colon = '\0';
		CLEANUP_FREE char *path = colon ? xasprintf("runner/tests/%s.c", name) : xasprintf("cases/%s.yaml", name);
		CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
		CLEANUP_FREE char *test = xasprintf("START_TEST(%s)", colon ? colon + 1 : "");
		ck_assert_msg(text, "%s names %s, which is not there", page, path);
		ck_assert_msg(!colon || strstr(text, test), "%s names a test %s of %s", page, colon + 1, path);
	}
	return n;
}

/* Every numbered row names where it is tested, or why nowhere. Returns how many there are. */
static int check_page(const char *page)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, page, 1 << 20, NULL);
	ck_assert_ptr_nonnull(text);
	int next = 1;
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int number;
		if (sscanf(line, "| %d |", &number) != 1)
			continue;
		ck_assert_int_eq(number, next++);
		ck_assert_msg(look_up(page, line) || strstr(line, "| Not tested: "), "%s: %d is tested nowhere, without a reason",
			      page, number);
	}
	return next - 1;
}

START_TEST(scenarios)
{
	ck_assert_int_eq(check_page("docs/scenarios.md"), 92);
}
END_TEST

static bool row_has(const char *row, const char *word)
{
	return memmem(row, strcspn(row, "\n"), word, strlen(word)) != NULL;
}

/* The row of docs/bugs.md with this commit names the case. */
static void check_commit(const char *text, const char *commit, const char *id)
{
	CLEANUP_FREE char *name = xasprintf("`%.*s`", (int)strcspn(id, "["), id);
	for (const char *row = text; row; row = strchr(row, '\n'), row += row != NULL)
		if (row[0] == '|' && row_has(row, commit) && row_has(row, name))
			return;
	ck_abort_msg("docs/bugs.md has no row with %s and %s", commit, name);
}

/* Does a case that the row names say that it guards this commit? */
static bool is_guarded(const struct test_list *tests, const char *row, const char *commit)
{
	for (size_t i = 0; i < tests->n; i++) {
		const struct test *t = tests->tests[i];
		CLEANUP_FREE char *name = xasprintf("`%.*s`", (int)strcspn(t->id, "["), t->id);
		if (!row_has(row, name))
			continue;
		if (t->bug_commit && streq(t->bug_commit, commit))
			return true;
		for (size_t k = 0; k < t->n_fixes; k++)
			if (streq(t->fixes[k], commit))
				return true;
	}
	return false;
}

/* Commits of twelve digits in the second column of a row that names a case: all but those that unit tests guard, or nobody. */
static void check_guards(const struct test_list *tests, const char *row)
{
	CLEANUP_FREE char *fixes = strndup(row, strcspn(row, "\n"));
	char *save = NULL;
	strtok_r(fixes, "|", &save);
	char *column = strtok_r(NULL, "|", &save);
	if (!column || row_has(row, "| Not tested: "))
		return;
	for (char *word = strtok_r(column, " ,", &save); word; word = strtok_r(NULL, " ,", &save))
		if (strspn(word, "0123456789abcdef") == 12)
			ck_assert_msg(is_guarded(tests, row, word), "docs/bugs.md: no case of its row says that it guards %s", word);
}

START_TEST(bugs)
{
	struct test_list tests = catalogue_tests(NULL);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "docs/bugs.md", 1 << 20, NULL);
	ck_assert_int_gt(check_page("docs/bugs.md"), 0);
	for (size_t i = 0; i < tests.n; i++) {
		const struct test *t = tests.tests[i];
		for (size_t k = 0; k < t->n_fixes; k++)
			check_commit(text, t->fixes[k], t->id);
		if (t->bug_commit)
			check_commit(text, t->bug_commit, t->id);
	}
	for (const char *row = text; row; row = strchr(row, '\n'), row += row != NULL)
		check_guards(&tests, row);
	test_list_free(&tests);
}
END_TEST

TESTS("scenarios", scenarios, bugs, tiny_with_1000, leader_and_worker, wide_columns)
