// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/util.h"
#include "judge/record.h"
#include "output/keep.h"
#include "output/keep_files.h"
#include "results/summary.h"

#define RUN_MAX (64u << 20)	/* bytes of a run.json or a baseline; 10,000 tests take 1 MiB */
#define LINES_MAX (1u << 30)	/* of a results.jsonl */

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* A whole file of JSON. `what` says what it should have been. */
static json_t *read_json(const char *path, const char *what, struct error *err)
{
	json_error_t at;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, RUN_MAX, NULL);
	if (!text) {
		error_set(err, errno, "%s can't be read", path);
		return NULL;
	}
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &at);
	if (!root)
		error_set(err, 0, "%s:%d:%d: %s; it is not %s, or it was cut off", path, at.line, at.column, at.text, what);
	else if (!json_is_object(root))
		error_set(err, 0, "%s is not %s", path, what);
	else
		return root;
	json_decref(root);
	return NULL;
}

static int check_schema(const char *path, const json_t *root, int newest, struct error *err)
{
	const json_t *schema = json_object_get(root, "schema");
	if (!json_is_integer(schema) || json_integer_value(schema) < 1)
		return error_set(err, 0, "%s has no \"schema\": oomtests did not write it", path);
	if (json_integer_value(schema) > newest)
		return error_set(err, 0, "%s is of schema %lld, and this oomtests knows them up to %d: use a newer one", path,
				 (long long)json_integer_value(schema), newest);
	return 0;
}

/* A subdirectory's name, and nothing that leads elsewhere. */
static bool good_dir(const char *name)
{
	return name && *name && !strchr(name, '/') && !streq(name, "..");
}

static int check_run(const char *path, const json_t *run, struct error *err)
{
	const json_t *kernels = json_object_get(run, "kernels"), *item;
	size_t i;
	if (check_schema(path, run, RUN_SCHEMA, err) < 0)
		return -1;
	if (!json_array_size(kernels))
		return error_set(err, 0, "%s names no kernels", path);
	json_array_foreach(kernels, i, item) {
		if (!text_of(item, "name") || !good_dir(text_of(item, "dir")))
			return error_set(err, 0, "%s: kernels[%zu] has no \"name\", or a \"dir\" that is no name", path, i);
		if (json_array_size(kernels) > 1 && streq(text_of(item, "dir"), "."))
			return error_set(err, 0, "%s: kernels[%zu] has no directory of its own", path, i);
	}
	json_array_foreach(json_object_get(run, "tests"), i, item) {
		if (!text_of(item, "id") || !text_of(item, "kernel"))
			return error_set(err, 0, "%s: tests[%zu] has no \"id\" or no \"kernel\"", path, i);
	}
	return 0;
}

/* Takes a line that ended in a newline. 1: it was the summary. */
static int take_line(struct past_run *p, const char *path, size_t number, const char *line, struct error *err)
{
	struct error why = { 0 };
	json_error_t at;
	json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, &at);
	if (!value)
		return error_set(err, 0, "%s:%zu:%d: %s; it should be a result", path, number, at.column, at.text);
	int status = 0;
	struct result *r = result_from_json(value, &why);
	if (r)
		json_array_append(p->results, value);
	else if (!json_object_get(value, "id") && json_is_integer(json_object_get(value, "passed")))
		status = 1;
	else
		status = error_set(err, 0, "%s:%zu: %s", path, number, why.text);
	double seconds = json_number_value(json_object_get(value, "seconds"));
	if (status > 0 && seconds > p->seconds)
		p->seconds = seconds;
	result_free(r);
	json_decref(value);
	return status;
}

/* All of a results.jsonl; one that is not there yet is empty. *finished: its summary is its end. */
static int read_results(struct past_run *p, const char *path, bool *finished, struct error *err)
{
	*finished = false;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, LINES_MAX, NULL);
	if (!text)
		return errno == ENOENT ? 0 : error_set(err, errno, "%s can't be read", path);
	char *line = text, *newline;
	for (size_t number = 1; (newline = strchr(line, '\n')); line = newline + 1, number++) {
		*newline = '\0';
		if (*finished)
			return error_set(err, 0, "%s:%zu: there is more behind the summary", path, number);
		int status = take_line(p, path, number, line, err);
		if (status < 0)
			return -1;
		*finished = status > 0;
	}
	if (*line) {
		*finished = false;
		p->cut = true;
	}
	return 0;
}

/* The directory of one kernel: adds its run.json to p->run (when that is of several) and its results. */
static int read_kernel(struct past_run *p, const char *dir, json_t *kernels, json_t *tests, struct error *err)
{
	CLEANUP_FREE char *path = xasprintf("%s/run.json", dir);
	CLEANUP_FREE char *lines = xasprintf("%s/results.jsonl", dir);
	json_t *run = read_json(path, "the record of a run", err);
	bool finished = false;
	int status = run ? check_run(path, run, err) : -1;
	if (status == 0 && json_array_size(json_object_get(run, "kernels")) != 1)
		status = error_set(err, 0, "%s: a kernel's own directory names several", path);
	if (status == 0) {
		json_array_append(kernels, json_array_get(json_object_get(run, "kernels"), 0));
		json_array_extend(tests, json_object_get(run, "tests"));
		status = read_results(p, lines, &finished, err);
	}
	p->finished = p->finished && finished;
	json_decref(run);
	return status;
}

