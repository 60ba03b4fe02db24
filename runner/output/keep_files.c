// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/keep_files.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/jbytes.h"
#include "base/printable.h"
#include "base/util.h"
#include "judge/record.h"

#define JSON_LINE (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9))

int make_parents(char *path, struct error *err)
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

int check_empty(const char *dir, struct error *err)
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

char *path_word(const char *name)
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

char *id_path(const char *id)
{
	CLEANUP_FREE char *safe = printable(id);
	char *path = xstrdup(""), *rest = safe, *part;
	while ((part = strsep(&rest, "/"))) {
		if (!*part)
			continue;
		if (*part == '.')
			*part = '_';
		char *longer = xasprintf("%s%s%s", path, *path ? "/" : "", part);
		free(path);
		path = longer;
	}
	return path;
}

void put_json_line(FILE *f, const json_t *value)
{
	json_dumpf(value, f, JSON_LINE);
	fputc('\n', f);
}

static int close_file(FILE *f, const char *path, struct error *err)
{
	bool bad = ferror(f);
	if (fclose(f) || bad)
		return error_set(err, errno, "%s can't be written", path);
	return 0;
}

int put_file(const char *path, const char *text, struct error *err)
{
	CLEANUP_FREE char *young = xasprintf("%s.tmp", path);
	FILE *f = fopen(young, "we");
	if (!f)
		return error_set(err, errno, "%s can't be written", path);
	fprintf(f, "%s\n", text);
	if (close_file(f, young, err) == 0) {
		if (rename(young, path) == 0)
			return 0;
		error_set(err, errno, "%s can't be written", path);
	}
	unlink(young);
	return -1;
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

static int put_log(const char *base, const json_t *kmsg, struct error *err)
{
	if (!json_array_size(kmsg))
		return 0;
	CLEANUP_FREE char *path = xasprintf("%s.log", base);
	FILE *f = fopen(path, "we");
	if (!f)
		return error_set(err, errno, "%s can't be written", path);
	size_t i;
	json_t *record;
	json_array_foreach(kmsg, i, record)
		write_record(f, record);
	return close_file(f, path, err);
}

static int put_console(const char *base, const json_t *console, struct error *err)
{
	CLEANUP_FREE char *text = json_bytes_get(console, NULL);
	if (!text || !*text)
		return 0;
	CLEANUP_FREE char *path = xasprintf("%s.console", base);
	FILE *f = fopen(path, "we");
	if (!f)
		return error_set(err, errno, "%s can't be written", path);
	/* a serial line ends its lines by CR and LF */
	char *to = text;
	for (const char *from = text; *from; from++) {
		if (from[0] != '\r' || from[1] != '\n')
			*to++ = *from;
	}
	*to = '\0';
	CLEANUP_FREE char *safe = printable_log(text);
	fputs(safe, f);
	return close_file(f, path, err);
}

static int put_whole(const char *base, const struct result *r, const json_t *evidence, struct error *err)
{
	CLEANUP_FREE char *path = xasprintf("%s.json", base);
	json_t *root = result_to_json(r);
	json_object_update_missing(root, (json_t *)(uintptr_t)evidence);
	CLEANUP_FREE char *text = json_dumps(root, JSON_LINE);
	json_decref(root);
	return text ? put_file(path, text, err) : error_set(err, 0, "%s: no memory for it", path);
}

int put_evidence(char *base, const struct result *r, const json_t *evidence, struct error *err)
{
	const json_t *seen = json_object_get(evidence, "observation");
	if (make_parents(base, err) < 0 || put_whole(base, r, evidence, err) < 0 ||
	    put_log(base, json_object_get(seen, "kmsg"), err) < 0 ||
	    put_console(base, json_object_get(seen, "console"), err) < 0)
		return -1;
	return 0;
}
