// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/text.h"

#include <stdint.h>
#include <stdio.h>

#include "base/suggest.h"
#include "base/util.h"

char *say_allowed(char *buf, size_t size, const char *word, const char *const *words, size_t n)
{
	const char *near = suggest(word, words, n);
	int len = near ? snprintf(buf, size, "did you mean \"%s\"? Allowed: ", near) : snprintf(buf, size, "allowed: ");
	size_t at = (size_t)len;
	for (size_t i = 0; i < n && at < size; i++) {
		if (at + strlen(words[i]) + 8 > size) {
			snprintf(buf + at, size - at, ", …");
			break;
		}
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "", words[i]);
	}
	return buf;
}

/* One code point, or -1. */
static int32_t decode(const unsigned char *p, size_t left, size_t *used)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80		   ? 1
		   : (p[0] & 0xe0) == 0xc0 ? 2
		   : (p[0] & 0xf0) == 0xe0 ? 3
		   : (p[0] & 0xf8) == 0xf0 ? 4
					   : 0;
	if (n == 0 || n > left)
		return -1;
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (p[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return -1;
	*used = n;
	return (int32_t)c;
}

const char *utf8_fault(const char *text, size_t len, int *line, int *column)
{
	*line = *column = 1;
	for (size_t i = 0, used; i < len; i += used) {
		int32_t c = decode((const unsigned char *)text + i, len - i, &used);
		if (c < 0)
			return "this is not UTF-8 text";
		bool control = c < 0x20 ? c != '\t' && c != '\n' && c != '\r' : c >= 0x7f && c < 0xa0 && c != 0x85;
		if (control || c == 0xfeff || c == 0xfffe || c == 0xffff)
			return "a control character stands in the file: write it as an escape in double quotes, like \"\\x07\"";
		if (c == '\n') {
			++*line;
			*column = 1;
		} else {
			++*column;
		}
	}
	return NULL;
}

char *show_text(char buf[320], const char *text)
{
	size_t at = 0;
	for (size_t i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];
		if (i >= 60 && (c & 0xc0) != 0x80) { /* never in the middle of a character */
			strcpy(buf + at, "…");
			return buf;
		}
		if (i >= 70)
			break;
		at += (size_t)sprintf(buf + at, c < 0x20 || c == 0x7f ? "\\x%02x" : "%c", c);
	}
	buf[at] = '\0';
	return buf;
}

void one_line(char *buf, size_t size, const char *sentence)
{
	size_t at = 0;
	for (const char *p = sentence; *p && at + 5 < size; p++) {
		unsigned char c = (unsigned char)*p;
		at += (size_t)sprintf(buf + at, c < 0x20 || c == 0x7f ? "\\x%02x" : "%c", c);
	}
	buf[at] = '\0';
}
