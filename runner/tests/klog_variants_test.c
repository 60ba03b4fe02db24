// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every report that the project's guests gave, in every form in which people have logs: what is read must be the same, to
 * the last field.
 */
#include <check.h>
#include <string.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/log_forms.h"

static void same(const json_t *expected, FILE *f, char *const *text, const size_t *len, const char *path,
		 const char *form, const char *damage)
{
	fclose(f);
	json_t *seen = explain_text(*text, *len);
	if (!json_equal(expected, seen)) {
		CLEANUP_FREE char *a = json_dumps(expected, 0), *b = json_dumps(seen, JSON_SORT_KEYS);
		ck_abort_msg("%s: %s, %s:\nexpected %.1200s\nseen     %.1200s\nin:\n%.1200s", path, form, damage, a, b,
			     *text);
	}
	json_decref(seen);
	free(*text);
}

static bool hostile(const char *path)
{
	return strstr(path, "hostile-names");
}

/* Each report takes a fourth of the forms, another than the one before: together they have them all many times. */
static void check_forms(const char *path, const json_t *expected)
{
	static size_t turn;
	char *text;
	size_t len;
	turn++;
	for (size_t i = 0; i < n_log_prefixes; i++)
		for (size_t d = 0; d < n_log_damages; d++) {
			/* every damage with some prefixes, among them the commonest */
			if ((i + d + turn) % 4 || (d && i % 7 != 1) || (!log_damages[d].keeps_blanks && hostile(path)))
				continue;
			FILE *f = open_memstream(&text, &len);
			put_lines(f, log_prefixes[i].format, log_damages[d].put);
			same(expected, f, &text, &len, path, log_prefixes[i].name, log_damages[d].name);
		}
	for (size_t i = turn % 4; i < n_log_around; i += 4) {
		if (hostile(path))	/* a name with quotes, or with other bytes than text has */
			continue;
		FILE *f = open_memstream(&text, &len);
		put_lines(f, log_around[i].format, as_it_is);
		same(expected, f, &text, &len, path, log_around[i].name, "as it is");
	}
	for (size_t i = turn % 4; i < n_log_formats; i += 4) {
		if (log_formats[i].utf8 && hostile(path))
			continue;
		FILE *f = open_memstream(&text, &len);
		log_formats[i].put(f);
		same(expected, f, &text, &len, path, log_formats[i].name, "as it is");
	}
}

START_TEST(forms)
{
	each_report(check_forms);
}
END_TEST

/* journalctl -r: the last line first, the last report first. */
static void check_newest_first(const char *path, const json_t *expected)
{
	static const char *const stamps[] = { "", "[%K] ", "Mar  3 %C web-01 kernel: " };
	json_t *turned = json_array();
	for (size_t i = json_array_size(expected); i-- > 0;)
		json_array_append(turned, json_array_get(expected, i));
	for (size_t i = 0; i < ARRAY_SIZE(stamps) && !hostile(path); i++) {
		char *text, *turned_text;
		size_t len, turned_len;
		FILE *f = open_memstream(&text, &len);
		put_lines(f, stamps[i], as_it_is);
		fclose(f);
		f = open_memstream(&turned_text, &turned_len);
		for (char *nl; len; len = (size_t)(nl - text)) {
			text[len - 1] = '\0';
			nl = strrchr(text, '\n');
			nl = nl ? nl + 1 : text;
			fprintf(f, "%s\n", nl);
		}
		free(text);
		same(turned, f, &turned_text, &turned_len, path, stamps[i], "newest first");
	}
	json_decref(turned);
}

START_TEST(newest_first)
{
	each_report(check_newest_first);
}
END_TEST

enum wrapping { AT_WIDTH, AT_BLANKS, WITH_BACKSLASH, N_WRAPPINGS };

/* Each line of the text in pieces of at most `width` bytes, each with `before` before it. */
static void put_wrapped(FILE *f, const char *before, const char *text, size_t width, enum wrapping how)
{
	for (const char *p = text, *nl; (nl = strchr(p, '\n')); p = nl + 1) {
		while ((size_t)(nl - p) > width) {
			size_t n = width - (how == WITH_BACKSLASH);
			const char *blank = memrchr(p + 1, ' ', n - 1);
			if (how == AT_BLANKS && blank)
				n = (size_t)(blank + 1 - p);
			fprintf(f, "%s%.*s%s\n", before, (int)n, p, how == WITH_BACKSLASH ? "\\" : "");
			p += n;
		}
		fprintf(f, "%s%.*s\n", before, (int)(nl - p), p);
	}
}

