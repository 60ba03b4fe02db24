/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds, in gigabytes of other text, the few places where an OOM report may be: any of some twenty words. Four bytes of
 * each word are looked for at once, 32 positions at a time where the processor can; what matches is then compared
 * whole.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct scanner {
	uint8_t low[4][16], high[4][16];	/* buckets by nibble, for each of the four bytes */
	uint8_t byte[4][256];			/* buckets by byte */
	const char *(*find)(const struct scanner *s, const char *begin, const char *from, const char *end);
};

void scan_init(struct scanner *s);

/* The first place in [from, end) where a word has one of its bytes; NULL: none. Looks back as far as begin. A word
 * across `end` is not found: scan again from its line's start when there is more. */
const char *scan_find(const struct scanner *s, const char *begin, const char *from, const char *end);

/* How many newlines are in [from, end)? */
uint64_t scan_newlines(const char *from, const char *end);
