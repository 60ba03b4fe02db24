/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds, in gigabytes of other text, the few places where an OOM report may be: any of some twenty words. Four bytes of
 * each word are looked for at once, 32 positions at a time where the processor can; what matches is then compared
 * whole. And whether a line has any of the characters that need a closer look.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct scanner {
	uint8_t low[4][16], high[4][16];	/* buckets by nibble, for each of the four bytes */
	uint8_t byte[4][256];			/* buckets by byte */
	uint8_t first[9];			/* the first word of each bucket, and where the last one's end */
	const char *(*find)(const struct scanner *s, const char *begin, const char *from, const char *end);
};

void scan_init(struct scanner *s);

/* The first place in [from, end) where a word has one of its bytes; NULL: none. Looks back as far as begin. A word
 * across `end` is not found: scan again from its line's start when there is more. */
const char *scan_find(const struct scanner *s, const char *begin, const char *from, const char *end);

/* How many newlines are in [from, end)? */
uint64_t scan_newlines(const char *from, const char *end);

/* Which of the characters that a line seldom has, and that mean something to its reader, are in [from, end)? */
enum scan_mark {
	MARK_ESCAPE = 1,	/* \033 */
	MARK_LATIN = 2,		/* \xc2, before a blank that does not break */
	MARK_HASH_AND = 4,	/* # or & */
	MARK_BACKSLASH = 8,
	MARK_BRACE = 16,	/* { */
	MARK_LESS_EQUALS = 32,	/* < or = */
	MARK_NEWLINE = 64,
};
unsigned scan_marks(const char *from, const char *end);