static void same_members(const json_t *expected, const json_t *seen, const char *path, const char *form, size_t width,
			 const char *text)
{
	static const char *const members[] = { "kernel", "constraint", "trigger", "memcg", "totalpages", "panic", "agrees" };
	const json_t *r;
	size_t k;
	ck_assert_msg(json_array_size(seen) == json_array_size(expected), "%s, %s%zu: %zu reports in:\n%.2000s", path, form, width,
		      json_array_size(seen), text);
	json_array_foreach(expected, k, r) {
		for (size_t m = 0; m < ARRAY_SIZE(members); m++) {
			const json_t *a = json_object_get(r, members[m]), *b = json_object_get(json_array_get(seen, k), members[m]);
			CLEANUP_FREE char *was = json_dumps(a, JSON_ENCODE_ANY), *is = json_dumps(b, JSON_ENCODE_ANY);
			ck_assert_msg(streq(was, is), "%s, %s%zu: %s %s, not %s in:\n%.2000s", path, form, width, members[m], is, was,
				      text);
		}
	}
}

/* Wrapped by a terminal, by a mailer, by someone with a shell: the same, but for the last letters of a name or a figure where
 * nothing tells that the line went on. */
static void check_wrapped(const char *path, const json_t *expected)
{
	static const char *const stamps[] = { "[%K] ", "Mar  3 %C web-01 kernel: [%K] ", "[Tue Mar  3 %C 2026] ",
					      "2026-03-03T%C.%U+01:00 web-01 kernel: [%K] " };
	static const size_t widths[] = { 72, 80, 100, 132 };
	for (size_t i = 0; i < N_WRAPPINGS * ARRAY_SIZE(stamps) * ARRAY_SIZE(widths) && !hostile(path); i++) {
		const char *stamp = stamps[i % ARRAY_SIZE(stamps)];
		size_t width = widths[i / ARRAY_SIZE(stamps) % ARRAY_SIZE(widths)];
		char *text, *wrapped;
		size_t len, wrapped_len;
		FILE *f = open_memstream(&text, &len);
		put_lines(f, stamp, as_it_is);
		fclose(f);
		f = open_memstream(&wrapped, &wrapped_len);
		put_wrapped(f, "", text, width, (enum wrapping)(i / ARRAY_SIZE(stamps) / ARRAY_SIZE(widths)));
		fclose(f);
		json_t *seen = explain_text(wrapped, wrapped_len);
		same_members(expected, seen, path, stamp, width, wrapped);
		json_decref(seen);
		free(text);
		free(wrapped);
	}
}

/* A syslog got the lines of a terminal, and put what it puts before each; or somebody moved them all to the right. */
static void check_wrapped_before_prefix(const char *path, const json_t *expected)
{
	static const char *const before[] = { "Mar  3 14:05:06 web-01 kernel: ", "2026-03-03T14:05:06.123456+01:00 web-01 kernel: ",
					      "    " };
	static const size_t widths[] = { 72, 80, 100, 132 };
	for (size_t i = 0; i < ARRAY_SIZE(before) * ARRAY_SIZE(widths) * 2 && !hostile(path); i++) {
		size_t width = widths[i / ARRAY_SIZE(before) % ARRAY_SIZE(widths)], len, wrapped_len;
		char *text, *wrapped;
		FILE *f = open_memstream(&text, &len);
		put_lines(f, *before[i % ARRAY_SIZE(before)] == ' ' ? "[%K] " : "", as_it_is);
		fclose(f);
		f = open_memstream(&wrapped, &wrapped_len);
		put_wrapped(f, before[i % ARRAY_SIZE(before)], text, width,
			    i < ARRAY_SIZE(before) * ARRAY_SIZE(widths) ? AT_WIDTH : AT_BLANKS);
		fclose(f);
		json_t *seen = explain_text(wrapped, wrapped_len);
		same_members(expected, seen, path, before[i % ARRAY_SIZE(before)], width, wrapped);
		json_decref(seen);
		free(text);
		free(wrapped);
	}
}

START_TEST(wrapped_before_prefix)
{
	each_report(check_wrapped_before_prefix);
}
END_TEST

START_TEST(wrapped)
{
	each_report(check_wrapped);
}
END_TEST

TESTS("klog-variants", forms, newest_first, wrapped, wrapped_before_prefix)
