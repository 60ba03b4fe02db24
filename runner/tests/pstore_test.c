// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of a dump in whatever order: its lines come from the oldest on. */
#include <check.h>

#include "base/util.h"
#include "klog/pstore.h"
#include "tests/harness.h"

static void drain(struct pstore *s, FILE *f)
{
	uint64_t number;
	struct text t;
	while (pstore_next(s, &number, &t))
		fprintf(f, "%d%.*s|", (int)number, (int)text_len(t), t.p);
}

/* Lines parted by '|' to the lines that a reader gets, each behind its number. */
static char *read_all(const char *in)
{
	struct pstore s = { .on = false };
	char *out;
	size_t size;
	FILE *f = open_memstream(&out, &size);
	uint64_t number = 1;
	for (const char *end, *p = in; *p; p = *end ? end + 1 : end, number++) {
		end = strchrnul(p, '|');
		struct text t = text_of(p, (size_t)(end - p));
		bool taken;
		while (!(taken = pstore_take(&s, number, t)) && s.ready)
			drain(&s, f);
		if (!taken)
			fprintf(f, "%d%.*s|", (int)number, (int)text_len(t), t.p);
	}
	pstore_end(&s);
	drain(&s, f);
	pstore_free(&s);
	fclose(f);
	return out;
}

static const struct {
	const char *in, *out;
} table[] = {
	{ "Panic#1 Part1|c|d|Panic#1 Part2|a|b", "5a|6b|2c|3d|" },
	{ "Panic#1 Part2|a|b|Panic#1 Part1|c|d", "2a|3b|5c|6d|" },
	{ "Panic#1 Part1|c|Panic#1 Part3|a|Panic#1 Part2|b", "4a|6b|2c|" },
	{ "Panic#1 Part4096|a|Panic#1 Part4095|c|Panic#1 Part64|d|Panic#1 Part128|e", "1Panic#1 Part4096|2a|4c|8e|6d|" },
	{ "Panic#1 Part10|a|Panic#1 Part9|b", "2a|4b|" },
	/* one dump behind the other, or again */
	{ "Oops#1 Part1|b|Oops#1 Part2|a|Panic#2 Part1|d|Panic#2 Part2|c", "4a|2b|8c|6d|" },
	{ "Oops#1 Part1|b|Oops#1 Part2|a|Oops#2 Part1|d|Oops#2 Part2|c", "4a|2b|8c|6d|" },
	{ "Oops#1 Part1|b|Oops#1 Part2|a|Oops#1 Part1|d|Oops#1 Part2|c", "4a|2b|8c|6d|" },
	{ "Oops#1 Part1|b|Oops#2 Part2|a|Oops#2 Part1|c", "2b|4a|6c|" },
	{ "Oops#1 Part1|b|Panic#1 Part2|a|Panic#1 Part1|c", "2b|4a|6c|" },
	{ "Oops#1 Part1|b|Oops#1 Part1|d", "2b|4d|" },
	{ "Oops#1 Part1|Oops#1 Part2|a", "3a|" },
	/* before it, and what is none */
	{ "x|Panic#1 Part1|c|Panic#1 Part2|a", "1x|5a|3c|" },
	{ "Panic#1 Part0|c|Panic#1 Part2x|a|panic#1 Part1|Panic #1 Part1|Panic#x Part1|Panic#1 Part1 ",
	  "1Panic#1 Part0|2c|3Panic#1 Part2x|4a|5panic#1 Part1|6Panic #1 Part1|7Panic#x Part1|8Panic#1 Part1 |" },
};

START_TEST(orders)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CLEANUP_FREE char *out = read_all(table[i].in);
		ck_assert_msg(streq(out, table[i].out), "%s gives %s", table[i].in, out);
	}
}
END_TEST

/* What is more than a dump can be comes as it stands, and nothing of it is lost. */
START_TEST(bounds)
{
	for (size_t len = 0; len <= 100; len += 50) {
		struct pstore s = { .on = false };
		size_t n = 0, total = 40000;
		char line[101];
		memset(line, 'x', sizeof(line));
		ck_assert(pstore_take(&s, 0, text_of("Panic#1 Part1", 13)));
		for (uint64_t i = 1; i <= total; i++) {
			uint64_t number;
			struct text t;
			bool taken;
			while (!(taken = pstore_take(&s, i, text_of(line, len))) && s.ready)
				for (; pstore_next(&s, &number, &t); n++) {
					ck_assert_uint_eq(number, n + 1);
					ck_assert_uint_eq(text_len(t), len);
				}
			n += !taken;
			ck_assert_uint_le(s.n, PSTORE_LINES);
			ck_assert_uint_le(s.bytes, PSTORE_BYTES);
		}
		ck_assert_uint_eq(n, total);
		pstore_free(&s);
	}
}
END_TEST

START_TEST(begins)
{
	static const struct { const char *text; bool yes; } cases[] = {
		{ "Panic#1 Part1\n<6>[", true }, { "Oops#12 Part3\n", true }, { "Emergency#1 Part1\n", true }, { "====1700000000.123456-D\n", true },
		{ "Panic #1 Part1\n", false }, { "Shut#1", false }, { "", false }, { "[    1.000000] Panic#1 Part1", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(pstore_begins(text_of(cases[i].text, strlen(cases[i].text))) == cases[i].yes, "%s", cases[i].text);
}
END_TEST

TESTS("pstore", orders, bounds, begins)
