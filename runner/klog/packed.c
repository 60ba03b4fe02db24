// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/packed.h"

#include <string.h>

#include "klog/text.h"

#define STRING_MIN 12288	/* a JSON string shorter than this is read by journal.c, with what stands beside it */
#define LOOK 65536		/* bytes by which a line is judged */

enum encoding encoding_of(const uint8_t *head, size_t len)
{
	if (len < 4)
		return ENCODING_BYTES;
	if ((head[0] == 0xff && head[1] == 0xfe) || (head[0] && !head[1] && head[2] && !head[3]))
		return ENCODING_UTF16LE;
	if ((head[0] == 0xfe && head[1] == 0xff) || (!head[0] && head[1] && !head[2] && head[3]))
		return ENCODING_UTF16BE;
	return ENCODING_BYTES;
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

size_t utf16_decode(struct utf16 *u, const uint8_t *in, size_t len, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (!u->has_odd) {
			u->odd = in[i];
			u->has_odd = true;
			continue;
		}
		u->has_odd = false;
		uint16_t unit = u->encoding == ENCODING_UTF16LE ? (uint16_t)(u->odd | in[i] << 8) : (uint16_t)(u->odd << 8 | in[i]);
		uint16_t high = u->high;
		u->high = 0;
		if (unit >= 0xd800 && unit < 0xdc00)
			u->high = unit;
		else if (unit >= 0xdc00 && unit < 0xe000)
			n += high ? put_utf8(out + n, 0x10000 + ((uint32_t)(high & 0x3ff) << 10 | (unit & 0x3ff))) : 0;
		else if (unit != 0xfeff)
			n += put_utf8(out + n, unit);
	}
	return n;
}

/* The tags that end a line of a web page. */
static size_t tag_len(const char *p, const char *end)
{
	static const char *const tags[] = { "<br", "</p", "</div", "</li", "</tr" };
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		size_t n = strlen(tags[i]);
		if ((size_t)(end - p) <= n || memcmp(p, tags[i], n) != 0 || !strchr(" />", p[n]))
			continue;
		const char *close = memchr(p, '>', (size_t)(end - p) < 64 ? (size_t)(end - p) : 64);
		if (close)
			return (size_t)(close + 1 - p);
	}
	return 0;
}

/* "}, {" or "},{": how long it is up to the second brace. */
static size_t brace_len(const char *p, const char *end)
{
	if (end - p < 3 || p[0] != '}' || p[1] != ',')
		return 0;
	const char *q = p + 2;
	while (q < end && *q == ' ')
		q++;
	return q < end && *q == '{' ? (size_t)(q - p) : 0;
}

/* `", "` or `","` between the strings of a list, with this quote. */
static size_t comma_len(char quote, const char *p, const char *end)
{
	if (end - p < 3 || p[0] != quote || p[1] != ',')
		return 0;
	const char *q = p + 2;
	while (q < end && *q == ' ')
		q++;
	return q < end && *q == quote ? (size_t)(q + 1 - p) : 0;
}

static bool separates(enum packing kind, const char *p, const char *end, size_t *len)
{
	switch (kind) {
	case PACKED_OBJECTS: *len = brace_len(p, end); break;
	case PACKED_STRING: *len = end - p > 1 && p[0] == '\\' && p[1] == 'n' ? 2 : 0; break;
	case PACKED_LIST: *len = comma_len('"', p, end); break;
	case PACKED_LIST_SINGLE: *len = comma_len('\'', p, end); break;
	case PACKED_TAGS: *len = tag_len(p, end); break;
	case PACKED_CR: *len = p[0] == '\r' && p + 1 < end && p[1] != '\n' && p[1] != '\r'; break;
	default: *len = 0;
	}
	return *len > 0;
}

static const char first_of[] = { [PACKED_OBJECTS] = '}', [PACKED_STRING] = '\\', [PACKED_TAGS] = '<', [PACKED_CR] = '\r',
				 [PACKED_LIST] = '"', [PACKED_LIST_SINGLE] = '\'' };

static int count(enum packing kind, const char *line, const char *end, int enough)
{
	int n = 0;
	size_t len;
	for (const char *p = line; n < enough && (p = memchr(p, first_of[kind], (size_t)(end - p))); p++)
		n += separates(kind, p, end, &len);
	return n;
}

enum packing packed_kind(const char *line, size_t len)
{
	const char *end = line + (len < LOOK ? len : LOOK);
	if (len < 512)
		return PACKED_NOT;
	if (len >= 2048 && count(PACKED_OBJECTS, line, end, 4) == 4)
		return PACKED_OBJECTS;
	/* a string that is no object's is nobody else's to read */
	bool object = memmem(line, (size_t)(end - line), "\":", 2) || memmem(line, (size_t)(end - line), "\" :", 3);
	int strings = len >= STRING_MIN ? 16 : object ? 0 : 4;
	if (strings && count(PACKED_STRING, line, end, strings) == strings)
		return PACKED_STRING;
	while (end > line && line < end && *line == ' ')
		line++;
	if (end - line > 2 && line[0] == '[' && (line[1] == '"' || line[1] == '\'')) {
		enum packing list = line[1] == '"' ? PACKED_LIST : PACKED_LIST_SINGLE;
		if (!object && count(list, line, end, 4) == 4)
			return list;
	}
	if (count(PACKED_TAGS, line, end, 4) == 4)
		return PACKED_TAGS;
	return count(PACKED_CR, line, end, 4) == 4 ? PACKED_CR : PACKED_NOT;
}

/* A \r that stands before \n in the string, and the backslashes of a string in a string. */
static void blank_escapes(char *begin, char *p)
{
	for (; p > begin; p--) {
		if (p[-1] == '\\')
			p[-1] = ' ';
		else if (p - begin >= 2 && p[-1] == 'r' && p[-2] == '\\')
			p[-1] = ' ';
		else
			return;
	}
}

void packed_split(enum packing kind, char *text, size_t len)
{
	char *end = text + len;
	size_t n;
	for (char *p = text; kind != PACKED_NOT && (p = memchr(p, first_of[kind], (size_t)(end - p))); p++) {
		if (!separates(kind, p, end, &n))
			continue;
		if (kind == PACKED_CR) {
			*p = '\n';
			continue;
		}
		if (kind == PACKED_STRING)
			blank_escapes(text, p);
		memset(p, ' ', n);
		p[n - 2] = PACKED_MARK;
		p[n - 1] = '\n';
		p += n - 1;
	}
}
