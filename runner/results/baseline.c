// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/baseline.h"

#include <dirent.h>
#include <errno.h>

#include "base/util.h"
#include "output/keep_files.h"
#include "results/summary.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static int by_id(const void *x, const void *y)
{
	return strcmp(text_of(*(json_t *const *)x, "id"), text_of(*(json_t *const *)y, "id"));
}

/* Summaries of one kernel's tests, sorted. A new reference. */
static json_t *summaries(const struct past_run *run, const char *kernel, size_t *left_out)
{
	size_t i, n = 0;
	CLEANUP_FREE json_t **all = xcalloc(json_array_size(run->results) + 1, sizeof(json_t *));
	json_t *result, *list = json_array();
	json_array_foreach(run->results, i, result) {
		if (!streq(text_of(result, "kernel"), kernel))
			continue;
		if (streq(text_of(result, "verdict"), "error"))
			*left_out += 1;
		else
			all[n++] = summary_of(result);
	}
	qsort(all, n, sizeof(json_t *), by_id);
	for (i = 0; i < n; i++)
		json_array_append_new(list, all[i]);
	return list;
}

static char *dump(const json_t *value)
{
	return json_dumps(value, JSON_ENSURE_ASCII | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
}

/* A head, and a line a test: what changes is a line of a diff. Malloced. */
static char *baseline_text(const struct past_run *run, const json_t *kernel, size_t *left_out)
{
	char *text;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	json_t *tests = summaries(run, text_of(kernel, "name"), left_out), *test;
	json_t *said = json_object_get(kernel, "said"), *members[][2] = {
		{ json_string("schema"), json_integer(BASELINE_SCHEMA) },
		{ json_string("baseline"), json_string(text_of(kernel, "name")) },
		{ json_string("release"), json_incref(json_object_get(kernel, "release")) },
		{ json_string("version"), said ? json_incref(json_object_get(said, "version")) : json_null() },
		{ json_string("target"), json_incref(json_object_get(run->run, "target")) },
	};
	fputs("{\n", out);
	for (i = 0; i < ARRAY_SIZE(members); i++) {
		CLEANUP_FREE char *name = dump(members[i][0]), *value = members[i][1] ? dump(members[i][1]) : xstrdup("null");
		fprintf(out, " %s: %s,\n", name, value);
		json_decref(members[i][0]);
		json_decref(members[i][1]);
	}
	fputs(" \"tests\": [", out);
	json_array_foreach(tests, i, test) {
		CLEANUP_FREE char *line = dump(test);
		fprintf(out, "%s\n  %s", i ? "," : "", line);
	}
	fputs("\n ]\n}", out);
	json_decref(tests);
	fclose(out);
	return text;
}

int baseline_write(const struct past_run *run, const char *dir, size_t *left_out, FILE *told, struct error *err)
{
	const json_t *kernel;
	size_t i, errors = 0;
	if (run->baseline)
		return error_set(err, 0, "%s is a baseline already", run->path);
	if (!run->finished)
		return error_set(err, 0, "%s is not complete: oomtests run --resume %s goes on with it", run->path, run->path);
	json_array_foreach(json_object_get(run->run, "kernels"), i, kernel) {
		CLEANUP_FREE char *word = path_word(text_of(kernel, "name"));
		CLEANUP_FREE char *path = xasprintf("%s/%s.json", dir, word), *text = baseline_text(run, kernel, &errors);
		if (!text)
			return error_set(err, ENOMEM, "%s can't be written", path);
		bool older = access(path, F_OK) == 0;
		if (make_parents(path, err) < 0 || put_file(path, text, err) < 0)
			return -1;
		if (told)
			fprintf(told, older ? "%s is replaced\n" : "%s is written\n", path);
	}
	if (left_out)
		*left_out = errors;
	return 0;
}

struct durations {
	json_t *kernels;	/* kernel → { id: seconds } */
};

static void add_durations(struct durations *d, const struct past_run *p)
{
	json_t *ids = json_object(), *test;
	size_t i;
	json_array_foreach(p->results, i, test)
		json_object_set(ids, text_of(test, "id"), json_object_get(test, "seconds"));
	json_object_set_new(d->kernels, text_of(p->run, "baseline"), ids);
}

struct durations *durations_load(const char *dir)
{
	struct durations *d = xcalloc(1, sizeof(*d));
	DIR *all = dir ? opendir(dir) : NULL;
	const struct dirent *entry;
	d->kernels = json_object();
	while (all && (entry = readdir(all))) {
		const char *dot = strrchr(entry->d_name, '.');
		CLEANUP_FREE char *path = xasprintf("%s/%s", dir, entry->d_name);
		struct past_run *p = streq(dot, ".json") ? past_run_load(path, NULL) : NULL;
		if (p && p->baseline)
			add_durations(d, p);
		past_run_free(p);
	}
	if (all)
		closedir(all);
	return d;
}

double durations_find(const struct durations *d, const char *kernel, const char *id)
{
	const json_t *own = json_object_get(json_object_get(d->kernels, kernel), id);
	const char *name;
	json_t *ids;
	double longest = 0;
	if (own)
		return json_number_value(own);
	json_object_foreach(d->kernels, name, ids) {
		double seconds = json_number_value(json_object_get(ids, id));
		longest = seconds > longest ? seconds : longest;
	}
	return longest > 0 ? longest : DURATION_UNKNOWN;
}

void durations_free(struct durations *d)
{
	if (!d)
		return;
	json_decref(d->kernels);
	free(d);
}
