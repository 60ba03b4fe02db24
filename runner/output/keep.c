// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/keep.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "output/printable.h"

struct keeper {
	char *dir;
	bool all, made, several;
	FILE *results;		/* results.jsonl; NULL until the directory is made */
	json_t *earlier;	/* results that came before it was */
};

/* mkdir -p for the directories of a path, up to its last slash. The path is put back as it was. */
static int make_parents(char *path, struct error *err)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		int made = mkdir(path, 0777);
		int errnum = errno;
		if (made < 0 && errnum != EEXIST)
			error_set(err, errnum, "directory %s can't be made", path);
		*slash = '/';
		if (made < 0 && errnum != EEXIST)
			return -1;
	}
	return 0;
}

static int open_results(struct keeper *k, struct error *err)
{
	CLEANUP_FREE char *path = xasprintf("%s/results.jsonl", k->dir);
	if (make_parents(path, err) < 0)
		return -1;
	k->results = fopen(path, "we");
	if (!k->results)
		return error_set(err, errno, "%s can't be written", path);
	k->made = true;
	return 0;
}

static int check_empty(const char *dir, struct error *err)
{
	DIR *d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : error_set(err, errno, "%s can't be used for results", dir);
	int found = 0;
	const struct dirent *entry;
	while (!found && (entry = readdir(d)))
		found = !streq(entry->d_name, ".") && !streq(entry->d_name, "..");
	closedir(d);
	return found ? error_set(err, 0, "%s is not empty: name another directory, or write into it with --force", dir) : 0;
}

/* A kernel's name as part of a path: "debian-bookworm"; of a path its last part. */
static char *path_word(const char *name)
{
	const char *slash = strrchr(name, '/');
	char *word = xstrdup(slash && slash[1] ? slash + 1 : name);
	for (char *c = word; *c; c++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+~", *c))
			*c = '-';
	}
	if (*word == '.')
		*word = '-';
	return word;
}

static char *default_dir(const char *const *kernels, size_t n_kernels)
{
	char when[32];
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	CLEANUP_FREE char *word = path_word(n_kernels ? kernels[0] : "none");
	CLEANUP_FREE char *more = n_kernels > 1 ? xasprintf("+%zu", n_kernels - 1) : xstrdup("");
	char *dir = xasprintf("results/runs/%s-%s%s", when, word, more);
	struct stat st;
	for (int i = 2; stat(dir, &st) == 0; i++) {
		free(dir);
		dir = xasprintf("results/runs/%s-%s%s-%d", when, word, more, i);
	}
	return dir;
}

struct keeper *keeper_new(const char *dir, bool force, const char *const *kernels, size_t n_kernels, struct error *err)
{
	struct keeper *k = xcalloc(1, sizeof(*k));
	k->several = n_kernels > 1;
	k->all = dir;
	k->earlier = json_array();
	k->dir = dir ? xstrdup(dir) : default_dir(kernels, n_kernels);
	if (dir && ((!force && check_empty(dir, err) < 0) || open_results(k, err) < 0)) {
		keeper_free(k);
		return NULL;
	}
	return k;
}

bool keeper_wants(const struct keeper *k, enum verdict v)
{
	return k->all || v == VERDICT_FAIL || v == VERDICT_ERROR;
}

/* DIR/[KERNEL/]ID, without any part of an id that could lead out of DIR. */
static char *base_path(const struct keeper *k, const struct result *r)
{
	CLEANUP_FREE char *kernel = k->several && r->kernel ? path_word(r->kernel) : NULL;
	char *path = xasprintf("%s/%s%s", k->dir, kernel ? kernel : "", kernel ? "/" : "");
	CLEANUP_FREE char *id = printable(r->id);
	char *rest = id, *part;
	bool first = true;
	while ((part = strsep(&rest, "/"))) {
		if (!*part)
			continue;
		if (*part == '.')
			*part = '_';
		char *longer = xasprintf("%s%s%s", path, first ? "" : "/", part);
		free(path);
		path = longer;
		first = false;
	}
	return path;
}

static FILE *create(const char *base, const char *suffix, struct error *err)
{
	CLEANUP_FREE char *path = xasprintf("%s%s", base, suffix);
	FILE *f = fopen(path, "we");
	if (!f)
		error_set(err, errno, "%s can't be written", path);
	return f;
}