static int read_run(struct past_run *p, struct error *err)
{
	CLEANUP_FREE char *path = xasprintf("%s/run.json", p->path);
	if (access(path, F_OK) < 0) {
		if (errno != ENOENT)
			return error_set(err, errno, "%s can't be read", path);
		if (check_empty(p->path, NULL) == 0)
			return error_set(err, 0, "%s is empty: no run was kept there", p->path);
		return error_set(err, 0, "%s has no run.json: it is not the directory of a run (oomtests run -o DIR)", p->path);
	}
	p->run = read_json(path, "the record of a run", err);
	if (!p->run || check_run(path, p->run, err) < 0)
		return -1;
	json_t *named = json_object_get(p->run, "kernels"), *kernel, *kernels = json_array(), *tests = json_array();
	int status = 0;
	size_t i;
	p->finished = true;
	json_array_foreach(named, i, kernel) {
		const char *below = text_of(kernel, "dir");
		CLEANUP_FREE char *dir = streq(below, ".") ? xstrdup(p->path) : xasprintf("%s/%s", p->path, below);
		status = read_kernel(p, dir, kernels, tests, err);
		if (status < 0)
			break;
		json_object_set(json_array_get(kernels, i), "dir", json_object_get(kernel, "dir"));
	}
	json_object_set_new(p->run, "kernels", kernels);
	json_object_set_new(p->run, "tests", tests);
	return status;
}

static int read_baseline(struct past_run *p, struct error *err)
{
	p->baseline = p->finished = true;
	p->run = read_json(p->path, "a baseline", err);
	if (!p->run || check_schema(p->path, p->run, BASELINE_SCHEMA, err) < 0)
		return -1;
	if (!text_of(p->run, "baseline") || !json_is_array(json_object_get(p->run, "tests")))
		return error_set(err, 0, "%s is not a baseline", p->path);
	json_t *test;
	size_t i;
	json_array_foreach(json_object_get(p->run, "tests"), i, test) {
		if (summary_check(test, err) < 0)
			return error_wrap(err, "%s: tests[%zu]", p->path, i);
		json_array_append(p->results, test);
	}
	json_object_del(p->run, "tests");
	return 0;
}

/* No test twice. */
static int check_unique(const struct past_run *p, struct error *err)
{
	json_t *seen = json_object(), *result;
	int status = 0;
	size_t i;
	json_array_foreach(p->results, i, result) {
		const char *kernel = text_of(result, "kernel");
		CLEANUP_FREE char *key = xasprintf("%s %s", kernel ? kernel : "", text_of(result, "id"));
		if (status == 0 && json_object_get(seen, key))
			status = error_set(err, 0, "%s has two results of %s", p->path, text_of(result, "id"));
		json_object_set_new(seen, key, json_true());
	}
	json_decref(seen);
	return status;
}

struct past_run *past_run_load(const char *path, struct error *err)
{
	struct stat st;
	if (stat(path, &st) < 0) {
		error_set(err, errno, "%s can't be read", path);
		return NULL;
	}
	struct past_run *p = xcalloc(1, sizeof(*p));
	p->path = xstrdup(path);
	p->results = json_array();
	int status = S_ISDIR(st.st_mode) ? read_run(p, err) : read_baseline(p, err);
	if (status < 0 || check_unique(p, err) < 0) {
		past_run_free(p);
		return NULL;
	}
	return p;
}

void past_run_free(struct past_run *p)
{
	if (!p)
		return;
	json_decref(p->run);
	json_decref(p->results);
	free(p->path);
	free(p);
}

size_t past_run_planned(const struct past_run *p)
{
	return p->baseline ? json_array_size(p->results) : json_array_size(json_object_get(p->run, "tests"));
}

bool past_run_complete(const struct past_run *p)
{
	const json_t *test;
	size_t i;
	json_array_foreach(json_object_get(p->run, "tests"), i, test) {
		if (!past_run_find(p, text_of(test, "kernel"), text_of(test, "id")))
			return false;
	}
	return p->finished && !p->baseline;
}

static const json_t *find_test(const json_t *list, const char *kernel, const char *id)
{
	const json_t *item;
	size_t i;
	json_array_foreach(list, i, item) {
		if (streq(text_of(item, "id"), id) && streq(text_of(item, "kernel"), kernel))
			return item;
	}
	return NULL;
}

const json_t *past_run_find(const struct past_run *p, const char *kernel, const char *id)
{
	return find_test(p->results, kernel, id);
}

const json_t *past_run_test(const struct past_run *p, const char *kernel, const char *id)
{
	return find_test(json_object_get(p->run, "tests"), kernel, id);
}

char *past_run_base(const struct past_run *p, const json_t *result)
{
	const json_t *kernel;
	size_t i;
	CLEANUP_FREE char *path = id_path(text_of(result, "id"));
	json_array_foreach(json_object_get(p->run, "kernels"), i, kernel) {
		const char *dir = text_of(kernel, "dir");
		if (streq(text_of(kernel, "name"), text_of(result, "kernel")) && !streq(dir, "."))
			return xasprintf("%s/%s/%s", p->path, dir, path);
	}
	return xasprintf("%s/%s", p->path, path);
}
