// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <sys/stat.h>

#include "base/util.h"
#include "case/case.h"
#include "tests/harness.h"

static char dir[TEST_DIR_MAX];

static void write_case(const char *path, const char *extra)
{
	CLEANUP_FREE char *full = xasprintf("%s/%s", dir, path);
	for (char *slash = full + strlen(dir) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	FILE *f = fopen(full, "we");
	ck_assert(f != NULL);
	fprintf(f, "title: x\ntasks: [{name: t}]\ntrigger: t\nexpect: [{}]\n%s", extra);
	ck_assert_int_eq(fclose(f), 0);
}

static void make_cases(void)
{
	test_dir(dir);
	write_case("cases/memcg/b.yaml", "matrix: [{axis: cgroup, values: [v1, v2]}]\n");
	write_case("cases/memcg/a.yaml", "");
	write_case("cases/global/z.yaml", "");
	write_case("cases/global/.hidden.yaml", "nonsense: 1\n");
	write_case("cases/global/README", "");
	write_case("other/cases/memcg/a.yaml", "");
}

static void remove_cases(void)
{
	CLEANUP_FREE char *command = xasprintf("rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* The ids (or the error) that arguments, with $ for the directory and separated by spaces, lead to. */
static char *find(const char *words)
{
	char *args[8], text[400] = "";
	size_t n = 0;
	CLEANUP_FREE char *copy = xstrdup(words);
	for (char *save, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		args[n++] = w[0] == '$' ? xasprintf("%s%s", dir, w + 1) : xstrdup(w);
	CLEANUP_FREE char *cases = xasprintf("%s/cases", dir);
	struct error err = { 0 };
	struct test_list l = { 0 };
	struct case_set *s = case_set_find((const char *const *)args, n, cases, &err);
	if (s && case_set_expand(s, NULL, &l, &err) == 0)
		err.text[0] = '\0';
	for (size_t i = 0; i < l.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", l.tests[i]->id);
	char *result = xstrdup(err.text[0] ? err.text : text);
	for (char *p; (p = strstr(result, dir));) {	/* messages the same wherever the directory is */
		*p = '$';
		memmove(p + 1, p + strlen(dir), strlen(p + strlen(dir)) + 1);
	}
	test_list_free(&l);
	case_set_free(s);
	while (n)
		free(args[--n]);
	return result;
}

START_TEST(arguments)
{
	static const struct {
		const char *args, *result;
	} rows[] = {
		{ "", "global/z memcg/a memcg/b[cgroup=v1] memcg/b[cgroup=v2] " },
		{ "$/cases/memcg", "memcg/a memcg/b[cgroup=v1] memcg/b[cgroup=v2] " },
		{ "$/cases/memcg/ $/cases/global/z.yaml", "memcg/a memcg/b[cgroup=v1] memcg/b[cgroup=v2] global/z " },
		{ "memcg/*", "memcg/a memcg/b[cgroup=v1] memcg/b[cgroup=v2] " },
		{ "memcg/?", "memcg/a memcg/b[cgroup=v1] memcg/b[cgroup=v2] " },
		{ "memcg/b", "memcg/b[cgroup=v1] memcg/b[cgroup=v2] " },
		{ "memcg/b[cgroup=v2]", "memcg/b[cgroup=v2] " },
		{ "*v2*", "memcg/b[cgroup=v2] " },
		{ "*[ab]", "no test matches \"*[ab]\"; `oomtests list` shows their ids" },	/* brackets are the id's own */
		{ "global/* $/cases/global/z.yaml global/z", "global/z " },
		{ "memcg/b[cgroup=v1] global/z", "global/z memcg/b[cgroup=v1] " },
		{ "memgc/a", "no test matches \"memgc/a\"; did you mean \"memcg/a\"?" },
		{ "memcg/b[cgroup=v3]", "no test matches \"memcg/b[cgroup=v3]\"; did you mean \"memcg/b[cgroup=v1]\"?" },
		{ "memcg/a quatsch", "no test matches \"quatsch\"; `oomtests list` shows their ids" },
		{ "$/cases/memcg/c.yaml", "can't open case file $/cases/memcg/c.yaml: No such file or directory" },
		{ "$/cases/global/README", "global/README " },	/* a file that is named is a case, whatever it is called */
		{ "$/cases/memcg/a.yaml $/other/cases/memcg/a.yaml",
		  "$/cases/memcg/a.yaml and $/other/cases/memcg/a.yaml have the same id, \"memcg/a\"; rename one, or run them one at a time" },
		{ "$/cases/global/.hidden.yaml", "$/cases/global/.hidden.yaml:5:1: unknown key \"nonsense\"" },
	};
	make_cases();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP_FREE char *result = find(rows[i].args);
		const char *want = rows[i].result;
		bool same = strstr(want, "unknown key") ? starts_with(result, want) : streq(result, want);
		ck_assert_msg(same, "%s\n  gave %s\n  want %s", rows[i].args, result, want);
	}
	remove_cases();
}
END_TEST

START_TEST(directories)
{
	make_cases();
	CLEANUP_FREE char *empty = xasprintf("%s/empty", dir), *loop = xasprintf("%s/cases/loop", dir);
	ck_assert_int_eq(mkdir(empty, 0755), 0);
	CLEANUP_FREE char *nothing = find("$/empty");
	ck_assert_str_eq(nothing, "no case (*.yaml) below $/empty");
	ck_assert_int_eq(symlink("..", loop), 0);	/* is not followed: it would never end */
	CLEANUP_FREE char *all = find("");
	ck_assert_str_eq(all, "global/z memcg/a memcg/b[cgroup=v1] memcg/b[cgroup=v2] ");
	remove_cases();
}
END_TEST

TESTS("case_find", arguments, directories)
