// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/merge.h"

#include <errno.h>
#include <fcntl.h>

#include "base/util.h"
#include "output/keep.h"
#include "output/keep_files.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static const char *or_unknown(const char *s)
{
	return s ? s : "unknown";
}

/* The kernels of all runs, each once; what one of them said of itself is kept. */
static int merge_kernels(const struct past_run *const *runs, size_t n, json_t *merged, struct error *err)
{
	json_t *by_name = json_object(), *kernel;
	int status = 0;
	size_t i;
	for (size_t r = 0; r < n && status == 0; r++) {
		json_array_foreach(json_object_get(runs[r]->run, "kernels"), i, kernel) {
			json_t *known = json_object_get(by_name, text_of(kernel, "name"));
			if (known && !streq(text_of(known, "release"), text_of(kernel, "release")))
				status = error_set(err, 0, "%s: kernel %s is %s, and %s in another part", runs[r]->path,
						   text_of(kernel, "name"), or_unknown(text_of(kernel, "release")),
						   or_unknown(text_of(known, "release")));
			if (known) {
				json_object_update_missing(known, kernel);
				continue;
			}
			json_t *copy = json_copy(kernel);
			json_object_set(by_name, text_of(kernel, "name"), copy);
			json_array_append_new(merged, copy);
		}
	}
	json_decref(by_name);
	return status;
}

static char *key_of(const json_t *test)
{
	return xasprintf("%s\n%s", text_of(test, "kernel"), text_of(test, "id"));
}

/* The tests of all runs, each once. */
static int merge_tests(const struct past_run *const *runs, size_t n, json_t *merged, struct error *err)
{
	json_t *by_key = json_object(), *test;
	int status = 0;
	size_t i;
	for (size_t r = 0; r < n && status == 0; r++) {
		json_array_foreach(json_object_get(runs[r]->run, "tests"), i, test) {
			CLEANUP_FREE char *key = key_of(test);
			const json_t *known = json_object_get(by_key, key);
			if (known && !streq(text_of(known, "case"), text_of(test, "case")))
				status = error_set(err, 0, "%s: the case of %s is not that of another part", runs[r]->path,
						   text_of(test, "id"));
			if (known)
				continue;
			json_object_set(by_key, key, test);
			json_array_append(merged, test);
		}
	}
	json_decref(by_key);
	return status;
}

/* Asked for is what the parts were asked for, without the shards if they are all here. */
static json_t *merge_asked(const struct past_run *const *runs, size_t n, char **missing)
{
	json_t *asked = json_copy(json_object_get(runs[0]->run, "asked"));
	const json_t *shard = json_object_get(asked, "shard");
	size_t of = (size_t)json_integer_value(json_array_get(shard, 1));
	*missing = NULL;
	if (of > 10000)
		return asked;
	CLEANUP_FREE bool *have = xcalloc(of + 1, sizeof(*have));
	for (size_t r = 0; r < n; r++) {
		const json_t *other = json_object_get(json_object_get(runs[r]->run, "asked"), "shard");
		size_t i = (size_t)json_integer_value(json_array_get(other, 0));
		if (i <= of && (size_t)json_integer_value(json_array_get(other, 1)) == of)
			have[i] = true;
	}
	for (size_t i = 1; i <= of; i++) {
		if (have[i])
			continue;
		char *longer = xasprintf("%s%s%zu", *missing ? *missing : "", *missing ? ", " : "", i);
		free(*missing);
		*missing = longer;
	}
	if (!*missing)
		json_object_set_new(asked, "shard", json_null());
	return asked;
}

/* What of each part would be lost: when and where it was run. */
static json_t *parts_of(const struct past_run *const *runs, size_t n)
{
	static const char *const kept[] = { "started", "command", "machine", "engine" };
	json_t *parts = json_array();
	for (size_t r = 0; r < n; r++) {
		json_t *part = json_object();
		for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
			json_object_set(part, kept[i], json_object_get(runs[r]->run, kept[i]));
		json_array_append_new(parts, part);
	}
	return parts;
}

/* run.json of the whole. A new reference, or NULL. */
static json_t *merge_facts(const struct past_run *const *runs, size_t n, const json_t *command, char **missing, struct error *err)
{
	json_t *run = json_copy(runs[0]->run), *kernels = json_array(), *tests = json_array();
	for (size_t r = 0; r < n; r++) {
		if (runs[r]->baseline)
			error_set(err, 0, "%s is a baseline, not the directory of a run", runs[r]->path);
		else if (!streq(text_of(runs[r]->run, "target"), text_of(run, "target")))
			error_set(err, 0, "%s ran on target %s, and %s on %s", runs[0]->path, or_unknown(text_of(run, "target")),
				  runs[r]->path, or_unknown(text_of(runs[r]->run, "target")));
		else
			continue;
		goto fail;
	}
	if (merge_kernels(runs, n, kernels, err) < 0 || merge_tests(runs, n, tests, err) < 0)
		goto fail;
	json_object_set(run, "command", (json_t *)(uintptr_t)command);
	json_object_set_new(run, "asked", merge_asked(runs, n, missing));
	json_object_set_new(run, "parts", parts_of(runs, n));
	json_object_set_new(run, "kernels", kernels);
	json_object_set_new(run, "tests", tests);
	return run;
fail:
	json_decref(kernels);
	json_decref(tests);
	json_decref(run);
	return NULL;
}