static int close_file(FILE *f, const char *base, const char *suffix, struct error *err)
{
	bool bad = ferror(f);
	if (fclose(f) || bad)
		return error_set(err, errno, "%s%s can't be written", base, suffix);
	return 0;
}

/* "[   12.345678] text", each line of a record with the stamp. */
static void write_record(FILE *f, const json_t *record)
{
	long long t = json_integer_value(json_object_get(record, "t"));
	CLEANUP_FREE char *text = json_bytes_get(json_object_get(record, "text"), NULL);
	char *rest = text, *line;
	while ((line = strsep(&rest, "\n"))) {
		CLEANUP_FREE char *safe = printable(line);
		fprintf(f, "[%5lld.%06lld] %s\n", t / 1000000, t % 1000000, safe);
	}
}

static int write_log(const char *base, const json_t *kmsg, struct error *err)
{
	if (!json_array_size(kmsg))
		return 0;
	FILE *f = create(base, ".log", err);
	if (!f)
		return -1;
	size_t i;
	json_t *record;
	json_array_foreach(kmsg, i, record)
		write_record(f, record);
	return close_file(f, base, ".log", err);
}

static int write_console(const char *base, const json_t *console, struct error *err)
{
	CLEANUP_FREE char *text = json_bytes_get(console, NULL);
	if (!text || !*text)
		return 0;
	FILE *f = create(base, ".console", err);
	if (!f)
		return -1;
	/* a serial line ends its lines by CR and LF */
	char *to = text;
	for (const char *from = text; *from; from++) {
		if (from[0] != '\r' || from[1] != '\n')
			*to++ = *from;
	}
	*to = '\0';
	CLEANUP_FREE char *safe = printable_log(text);
	fputs(safe, f);
	return close_file(f, base, ".console", err);
}

static int write_json(const char *base, const struct result *r, const json_t *evidence, struct error *err)
{
	FILE *f = create(base, ".json", err);
	if (!f)
		return -1;
	json_t *root = result_to_json(r);
	json_object_update_missing(root, (json_t *)(uintptr_t)evidence);
	json_dumpf(root, f, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
	fputc('\n', f);
	json_decref(root);
	return close_file(f, base, ".json", err);
}

static void add_line(FILE *f, json_t *value)
{
	json_dumpf(value, f, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
	fputc('\n', f);
}

static int make_now(struct keeper *k, struct error *err)
{
	if (k->made)
		return 0;
	if (open_results(k, err) < 0)
		return -1;
	size_t i;
	json_t *line;
	json_array_foreach(k->earlier, i, line)
		add_line(k->results, line);
	json_array_clear(k->earlier);
	return 0;
}

int keeper_keep(struct keeper *k, struct result *r, const json_t *evidence, struct error *err)
{
	bool wanted = keeper_wants(k, r->verdict) && evidence;
	int status = wanted ? make_now(k, err) : 0;
	if (wanted && status == 0) {
		CLEANUP_FREE char *base = base_path(k, r);
		const json_t *seen = json_object_get(evidence, "observation");
		r->kept = xasprintf("%s.json", base);
		if (make_parents(base, err) < 0 || write_json(base, r, evidence, err) < 0 ||
		    write_log(base, json_object_get(seen, "kmsg"), err) < 0 ||
		    write_console(base, json_object_get(seen, "console"), err) < 0) {
			free(TAKE_PTR(r->kept));
			status = -1;
		}
	}
	json_t *line = result_to_json(r);
	if (k->made) {
		add_line(k->results, line);
		fflush(k->results);
	} else {
		json_array_append(k->earlier, line);
	}
	json_decref(line);
	return status;
}

int keeper_finish(struct keeper *k, const struct tally *t, double seconds, struct error *err)
{
	if (!k->made)
		return 0;
	json_t *line = tally_to_json(t, seconds);
	add_line(k->results, line);
	json_decref(line);
	return close_file(TAKE_PTR(k->results), k->dir, "/results.jsonl", err);
}

const char *keeper_dir(const struct keeper *k)
{
	return k->made ? k->dir : NULL;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	if (k->results)
		fclose(k->results);
	json_decref(k->earlier);
	free(k->dir);
	free(k);
}
