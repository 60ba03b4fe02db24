// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real logs, where they are: a folder with INDEX.tsv (how many reports each file holds) and TRUTH.tsv (what a recomputation
 * by hand gave), named by OOMTESTS_CORPUS or ../shared/oomlogs beside the checkout. Nothing of them is kept here.
 */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>

#include "base/util.h"
#include "explain/explain.h"
#include "klog/reader.h"
#include "klog/stream.h"
#include "tests/harness.h"

static const char *corpus(void)
{
	const char *dir = getenv("OOMTESTS_CORPUS");
	if (!dir || !*dir)
		dir = access("../shared/oomlogs/INDEX.tsv", R_OK) == 0 ? "../shared/oomlogs" : "../../shared/oomlogs";
	CLEANUP_FREE char *index = xasprintf("%s/INDEX.tsv", dir);
	return access(index, R_OK) == 0 ? dir : NULL;
}

/* Field n of a line with tabs, malloced. */
static char *field(const char *line, int n)
{
	for (; n > 0 && line; n--)
		line = (line = strchr(line, '\t')) ? line + 1 : NULL;
	return line ? strndup(line, strcspn(line, "\t\n")) : xstrdup("");
}

/* The reports of one file, as JSON objects. */
static json_t *explain_file(const char *path)
{
	char *text = NULL;
	size_t len = 0;
	struct error err;
	FILE *out = open_memstream(&text, &len);
	struct explainer x = { .out = out, .json = true, .file = path, .earlier.usec = OOM_UNKNOWN };
	struct reader *r = reader_open(open(path, O_RDONLY | O_CLOEXEC), path, &err);
	ck_assert_msg(r != NULL, "%s", err.text);
	struct klog *k = klog_new(explain_report, &x);
	struct stream *s = stream_new(k);
	ck_assert_msg(stream_read(s, r, &err) == 0, "%s", err.text);
	stream_free(s);
	klog_free(k);
	reader_close(r);
	fclose(out);
	json_t *all = json_array();
	for (char *p = text, *nl; (nl = strchr(p, '\n')); p = nl + 1)
		json_array_append_new(all, json_loadb(p, (size_t)(nl - p), 0, NULL));
	free(text);
	return all;
}

/*
 * As many reports as the index says. In four files other numbers are right too: two hold nothing but "Task in … killed" lines,
 * each of which a report of its own had; one quotes the end of a report before the whole of it; one begins behind a
 * memory block that may be anybody's.
 */
static bool other_count(const char *id)
{
	static const char *const ids[] = { "005", "083", "084", "120" };
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (streq(id, ids[i]))
			return true;
	return false;
}

START_TEST(counts)
{
	const char *dir = corpus();
	if (!dir)
		return;
	CLEANUP_FREE char *path = xasprintf("%s/INDEX.tsv", dir);
	CLEANUP_FREE char *index = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
	int files = 0;
	for (char *line = strchr(index, '\n') + 1; *line; line = strchr(line, '\n') + 1, files++) {
		CLEANUP_FREE char *id = field(line, 0), *name = field(line, 1), *n = field(line, 6);
		CLEANUP_FREE char *file = xasprintf("%s/%s", dir, name);
		json_t *all = explain_file(file);
		if (!other_count(id))
			ck_assert_msg(json_array_size(all) == (size_t)atoi(n), "%s: %zu reports, not %s", name, json_array_size(all), n);
		json_decref(all);
		if (!strchr(line, '\n'))
			break;
	}
	ck_assert_int_gt(files, 0);
}
END_TEST

static char *file_of(const char *dir, const char *id)
{
	DIR *d = opendir(dir);
	char *path = NULL;
	for (struct dirent *e; d && !path && (e = readdir(d));)
		if (starts_with(e->d_name, id) && e->d_name[strlen(id)] == '-')
			path = xasprintf("%s/%s", dir, e->d_name);
	if (d)
		closedir(d);
	return path;
}

/* Never a disagreement where there is none, and none missed; where the hand gave the same victim so do we. */
START_TEST(truth)
{
	const char *dir = corpus();
	if (!dir)
		return;
	CLEANUP_FREE char *path = xasprintf("%s/TRUTH.tsv", dir);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
	if (!text)
		return;
	int agreed = 0, all_agree = 0;
	for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
		CLEANUP_FREE char *id = field(line, 0), *number = field(line, 1), *result = field(line, 5), *remark = field(line, 6);
		CLEANUP_FREE char *file = file_of(dir, id);
		ck_assert_ptr_nonnull(file);
		json_t *all = explain_file(file);
		/* 005 has a piece of its third report before the second */
		size_t at = (size_t)atoi(number) - 1 + (streq(id, "005") && atoi(number) > 1);
		const json_t *agrees = json_object_get(json_array_get(all, at), "agrees");
		bool real = strstr(remark, "REAL MISMATCH") != NULL;
		ck_assert_msg(!json_is_false(agrees) || real, "%s report %s: a false disagreement", file, number);
		ck_assert_msg(!real || json_is_false(agrees), "%s report %s: the disagreement was missed", file, number);
		all_agree += streq(result, "agree");
		agreed += streq(result, "agree") && json_is_true(agrees);
		json_decref(all);
		if (!strchr(line, '\n'))
			break;
	}
	/* one is open: the swap behind its limit would decide */
	ck_assert_int_ge(agreed, all_agree - 1);
}
END_TEST

TESTS("explain-corpus", counts, truth)
