// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include <errno.h>
#include <fcntl.h>

#include "base/util.h"
#include "run/lines.h"
#include "tests/harness.h"

static char seen[256];

static void note(void *context, const char *line, size_t len)
{
	(void)context;
	ck_assert_uint_eq(strlen(line), len);
	strcat(seen, line);
	strcat(seen, "|");
}

/* The same bytes in pieces of each size give the same lines. */
START_TEST(pieces)
{
	static const struct {
		const char *bytes, *lines;
		bool dropped;
	} table[] = {
		{ "a\nbb\nccc\n", "a|bb|ccc|", false },
		{ "\n\na", "||a|", false },
		{ "12345678\n12345678\n", "12345678|12345678|", false },
		{ "123456789\nab\n", "ab|", true },
		{ "a\n123456789012345678901234567890\nb\n", "a|b|", true },
		{ "123456789012345678901234567890", "", true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		size_t n = strlen(table[i].bytes);
		for (size_t piece = 1; piece <= n; piece++) {
			struct lines l = { .max = 8 };
			int fds[2], got;
			ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
			*seen = '\0';
			for (size_t at = 0; at < n; at += piece) {
				size_t len = n - at < piece ? n - at : piece;
				ck_assert_int_eq(write_all(fds[1], table[i].bytes + at, len), 0);
				ck_assert_int_eq(lines_read(&l, fds[0], note, NULL), 1);
			}
			ck_assert_int_eq(lines_read(&l, fds[0], note, NULL), -1);
			ck_assert_int_eq(errno, EAGAIN);
			close(fds[1]);
			got = lines_read(&l, fds[0], note, NULL);
			ck_assert_int_eq(got, 0);
			ck_assert_msg(streq(seen, table[i].lines), "%zu in pieces of %zu: %s", i, piece, seen);
			ck_assert_msg(l.dropped == table[i].dropped, "%zu in pieces of %zu", i, piece);
			lines_release(&l);
			close(fds[0]);
		}
	}
}
END_TEST

TESTS("lines", pieces)
