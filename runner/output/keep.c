// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/util.h"
#include "output/keep_files.h"

struct kept_kernel {		/* one run directory */
	const char *name;	/* in `run` */
	char *below;		/* its directory below the whole run's: "", or "debian-bookworm/" */
	json_t *run;		/* its run.json */
	FILE *results;		/* its results.jsonl; NULL until it is made */
	struct tally tally;
	double seconds;		/* that earlier sittings took, as far as a summary tells */
	bool said_hello;
};

struct keeper {
	char *dir;
	enum keep_how how;
	bool made;
	json_t *run;
	struct kept_kernel *kernels;
	size_t n_kernels;
	json_t *earlier;	/* results that came before the directory was made */
};

static char *default_dir(const struct keeper *k)
{
	char when[32];
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	CLEANUP_FREE char *word = path_word(k->kernels[0].name);
	CLEANUP_FREE char *more = k->n_kernels > 1 ? xasprintf("+%zu", k->n_kernels - 1) : xstrdup("");
	char *dir = xasprintf("results/runs/%s-%s%s", when, word, more);
	struct stat st;
	for (int i = 2; stat(dir, &st) == 0; i++) {
		free(dir);
		dir = xasprintf("results/runs/%s-%s%s-%d", when, word, more, i);
	}
	return dir;
}

/* Two images may have the same last part of their paths. */
static char *unique_below(const struct keeper *k, size_t i)
{
	CLEANUP_FREE char *word = path_word(k->kernels[i].name);
	char *below = xasprintf("%s/", word);
	int number = 2;
	for (size_t j = 0; j < i; j++) {
		if (!streq(k->kernels[j].below, below))
			continue;
		free(below);
		below = xasprintf("%s-%d/", word, number++);
		j = (size_t)-1;
	}
	return below;
}

/* The part of run.json that is about this kernel alone. */
static json_t *run_of(const struct keeper *k, size_t i)
{
	json_t *run = json_copy(k->run), *tests = json_array(), *test;
	const json_t *kernel = json_array_get(json_object_get(k->run, "kernels"), i);
	size_t j;
	json_array_foreach(json_object_get(k->run, "tests"), j, test) {
		if (streq(json_string_value(json_object_get(test, "kernel")), k->kernels[i].name))
			json_array_append(tests, test);
	}
	json_t *own = json_deep_copy(kernel);
	json_object_set_new(own, "dir", json_string("."));
	json_object_set_new(run, "kernels", json_pack("[o]", own));
	json_object_set_new(run, "tests", tests);
	return run;
}

static void split_kernels(struct keeper *k)
{
	json_t *kernels = json_object_get(k->run, "kernels"), *kernel;
	size_t i;
	k->n_kernels = json_array_size(kernels);
	k->kernels = xcalloc(k->n_kernels, sizeof(*k->kernels));
	json_array_foreach(kernels, i, kernel) {
		struct kept_kernel *kept = &k->kernels[i];
		kept->name = json_string_value(json_object_get(kernel, "name"));
		kept->below = k->n_kernels > 1 ? unique_below(k, i) : xstrdup("");
		kept->run = run_of(k, i);
		size_t len = strlen(kept->below);
		json_object_set_new(kernel, "dir", len ? json_stringn(kept->below, len - 1) : json_string("."));
	}
	if (k->n_kernels > 1)
		json_object_del(k->run, "tests");	/* they are in the kernels' own */
}

