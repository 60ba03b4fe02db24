// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the arguments of a command (files, directories, globs on ids) to tests.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include "base/suggest.h"
#include "base/util.h"
#include "case/case.h"
#include "case/text.h"

#define DEPTH_MAX 32

struct member {
	struct case_file *file;
	bool all; /* a file or directory named it: every test of it belongs to the set */
};

struct case_set {
	struct member *members; /* in the order of the arguments, each file once */
	size_t n;
	char **globs; /* for members that are not `all` */
	bool *matched;
	size_t n_globs;
};

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;
	return streq(a, b) || (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static int add_file(struct case_set *s, const char *path, bool all, struct error *err)
{
	struct case_file *c = case_load(path, err);
	if (!c)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		if (!streq(case_id(s->members[i].file), case_id(c)))
			continue;
		int result = 0;
		if (same_file(case_path(s->members[i].file), path))
			s->members[i].all = s->members[i].all || all;
		else
			result = error_set(err, 0,
					   "%s and %s have the same id, \"%s\"; rename one, or run them one at a time",
					   case_path(s->members[i].file), path, case_id(c));
		case_free(c);
		return result;
	}
	s->members = xrealloc(s->members, s->n + 1, sizeof(*s->members));
	s->members[s->n++] = (struct member){ .file = c, .all = all };
	return 0;
}

static bool is_yaml(const char *name)
{
	size_t len = strlen(name);
	return len > 5 && streq(name + len - 5, ".yaml");
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The order of the bytes: alphasort() would follow the user's locale, and with it the order of tests. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* All *.yaml below dir, sorted. Returns how many, or -1. */
static int add_directory(struct case_set *s, const char *dir, bool all, int depth, struct error *err)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, visible, by_bytes), found = 0, result = 0;
	if (n < 0)
		return error_set(err, errno, "can't read directory %s", dir);
	if (depth > DEPTH_MAX)
		result = error_set(err, 0, "%s: directories are nested more than %d deep", dir, DEPTH_MAX);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(dir);
		CLEANUP_FREE char *path =
			xasprintf("%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/", entries[i]->d_name);
		struct stat st;
		if (result == 0 && lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			int below = add_directory(s, path, all, depth + 1, err);
			result = below < 0 ? -1 : 0;
			found += below < 0 ? 0 : below;
		} else if (result == 0 && is_yaml(entries[i]->d_name)) {
			result = add_file(s, path, all, err);
			found++;
		}
		free(entries[i]);
	}
	free(entries);
	return result < 0 ? -1 : found;
}

/* Only * and ? are special: the brackets of an id stand for themselves. */
static bool glob_matches(const char *glob, const char *text)
{
	CLEANUP_FREE char *pattern = xcalloc(2 * strlen(glob) + 1, 1);
	char *out = pattern;
	for (const char *p = glob; *p; p++) {
		if (*p == '[' || *p == '\\')
			*out++ = '\\';
		*out++ = *p;
	}
	return fnmatch(pattern, text, 0) == 0;
}

static int add_argument(struct case_set *s, const char *arg, const char *cases_dir, struct error *err)
{
	struct stat st;
	if (stat(arg, &st) == 0 && S_ISDIR(st.st_mode)) {
		int n = add_directory(s, arg, true, 0, err);
		return n == 0 ? error_set(err, 0, "no case (*.yaml) below %s", arg) : n < 0 ? -1 : 0;
	}
	if (stat(arg, &st) == 0)
		return add_file(s, arg, true, err);
	if (is_yaml(arg))
		return error_set(err, errno, "can't open case file %s", arg);
	if (!cases_dir)
		return error_set(err, 0, "%s is neither a file nor a directory, and the directory of cases is not found: set OOMTESTS_CASES to where it is", arg);
	s->globs = xrealloc(s->globs, s->n_globs + 1, sizeof(*s->globs));
	s->globs[s->n_globs++] = xstrdup(arg);
	return add_directory(s, cases_dir, false, 0, err) < 0 ? -1 : 0;
}

struct case_set *case_set_find(const char *const *args, size_t n_args, const char *cases_dir, struct error *err)
{
	struct case_set *s = xcalloc(1, sizeof(*s));
	int result = 0;
	if (n_args == 0)
		result = add_argument(s, cases_dir, cases_dir, err);
	for (size_t i = 0; i < n_args && result == 0; i++)
		result = add_argument(s, args[i], cases_dir, err);
	if (result < 0) {
		case_set_free(s);
		return NULL;
	}
	s->matched = xcalloc(s->n_globs, sizeof(*s->matched));
	return s;
}

static bool in_set(const struct case_set *s, const struct member *m, const struct test *t)
{
	bool in = m->all;
	for (size_t i = 0; i < s->n_globs; i++) {
		if (glob_matches(s->globs[i], t->id) || glob_matches(s->globs[i], case_id(m->file))) {
			s->matched[i] = true;
			in = true;
		}
	}
	return in;
}

static int nothing_matches(const struct case_set *s, const char *glob, const struct test_list *others,
			   struct error *err)
{
	CLEANUP_FREE const char **ids = xcalloc(s->n + others->n, sizeof(*ids));
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		ids[n++] = case_id(s->members[i].file);
	for (size_t i = 0; i < others->n; i++)
		ids[n++] = others->tests[i]->id;
	const char *near = suggest(glob, ids, n);
	for (size_t i = 0; i < n && !near && *glob; i++) {
		if (strstr(ids[i], glob))
			near = ids[i];
	}
	char shown[320];
	return error_set(err, 0, "no test matches \"%s\"; %s%s%s", show_text(shown, glob),
			 near ? "did you mean \"" : "", near ? near : "`oomtests list` shows their ids",
			 near ? "\"?" : "");
}

/* Moves a test to the end of a list. */
static void append(struct test_list *list, struct test **t)
{
	list->tests = xrealloc(list->tests, list->n + 1, sizeof(*list->tests));
	list->tests[list->n++] = TAKE_PTR(*t);
}

static int expand_member(const struct case_set *s, const struct member *m, const char *release, struct test_list *in,
			 struct test_list *others, struct error *err)
{
	struct test_list all = { 0 };
	int result = case_expand(m->file, release, &all, err);
	for (size_t i = 0; i < all.n; i++)
		append(in_set(s, m, all.tests[i]) ? in : others, &all.tests[i]);
	test_list_free(&all);
	return result;
}

int case_set_expand(const struct case_set *s, const char *release, struct test_list *list, struct error *err)
{
	struct test_list others = { 0 };
	size_t before = list->n;
	int result = 0;
	for (size_t i = 0; i < s->n_globs; i++)
		s->matched[i] = false;
	for (size_t i = 0; i < s->n && result == 0; i++)
		result = expand_member(s, &s->members[i], release, list, &others, err);
	for (size_t i = 0; i < s->n_globs && result == 0; i++) {
		if (!s->matched[i])
			result = nothing_matches(s, s->globs[i], &others, err);
	}
	test_list_free(&others);
	while (result < 0 && list->n > before)
		test_free(list->tests[--list->n]);
	return result;
}

void case_set_free(struct case_set *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		case_free(s->members[i].file);
	for (size_t i = 0; i < s->n_globs; i++)
		free(s->globs[i]);
	free(s->members);
	free(s->globs);
	free(s->matched);
	free(s);
}
