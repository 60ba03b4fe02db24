/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that is not bytes with newlines: UTF-16, and whole logs packed into one line: a JSON string with \n in it (what a
 * cloud's console output is), an array of objects, of pairs, a list of strings, a web page with <br>, lines that end with CR alone,
 * lines that a chat or a form joined with blanks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum encoding { ENCODING_UNKNOWN, ENCODING_BYTES, ENCODING_UTF16LE, ENCODING_UTF16BE };

/* By the first four bytes of a text; fewer are bytes. */
enum encoding encoding_of(const uint8_t *head, size_t len);

/* UTF-16 units to UTF-8, across calls. */
struct utf16 {
	enum encoding encoding;
	uint8_t odd;		/* the first byte of a unit whose second is still to come */
	bool has_odd;
	uint16_t high;		/* a surrogate that waits for its low one; 0: none */
};

#define UTF16_ROOM(len) ((len) * 2 + 8)

/* Writes at most UTF16_ROOM(len) bytes to out; returns how many. A mark of byte order and lone surrogates go. */
size_t utf16_decode(struct utf16 *u, const uint8_t *in, size_t len, char *out);

enum packing {
	PACKED_NOT, PACKED_OBJECTS, PACKED_PAIRS, PACKED_STRING, PACKED_LIST, PACKED_LIST_SINGLE, PACKED_TAGS, PACKED_CR, PACKED_BLANKS,
	PACKED_WORDS
};

#define PACKED_MIN 100		/* bytes of a line that may be several */
#define PACKED_SHORT 512	/* … of one that is looked at only where a word of a report is, and whole */

/* How a line that is long without a newline is packed, by its first bytes. *words: of PACKED_BLANKS, how many there are
 * before the time stamp, or before what stands in its place, of each line in it. */
enum packing packed_kind(const char *line, size_t len, int *words);

/* What separates lines in it becomes a newline, in place. But where there is room for one byte only (PACKED_CR,
 * PACKED_BLANKS, PACKED_WORDS) a PACKED_MARK stands before each: the text's own lines are counted without these. */
#define PACKED_MARK '\x1f'
void packed_split(enum packing kind, int words, char *text, size_t len);
