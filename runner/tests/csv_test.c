// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of tables with commas, and lines that only look like them. */
#include "base/util.h"
#include "klog/csv.h"
#include "tests/harness.h"

#define HEAD "hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"

static struct csv c;

static const char *message(const char *line)
{
	static char buf[512];
	struct text t = csv_message(&c, text_of(line, strlen(line)));
	text_copy(t, buf, sizeof(buf));
	return buf;
}

START_TEST(rows)
{
	c.fields = 0;
	ck_assert_str_eq(message("a,b,c"), "a,b,c");
	ck_assert_str_eq(message("2026-03-03 14:05:06.123,\"" HEAD "\",7"), "2026-03-03 14:05:06.123 kernel: " HEAD);
	ck_assert_str_eq(message("2026-03-03 14:05:06.124,Mem-Info:,7"), "2026-03-03 14:05:06.124 kernel: Mem-Info:");
	ck_assert_str_eq(message("2026-03-03 14:05:06.125,\"[    7] a \"\"b\"\"\",7"), "2026-03-03 14:05:06.125 kernel: [    7] a \"b\"");
	/* its own stamp is better */
	ck_assert_str_eq(message("2026-03-03 14:05:06.126,\"[   12.345678] x, y\",7"), "[   12.345678] x, y");
	/* other lines, with another number of fields or none */
	ck_assert_str_eq(message("a,b"), "a,b");
	ck_assert_str_eq(message("a,\"b\"x,c"), "a,\"b\"x,c");
	ck_assert_str_eq(message("a,\"b,c"), "a,\"b,c");
	ck_assert_str_eq(message("a,b\"b,c"), "a,b\"b,c");
	ck_assert_str_eq(message(""), "");
}
END_TEST

START_TEST(no_table)
{
	static const char *const lines[] = {
		HEAD, "\"" HEAD "\"", "\"" HEAD "\",", "time=\"x\" msg=\"" HEAD "\" source=dmesg", "{\"a\":\"b\",\"MESSAGE\":\"" HEAD "\"}",
		"\"" HEAD "\",\"" HEAD "\"",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		c.fields = 0;
		ck_assert_str_eq(message(lines[i]), lines[i]);
		ck_assert_int_eq(c.fields, 0);
	}
	char many[400] = "";
	for (int i = 0; i < 70; i++)
		strcat(many, "x,");
	strcat(many, "\"" HEAD "\"");
	ck_assert_str_eq(message(many), many);
}
END_TEST

START_TEST(last_line_of_a_record)
{
	c.fields = 0;
	ck_assert_str_eq(message("[    7] bash\",\"2026-03-03T14:05:06.000+0000\",\"web-01\""), "[    7] bash");
	ck_assert_str_eq(message("[    7] a\",\"2026\""), "[    7] a\",\"2026\"");
}
END_TEST

TESTS("csv", rows, no_table, last_line_of_a_record)