struct part {			/* a result and the run it is of */
	const struct past_run *run;
	const json_t *result;
};

static int by_kernel_and_id(const void *x, const void *y)
{
	const struct part *a = x, *b = y;
	int order = strcmp(text_of(a->result, "kernel"), text_of(b->result, "kernel"));
	return order ? order : strcmp(text_of(a->result, "id"), text_of(b->result, "id"));
}

/* All results of all runs, sorted, none twice. The array is malloced. */
static struct part *all_results(const struct past_run *const *runs, size_t n, size_t *n_parts, struct error *err)
{
	struct part *parts = NULL;
	json_t *result;
	size_t i, count = 0;
	for (size_t r = 0; r < n; r++) {
		parts = xrealloc(parts, count + json_array_size(runs[r]->results) + 1, sizeof(*parts));
		json_array_foreach(runs[r]->results, i, result)
			parts[count++] = (struct part){ runs[r], result };
	}
	qsort(parts, count, sizeof(*parts), by_kernel_and_id);
	for (i = 1; i < count; i++) {
		if (by_kernel_and_id(&parts[i - 1], &parts[i]) != 0)
			continue;
		error_set(err, 0, "%s and %s both have a result of %s on %s", parts[i - 1].run->path, parts[i].run->path,
			  text_of(parts[i].result, "id"), text_of(parts[i].result, "kernel"));
		free(parts);
		return NULL;
	}
	*n_parts = count;
	return parts;
}

/* A file that is not there need not be. */
static int copy_file(const char *from, char *to, struct error *err)
{
	char buffer[65536];
	ssize_t n;
	CLEANUP_FD int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "%s can't be read", from);
	if (make_parents(to, err) < 0)
		return -1;
	CLEANUP_FD int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out < 0)
		return error_set(err, errno, "%s can't be written", to);
	while ((n = read(in, buffer, sizeof(buffer))) > 0) {
		if (write_all(out, buffer, (size_t)n) < 0)
			return error_set(err, errno, "%s can't be written", to);
	}
	return n < 0 ? error_set(err, errno, "%s can't be read", from) : 0;
}

/* The files of a result, to where the keeper has their base. */
static int copy_files(const struct part *part, const struct keeper *keeper, struct error *err)
{
	static const char *const suffixes[] = { ".json", ".log", ".console" };
	CLEANUP_FREE char *from = past_run_base(part->run, part->result);
	CLEANUP_FREE char *to = keeper_base(keeper, text_of(part->result, "kernel"), text_of(part->result, "id"));
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		CLEANUP_FREE char *source = xasprintf("%s%s", from, suffixes[i]), *target = xasprintf("%s%s", to, suffixes[i]);
		if (copy_file(source, target, err) < 0)
			return -1;
	}
	return 0;
}

static int put_results(const struct part *parts, size_t n, struct keeper *keeper, struct tally *tally, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct result *r = result_from_json(parts[i].result, err);
		if (!r)
			return -1;
		tally_add(tally, r->verdict);
		int status = r->kept ? copy_files(&parts[i], keeper, err) : 0;
		if (status == 0)
			status = keeper_keep(keeper, r, NULL, err);
		result_free(r);
		if (status < 0)
			return -1;
	}
	return 0;
}

int merge_runs(const struct past_run *const *runs, size_t n, const char *dir, bool force, const json_t *command,
	       struct merge_outcome *outcome, struct error *err)
{
	struct merge_outcome got = { .planned = 0 };
	size_t n_parts = 0;
	double seconds = 0;
	json_t *run = merge_facts(runs, n, command, &got.missing, err);
	struct part *parts = run ? all_results(runs, n, &n_parts, err) : NULL;
	struct keeper *keeper = parts ? keeper_new(dir, force ? KEEP_FORCE : KEEP_ALL, run, err) : NULL;
	int status = keeper ? put_results(parts, n_parts, keeper, &got.tally, err) : -1;
	got.planned = json_array_size(json_object_get(run, "tests"));
	for (size_t r = 0; r < n; r++)
		seconds += runs[r]->seconds;
	if (status == 0 && n_parts == got.planned)
		status = keeper_finish(keeper, seconds, err);
	keeper_free(keeper);
	free(parts);
	json_decref(run);
	if (status < 0)
		free(got.missing);
	else
		*outcome = got;
	return status;
}
