// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/base64.h"

#include <strings.h>

#define HEAD_LINES 40	/* of a part, behind the one that says base64 */
#define CODED_MAX 1024	/* characters of a line; RFC 2045 has 76 */

static bool says_base64(struct text t)
{
	static const char field[] = "Content-Transfer-Encoding:";
	if (text_len(t) < sizeof(field) || strncasecmp(t.p, field, sizeof(field) - 1) != 0)
		return false;
	t.p += sizeof(field) - 1;
	text_blanks(&t);
	text_trim_end(&t);
	return text_len(t) == 6 && strncasecmp(t.p, "base64", 6) == 0;
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_coded(struct text t)
{
	while (t.end > t.p && t.end[-1] == '=')
		t.end--;
	if (!text_len(t) || text_len(t) > CODED_MAX)
		return false;
	while (t.p < t.end && value_of(*t.p) >= 0)
		t.p++;
	return t.p == t.end;
}

/* Makes room for a line's worth of bytes. */
static void make_room(struct base64 *b)
{
	memmove(b->text, b->text + b->at, b->len - b->at);
	b->len -= b->at;
	b->at = 0;
}

static void decode(struct base64 *b, struct text t)
{
	for (; t.p < t.end && *t.p != '='; t.p++) {
		b->bits = b->bits << 6 | (uint32_t)value_of(*t.p);
		b->n++;
		if (b->n > 1)	/* each but the first ends a byte */
			b->text[b->len++] = (char)(b->bits >> (6 - 2 * (b->n - 1)));
		b->n &= 3;
	}
	if (t.p < t.end)	/* what stands behind it begins anew */
		b->n = 0;
}

/* A picture, or a file that is packed, is not. */
static bool is_text(const char *p, const char *end)
{
	for (; p < end; p++)
		if ((unsigned char)*p < ' ' && (!*p || !strchr("\t\n\r\f\033", *p)))
			return false;
	return true;
}

static bool take_coded(struct base64 *b, struct text t)
{
	size_t before = b->len;
	if (!is_coded(t))
		return false;
	decode(b, t);
	if (is_text(b->text + before, b->text + b->len))
		return true;
	b->len = before;
	return false;
}

static void keep(struct base64 *b, struct text t)
{
	size_t n = text_len(t) < BASE64_LINE / 2 ? text_len(t) : BASE64_LINE / 2;
	memcpy(b->text + b->len, t.p, n);
	b->len += n;
}

bool base64_take(struct base64 *b, struct text t)
{
	if (b->state == BASE64_OFF && (!text_len(t) || (*t.p | ' ') != 'c'))
		return false;
	make_room(b);
	b->ended = false;
	if (b->state == BASE64_BODY) {
		if (take_coded(b, t))
			return true;
		b->state = BASE64_OFF;
		if (!b->len)
			return false;
		/* the last line of the part, which may have no end, and then the line that is none of it */
		keep(b, text_of("\n", 1));
		keep(b, t);
		b->ended = true;
		return true;
	}
	if (says_base64(t)) {
		*b = (struct base64){ .state = BASE64_HEAD };
	} else if (b->state == BASE64_HEAD) {
		bool blank = !text_len(t);
		b->state = blank ? BASE64_BODY : ++b->head < HEAD_LINES ? BASE64_HEAD : BASE64_OFF;
	}
	return false;
}

bool base64_next(struct base64 *b, struct text *t)
{
	const char *from = b->text + b->at, *nl = memchr(from, '\n', b->len - b->at);
	size_t n = nl ? (size_t)(nl - from) : b->len - b->at;
	if (!n && !nl)
		return false;
	if (!nl && !b->ended && n < BASE64_LINE)
		return false;
	b->at += n + (nl != NULL);
	if (b->at == b->len)
		b->at = b->len = 0;	/* the bytes stay where they are */
	*t = text_of(from, n);
	while (text_len(*t) && t->end[-1] == '\r')
		t->end--;
	return true;
}

void base64_end(struct base64 *b)
{
	b->state = BASE64_OFF;
	b->ended = true;
}
