// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every report that the project's guests gave, with lines lost, torn and wrapped: what is read may be less than was
 * written, and never wrong.
 */
#include <check.h>
#include <string.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/log_forms.h"

#define LOSSES 12		/* per report */

/* Damage that loses something: never a false verdict, and nobody dies who did not. */
static uint64_t state = 88172645463325252u;

static size_t upto(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? (size_t)(state % n) : 0;
}

static bool is_killed(const json_t *reports, json_int_t pid)
{
	size_t i, k;
	json_t *r, *killed;
	json_array_foreach(reports, i, r)
		json_array_foreach(json_object_get(r, "killed"), k, killed)
			if (json_integer_value(json_object_get(killed, "pid")) == pid)
				return true;
	return false;
}

static void not_wrong(const json_t *expected, const char *text, size_t len, const char *path, const char *how)
{
	json_t *seen = explain_text(text, len), *r, *killed;
	size_t i, k;
	const char *end = text + (len > 2500 ? len - 2500 : 0);	/* where the table is, for the message */
	json_array_foreach(seen, i, r) {
		ck_assert_msg(!json_is_false(json_object_get(r, "agrees")), "%s, %s: called wrong in:\n%.*s", path, how,
			      (int)(text + len - end), end);
		json_array_foreach(json_object_get(r, "killed"), k, killed) {
			const json_t *pid = json_object_get(killed, "pid");
			ck_assert_msg(json_is_null(pid) || is_killed(expected, json_integer_value(pid)),
				      "%s, %s: %lld died in:\n%.*s", path, how,
				      json_integer_value(pid), (int)(text + len - end), end);
		}
	}
	json_decref(seen);
}

/* Each line of the plain log to f, but for those that are lost. */
static void put_lossy(FILE *f, const char *format, size_t from, size_t n)
{
	size_t all = n_records;
	struct record saved[MAX_RECORDS];
	memcpy(saved, records, all * sizeof(*saved));
	n_records = 0;
	for (size_t i = 0; i < all; i++)
		if (i < from || i >= from + n)
			records[n_records++] = saved[i];
	put_lines(f, format, as_it_is);
	memcpy(records, saved, all * sizeof(*saved));
	n_records = all;
}

static void check_losses(const char *path, const json_t *expected)
{
	char *text;
	size_t len;
	for (int round = 0; round < LOSSES; round++) {
		FILE *f = open_memstream(&text, &len);
		put_lossy(f, round & 1 ? "[%K] " : "", upto(n_records), 1 + upto(round % 3 ? 4 : 40));
		fclose(f);
		not_wrong(expected, text, len, path, "lines lost");
		not_wrong(expected, text, upto(len), path, "cut");
		/* wrapped at a width, at blanks or anywhere */
		size_t width = 60 + upto(80), column = 0;
		char *wrapped = xcalloc(2 * len + 1, 1), *p = wrapped;
		for (size_t i = 0; i < len; i++, column++) {
			if (text[i] == '\n')
				column = 0;
			if (column >= width && (round & 2 || text[i] == ' ')) {
				*p++ = '\n';
				column = 0;
			}
			*p++ = text[i];
		}
		not_wrong(expected, wrapped, (size_t)(p - wrapped), path, "wrapped, and lines lost");
		free(wrapped);
		free(text);
	}
}

START_TEST(losses)
{
	each_report(check_losses);
}
END_TEST

TESTS("klog-losses", losses)
