// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/markup.h"

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* How many bytes a terminal's control sequence at p has: a colour, a move, a title (ECMA-48: CSI, OSC); 0: none. */
static size_t control(const char *p, const char *end)
{
	if (end - p < 3 || (p[1] != '[' && p[1] != ']'))
		return 0;
	const char *q = p + 2;
	if (p[1] == ']') {
		while (q < end && q < p + 128 && *q != '\007' && *q != '\033')
			q++;
		return q < end && *q == '\007' ? (size_t)(q + 1 - p) : 0;
	}
	while (q < end && q < p + 24 && (unsigned char)*q >= 0x20 && (unsigned char)*q < 0x40)
		q++;
	return q < end && (unsigned char)*q >= 0x40 && (unsigned char)*q < 0x7f ? (size_t)(q + 1 - p) : 0;
}

static size_t unescape(struct text t, char *to, bool hex)
{
	size_t n = 0;
	for (const char *p = t.p; p < t.end; p++) {
		size_t left = (size_t)(t.end - p);
		char c = *p;
		if (c == '#' && left > 3 && p[1] == '0' && p[2] >= '0' && p[2] <= '3' && is_octal(p[3])) {
			c = (char)((p[2] - '0') * 8 + (p[3] - '0'));
			p += 3;
		} else if (hex && c == '\\' && left > 3 && p[1] == 'x') {
			struct text digits = text_of(p + 2, 2);
			int64_t v;
			if (text_hex(&digits, &v) && digits.p == digits.end) {
				c = (char)v;
				p += 3;
			}
		} else if (c == '\\' && left > 1 && !hex && memchr("_*[]<>|~`", p[1], 9)) {	/* Markdown's */
			c = *++p;
		} else if (c == '\xc2' && left > 1 && p[1] == '\xa0') {
			c = ' ';
			p++;
		} else if (c == '\033' && control(p, t.end)) {
			p += control(p, t.end) - 1;
			continue;
		}
		to[n++] = c;
	}
	return n;
}

size_t markup_plain(struct text t, char *to)
{
	return unescape(t, to, false);
}

size_t markup_record(struct text t, char *to)
{
	return unescape(t, to, true);
}

size_t markup_caret(struct text t, char *to)
{
	size_t n = 0;
	for (const char *p = t.p; p < t.end;) {
		bool high = t.end - p > 2 && p[0] == 'M' && p[1] == '-';
		const char *q = high ? p + 2 : p;
		char c = *q++;
		if (c == '^' && q < t.end && ((*q >= '@' && *q <= '_') || *q == '?'))
			c = (char)(*q++ ^ 64);
		to[n++] = high ? (char)(c | 0x80) : c;
		p = q;
	}
	while (n && to[n - 1] == '\r')
		n--;
	return n;
}

/* Is this the name, whatever the case of its letters? */
static bool is_name(const char *p, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]) != name[i])
			return false;
	return true;
}

#define TAG_MAX 512	/* bytes, with its attributes */

static size_t tag_of(const char *const *names, size_t n_names, const char *p, const char *end)
{
	for (size_t i = 0; i < n_names; i++) {
		size_t n = strlen(names[i]);
		if ((size_t)(end - p) <= n || !is_name(p, names[i], n) || !strchr(" />", p[n]))
			continue;
		const char *close = memchr(p, '>', (size_t)(end - p < TAG_MAX ? end - p : TAG_MAX));
		if (close)
			return (size_t)(close + 1 - p);
	}
	return 0;
}

/* Tags that pages and mailers put around lines of a log; <o:p> is Outlook's. */
static size_t tag(const char *p, const char *end)
{
	static const char *const names[] = { "pre", "p",  "br",	   "code", "span", "div",  "td",    "tr",    "li",
					     "tt",  "b",  "i",	   "font", "html", "body", "table", "tbody", "ol",
					     "ul",  "o:p", "strong", "em",  "a",    "blockquote" };
	const char *q = p + 1;
	if (q < end && *q == '/')
		q++;
	size_t n = tag_of(names, sizeof(names) / sizeof(names[0]), q, end);
	return n ? (size_t)(q - p) + n : 0;
}

size_t markup_line_end(const char *p, const char *end)
{
	static const char *const names[] = { "<br", "</p", "</div", "</li", "</tr" };
	return tag_of(names, sizeof(names) / sizeof(names[0]), p, end - p > 64 ? p + 64 : end);
}

bool markup_is_html(struct text t)
{
	text_blanks(&t);
	if (!text_len(t))
		return false;
	if (*t.p == '<')
		return tag(t.p, t.end) > 0;
	if (!memchr(t.p, '&', text_len(t)) && !memchr(t.p, '<', text_len(t)))
		return false;
	if (text_starts(t, "&lt;") || text_starts(t, "&gt;") || text_find(t, "&nbsp;") || text_find(t, "&lt;TASK&gt;") ||
	    text_find(t, "[&lt;"))
		return true;
	for (const char *p = t.p; (p = memchr(p, '<', (size_t)(t.end - p))); p++)
		if (t.end - p > 3 && is_name(p, "<br", 3) && markup_line_end(p, t.end))
			return true;
	return false;
}

/* "&#40;", "&#x2f;" of ASCII, and the blank that does not break: *p moves to its last byte. */
static bool numeric(const char **p, const char *end, char *c)
{
	struct text t = text_of(*p, (size_t)(end - *p));
	int64_t n;
	if (!text_eat(&t, "&#"))
		return false;
	bool hex = text_eat(&t, "x") || text_eat(&t, "X");
	struct text digits = text_of(t.p, text_len(t) < 4 ? text_len(t) : 4);
	char low[4];
	for (size_t i = 0; hex && i < text_len(digits); i++)
		low[i] = (char)(digits.p[i] | 32);
	struct text v = hex ? text_of(low, text_len(digits)) : digits;
	const char *first = v.p;
	if (!(hex ? text_hex(&v, &n) : text_int(&v, &n)) || n < 0 || (n > 126 && n != 160))
		return false;
	t.p += v.p - first;
	if (!text_starts(t, ";"))
		return false;
	*c = n == 160 || n < 32 ? ' ' : (char)n;
	*p = t.p;
	return true;
}

size_t markup_html(struct text t, char *to)
{
	static const struct { const char *entity; char c;
	} entities[] = {
		{ "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&nbsp;", ' ' }, { "&apos;", '\'' },
	};
	size_t n = 0;
	for (const char *p = t.p; p < t.end; p++) {
		size_t skip = *p == '<' ? tag(p, t.end) : 0;
		if (skip) {
			p += skip - 1;
			continue;
		}
		char c = *p;
		if (c == '&' && numeric(&p, t.end, &c)) {
			to[n++] = c;
			continue;
		}
		for (size_t i = 0; c == '&' && i < sizeof(entities) / sizeof(entities[0]); i++) {
			size_t len = strlen(entities[i].entity);
			if (!text_starts_n(text_of(p, (size_t)(t.end - p)), entities[i].entity, len))
				continue;
			c = entities[i].c;
			p += len - 1;
			break;
		}
		to[n++] = c;
	}
	return n;
}
