// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * docs/eras.md has the table of behaviours, row for row. When the table changes, print the new rows with
 * `ERAS_PRINT=1 build/runner/tests/model_eras_doc_test` and put them there.
 */
#include <fcntl.h>

#include "base/util.h"
#include "model/era.h"
#include "model/era_rhel.h"
#include "tests/harness.h"

#define MAJOR(v) (unsigned)((v) >> 32)
#define MINOR(v) (unsigned)((v) >> 16 & 0xffff)

/* "5.10.262 u5.4-216 =5.4.9 4.19.? el7" in words. */
static void print_backports(FILE *f, const struct era_behaviour *b)
{
	const char *before = b->until == ERA_NEVER ? "; earlier in " : "; gone earlier in ";
	for (const char *p = b->backports; *p; p += strspn(p, " ")) {
		int len = (int)strcspn(p, " ");
		const char *dash = memchr(p, '-', (size_t)len), *dot = memrchr(p, '.', (size_t)len);
		if (starts_with(p, "el") && memchr(p, ':', (size_t)len)) {
			p += len;
			continue;
		}
		fputs(before, f);
		before = ", ";
		if (*p == '=')
			fprintf(f, "%.*s", len - 1, p + 1);
		else if (*p == 'u')
			fprintf(f, "Ubuntu's %.*s (by %.*s.0%.*s)", (int)(dash - p - 1), p + 1, (int)(dash - p - 1), p + 1,
				(int)(p + len - dash), dash);
		else if (starts_with(p, "el"))
			fprintf(f, "RHEL %.*s", len - 2, p + 2);
		else if (p[len - 1] == '?')
			fprintf(f, "%.*s.y (unknown where)", (int)(dot - p), p);
		else
			fprintf(f, "%.*s.y (by %.*s)", (int)(dot - p), p, len, p);
		p += len;
	}
}

/* "el8:193.28.1..240 el8:305.25.1..348" in words: the value turns over at each. */
static void print_rhel(FILE *f, const struct era_behaviour *b)
{
	unsigned el = 0;
	bool holds = false;
	for (const char *p = b->backports; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
		unsigned major;
		char without[24], with[24];
		if (sscanf(p, "el%u:%23[0-9.]", &major, without) != 2)
			continue;
		char *dots = strstr(without, "..");
		ck_assert_ptr_nonnull(dots);
		snprintf(with, sizeof(with), "%s", dots + 2);
		*dots = '\0';
		uint64_t base = era_rhel_base(major);
		if (major != el)
			holds = base >= b->since && base < b->until;
		el = major;
		holds = !holds;
		fprintf(f, "; RHEL %u: %s in %s, %s %s on", major, holds ? "not" : "still", without,
			holds ? "from" : "gone from", with);
	}
}

static char *row(const struct era_behaviour *b)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	fprintf(f, "| `%s` | ", b->name);
	if (b->since && b->until != ERA_NEVER)
		fprintf(f, "since %u.%u, before %u.%u", MAJOR(b->since), MINOR(b->since), MAJOR(b->until), MINOR(b->until));
	else if (b->since)
		fprintf(f, "since %u.%u", MAJOR(b->since), MINOR(b->since));
	else
		fprintf(f, "before %u.%u", MAJOR(b->until), MINOR(b->until));
	if (b->unsure_to)
		fprintf(f, " (changed somewhere from %u.%u to %u.%u)", MAJOR(b->unsure_from), MINOR(b->unsure_from),
			MAJOR(b->unsure_to), MINOR(b->unsure_to));
	print_backports(f, b);
	print_rhel(f, b);
	fprintf(f, " | %s | %s%s`%s` |\n", b->meaning, b->commit, *b->commit ? " " : "", b->source);
	fclose(f);
	return text;
}

START_TEST(every_row)
{
	size_t n, rows = 0;
	const struct era_behaviour *t = era_table(&n);
	CLEANUP_FREE char *doc = read_whole_at(AT_FDCWD, "docs/eras.md", 1 << 20, NULL);
	ck_assert_msg(doc, "docs/eras.md can't be read; run this from the top of the tree");
	for (size_t i = 0; i < n; i++) {
		CLEANUP_FREE char *want = row(&t[i]);
		if (getenv("ERAS_PRINT"))
			fputs(want, stdout);
		else
			ck_assert_msg(strstr(doc, want), "docs/eras.md lacks:\n%s", want);
	}
	for (const char *p = doc; (p = strstr(p, "\n| `")); p++)
		rows++;
	if (!getenv("ERAS_PRINT"))
		ck_assert_msg(rows == n, "docs/eras.md has %zu rows, the table %zu", rows, n);
}
END_TEST

TESTS("model_eras_doc", every_row)
