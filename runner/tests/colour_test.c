// SPDX-License-Identifier: GPL-2.0-or-later
/* A terminal's colours in letters, and names that look like them. */
#include "base/util.h"
#include "klog/colour.h"
#include "tests/harness.h"

static struct colour c;

static const char *plain(const char *line)
{
	static char buf[256], room[256];
	struct text t = text_of(line, strlen(line));
	colour_undo(&c, &t, room);
	text_copy(t, buf, sizeof(buf));
	return buf;
}

START_TEST(learned)
{
	static const char *const first[] = {
		"[32m[   12.345678] [0mx", "ESC[32m[   12.345678] ESC[0mx", "^[[32m[   12.345678] ^[[0mx",
		"\\x1b[32m[   12.345678] \\x1b[0mx", "\xe2\x90\x9b[32m[   12.345678] \xe2\x90\x9b[0mx",
	};
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		c = (struct colour){ 0 };
		ck_assert_str_eq(plain(first[i]), "[   12.345678] x");
		ck_assert_str_eq(plain(first[i]), "[   12.345678] x");
		ck_assert_str_eq(plain("[   12.345679] [  7] x"), "[   12.345679] [  7] x");
	}
	c = (struct colour){ 0 };
	ck_assert_str_eq(plain("Mar  3 04:05:06 a kernel: [0;1;39mx[0m"), "Mar  3 04:05:06 a kernel: x");
	ck_assert_str_eq(plain("a[K"), "a");
	ck_assert_str_eq(plain(""), "");
	c = (struct colour){ 0 };
	ck_assert_str_eq(plain("Mar  3 04:05:06 a kernel: ESC[1mxESC[0m"), "Mar  3 04:05:06 a kernel: x");
}
END_TEST

START_TEST(not_learned)
{
	static const char *const lines[] = {
		"[   12.345678] [    7]     0     7 [1mx", "[   12.345678] [    7]     0     7 x[0m", "[32m", "[32mx y z", "ESC[32", "[0m[0m",
		"\033[32m[   12.345678] x\033[0m", "[32;32;32;32;32;32;32;32;32;32;32m[   12.345678] x",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		c = (struct colour){ 0 };
		ck_assert_str_eq(plain(lines[i]), lines[i]);
	}
	c = (struct colour){ .on = true, .escape = "" };
	ck_assert_str_eq(plain("\033[32mx[0my"), "\033[32mxy");
}
END_TEST

TESTS("colour", learned, not_learned)
