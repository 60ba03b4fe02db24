// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/printable.h"

#include "base/util.h"

/* Length of the UTF-8 sequence at p that holds a printable character; 0: there is none. */
static size_t sequence(const unsigned char *p)
{
	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	uint32_t c = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fu);
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	/* C1 controls, line and paragraph separators, and what turns the direction of writing round */
	if (c < 0xa0 || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		return 0;
	return n;
}

/* Is this the U+0080..U+009F of a byte that was sent as a code point? Then the byte is what to show. */
static bool is_c1(const unsigned char *p)
{
	return p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
}

static char *escape(const char *text, const char *keep, const char *backslash)
{
	const char *mark = *backslash ? "\\\\" : "\\";	/* where `\` is special, those made here are escaped too */
	char *out = xcalloc(5 * strlen(text) + 1, 1);
	size_t n = 0;
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t len = strchr(keep, *p) ? 1 : sequence(p);
		if (len) {
			if (strchr(backslash, *p))
				out[n++] = '\\';
			memcpy(out + n, p, len);
			n += len;
			p += len;
		} else if (*p == '\n') {
			n += (size_t)sprintf(out + n, "%sn", mark);
			p++;
		} else {
			if (is_c1(p))
				p++;
			n += (size_t)sprintf(out + n, "%sx%02x", mark, *p++);
		}
	}
	return out;
}

char *printable(const char *text)
{
	return escape(text, "", "");
}

char *printable_tap(const char *text)
{
	return escape(text, "", "#\\");
}

char *printable_log(const char *text)
{
	return escape(text, "\n\t", "");
}
