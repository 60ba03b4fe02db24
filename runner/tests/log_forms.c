// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/log_forms.h"

#include <check.h>
#include <fcntl.h>
#include <glob.h>

#include "base/util.h"
#include "tests/explained.h"

struct record records[MAX_RECORDS];
size_t n_records;

/* "[   12.345678] text"; a line without a stamp belongs to the record before it. */
static void load(const char *path)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 1 << 20, NULL);
	ck_assert_msg(text != NULL, "%s can't be read", path);
	while (n_records)
		free(records[--n_records].text);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		long long s, us;
		ck_assert_uint_lt(n_records, MAX_RECORDS);
		if (sscanf(line, "[%lld.%lld]", &s, &us) == 2) {
			records[n_records++] = (struct record){ s * 1000000 + us, xstrdup(strchr(line, ']') + 2) };
		} else if (n_records) {
			char *joined = xasprintf("%s\n%s", records[n_records - 1].text, line);
			free(records[n_records - 1].text);
			records[n_records - 1].text = joined;
		}
	}
}

json_t *explain_text(const char *text, size_t len)
{
	json_t *all = explained("x", text, len, NULL), *o;
	size_t i;
	json_array_foreach(all, i, o) {
		json_object_del(o, "file");
		json_object_del(o, "line");
	}
	return all;
}

void each_report(void (*check)(const char *path, const json_t *expected))
{
	glob_t found;
	ck_assert_msg(glob("runner/tests/reports/*/*.log", 0, NULL, &found) == 0, "no recorded reports");
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text;
		size_t len;
		load(found.gl_pathv[i]);
		FILE *f = open_memstream(&text, &len);
		put_lines(f, "[%K] ", as_it_is);
		fclose(f);
		json_t *expected = explain_text(text, len);
		free(text);
		check(found.gl_pathv[i], expected);
		json_decref(expected);
	}
	globfree(&found);
}