static int put_run(const char *dir, const char *below, const json_t *run, struct error *err)
{
	CLEANUP_FREE char *path = xasprintf("%s/%srun.json", dir, below);
	CLEANUP_FREE char *text = json_dumps(run, JSON_INDENT(1) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
	if (!text)
		return error_set(err, 0, "%s: it can't be put into JSON", path);
	return make_parents(path, err) < 0 ? -1 : put_file(path, text, err);
}

/* Cuts off what does not end in a newline, and the summary: what is left is one whole result a line. */
static int cut_back(struct kept_kernel *kernel, const char *path, struct error *err)
{
	FILE *f = kernel->results;
	char *line = NULL;
	size_t room = 0;
	long good = 0;
	ssize_t n;
	while ((n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n') {
		json_t *value = json_loads(line, 0, NULL);
		struct result *r = result_from_json(value, NULL);
		if (!r)
			kernel->seconds = json_number_value(json_object_get(value, "seconds"));
		json_decref(value);
		if (!r)
			break;
		tally_add(&kernel->tally, r->verdict);
		result_free(r);
		good = ftell(f);
	}
	free(line);
	if (ferror(f) || ftruncate(fileno(f), good) < 0 || fseek(f, good, SEEK_SET) < 0)
		return error_set(err, errno, "%s can't be gone on with", path);
	return 0;
}

static int open_results(const struct keeper *k, struct kept_kernel *kernel, struct error *err)
{
	CLEANUP_FREE char *path = xasprintf("%s/%sresults.jsonl", k->dir, kernel->below);
	bool resume = k->how == KEEP_RESUME;
	if (make_parents(path, err) < 0)
		return -1;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_set(err, errno, "%s can't be written", path);
	/* this process's alone: a lock that workers inherit would outlive a killed runner by as long as they take to die */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(fd, F_SETLK, &lock) < 0) {
		close(fd);
		return error_set(err, 0, "%s is being written by another oomtests: wait for its end", path);
	}
	kernel->results = fdopen(fd, "r+");
	if (!kernel->results)
		return error_set(err, errno, "%s can't be written", path);
	if (resume)
		return cut_back(kernel, path, err);
	if (ftruncate(fd, 0) < 0)
		return error_set(err, errno, "%s can't be written", path);
	return put_run(k->dir, kernel->below, kernel->run, err);
}

static int make_now(struct keeper *k, struct error *err);

struct keeper *keeper_new(const char *dir, enum keep_how how, const json_t *run, struct error *err)
{
	struct keeper *k = xcalloc(1, sizeof(*k));
	k->how = how;
	k->run = json_deep_copy(run);
	k->earlier = json_array();
	split_kernels(k);
	k->dir = dir ? xstrdup(dir) : default_dir(k);
	if (how != KEEP_FAILED && ((how == KEEP_ALL && check_empty(k->dir, err) < 0) || make_now(k, err) < 0)) {
		keeper_free(k);
		return NULL;
	}
	return k;
}

bool keeper_wants(const struct keeper *k, enum verdict v)
{
	bool all = k->how != KEEP_FAILED && k->how != KEEP_RESULTS;
	return all || v == VERDICT_FAIL || v == VERDICT_ERROR;
}

static struct kept_kernel *find_kernel(const struct keeper *k, const char *name)
{
	for (size_t i = 0; i < k->n_kernels; i++) {
		if (streq(k->kernels[i].name, name))
			return &k->kernels[i];
	}
	return &k->kernels[0];
}

static int add_result(struct keeper *k, const struct result *r, struct error *err)
{
	struct kept_kernel *kernel = find_kernel(k, r->kernel);
	struct result within = *r;	/* in the directory, paths are relative to it: it may be moved */
	CLEANUP_FREE char *path = id_path(r->id);
	CLEANUP_FREE char *kept = r->kept ? xasprintf("%s.json", path) : NULL;
	within.kept = kept;
	json_t *line = result_to_json(&within);
	if (k->made) {
		put_json_line(kernel->results, line);
		fflush(kernel->results);
	} else {
		json_array_append(k->earlier, line);
	}
	json_decref(line);
	tally_add(&kernel->tally, r->verdict);
	if (k->made && ferror(kernel->results))
		return error_set(err, errno, "%s/%sresults.jsonl can't be written", k->dir, kernel->below);
	return 0;
}

static int make_now(struct keeper *k, struct error *err)
{
	if (k->made)
		return 0;
	if (k->n_kernels > 1 && k->how != KEEP_RESUME && put_run(k->dir, "", k->run, err) < 0)
		return -1;
	for (size_t i = 0; i < k->n_kernels; i++) {
		if (!k->kernels[i].results && open_results(k, &k->kernels[i], err) < 0)
			return -1;
	}
	k->made = true;
	size_t i;
	json_t *line;
	json_array_foreach(k->earlier, i, line)
		put_json_line(find_kernel(k, json_string_value(json_object_get(line, "kernel")))->results, line);
	json_array_clear(k->earlier);
	return 0;
}

int keeper_hello(struct keeper *k, const char *kernel, const json_t *hello, struct error *err)
{
	static const char *const facts[] = { "release", "version", "machine", "page_size", "lru_gen" };
	struct kept_kernel *kept = find_kernel(k, kernel);
	if (kept->said_hello)
		return 0;
	kept->said_hello = true;
	json_t *said = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		json_t *value = json_object_get(hello, facts[i]);
		if (value)
			json_object_set(said, facts[i], value);
	}
	json_object_set_new(json_array_get(json_object_get(kept->run, "kernels"), 0), "said", said);
	return k->made ? put_run(k->dir, kept->below, kept->run, err) : 0;
}

int keeper_keep(struct keeper *k, struct result *r, const json_t *evidence, struct error *err)
{
	bool wanted = keeper_wants(k, r->verdict) && evidence;
	int status = wanted ? make_now(k, err) : 0;
	if (wanted && status == 0) {
		CLEANUP_FREE char *path = id_path(r->id);
		CLEANUP_FREE char *base = keeper_base(k, r->kernel, r->id);
		CLEANUP_FREE char *kept = xasprintf("%s.json", path);
		r->kept = kept;		/* as the file has it */
		status = put_evidence(base, r, evidence, err);
		r->kept = status == 0 ? xasprintf("%s.json", base) : NULL;
	}
	struct error line = { 0 };
	if (add_result(k, r, &line) < 0 && status == 0) {
		status = -1;
		if (err)
			*err = line;
	}
	return status;
}

char *keeper_base(const struct keeper *k, const char *kernel, const char *id)
{
	CLEANUP_FREE char *path = id_path(id);
	return xasprintf("%s/%s%s", k->dir, find_kernel(k, kernel)->below, path);
}

int keeper_finish(struct keeper *k, double seconds, struct error *err)
{
	for (size_t i = 0; i < k->n_kernels && k->made; i++) {
		struct kept_kernel *kernel = &k->kernels[i];
		json_t *line = tally_to_json(&kernel->tally, 0, kernel->seconds + seconds);
		put_json_line(kernel->results, line);
		json_decref(line);
		if (fflush(kernel->results) || ferror(kernel->results))
			return error_set(err, errno, "%s/%sresults.jsonl can't be written", k->dir, kernel->below);
	}
	return 0;
}

const char *keeper_dir(const struct keeper *k)
{
	return k->made ? k->dir : NULL;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->n_kernels; i++) {
		if (k->kernels[i].results)
			fclose(k->kernels[i].results);
		json_decref(k->kernels[i].run);
		free(k->kernels[i].below);
	}
	free(k->kernels);
	json_decref(k->earlier);
	json_decref(k->run);
	free(k->dir);
	free(k);
}
