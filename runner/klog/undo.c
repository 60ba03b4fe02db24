// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/undo.h"

#include "klog/line.h"
#include "klog/markup.h"
#include "klog/prefix_parts.h"
#include "klog/scan.h"

#define RUN 3	/* lines in a row with the same end: no names do that */

/* Does the line begin as a log's does, perhaps quoted? */
static bool looks_dated(struct text t)
{
	struct text when;
	while (t.p < t.end && (*t.p == '>' || *t.p == ' '))
		t.p++;
	return prefix_looks_stamped(t) || stamp_date(&t, &when);
}

/* RFC 2045: is the text of a mail that is still in its transport's form? */
static void look_printable(struct undo *u, struct text t)
{
	const char *equals = t.p;
	for (int i = 0; i < 6 && (equals = memchr(equals, '=', (size_t)(t.end - equals))); i++, equals++) {
		bool gfp = equals - t.p >= 8 && memcmp(equals - 8, "gfp_mask", 8) == 0;
		if (!gfp && !(equals - t.p >= 10 && memcmp(equals - 10, "constraint", 10) == 0))
			continue;
		if (equals + 1 == t.end)	/* the transport's, and what it stands for is in the next line */
			continue;
		u->printable.seen = true;
		u->printable.on = t.end - equals > 3 && memcmp(equals, "=3D", 3) == 0;
	}
	/* before either was seen: a line as long as they are there, and no name that ends with the sign */
	size_t n = text_len(t);
	if (u->printable.seen || u->printable.on || n < 68 || n > 80 || t.end[-1] != '=')
		return;
	bool page = text_find(t, "=3D") || markup_is_html(t);
	u->printable.on = page || (strchr(" ,:)]0123456789", t.end[-2]) && !text_find(t, "==") && looks_dated(t));
}

static size_t decode_printable(char *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		static const char digits[] = "0123456789ABCDEF";
		const char *a = i + 2 < len && text[i] == '=' ? memchr(digits, text[i + 1], 16) : NULL,
			   *b = a ? memchr(digits, text[i + 2], 16) : NULL;
		if (b) {
			text[n++] = (char)((a - digits) << 4 | (b - digits));
			i += 2;
		} else {
			text[n++] = text[i];
		}
	}
	return n;
}

/* Some mailers write the newline itself, and a soft one behind it: "=0A=". */
static bool ends_written(struct text *t)
{
	static const char *const ends[] = { "=0D=0A=", "=0A=" };
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(ends[i]);
		if (text_len(*t) >= n && memcmp(t->end - n, ends[i], n) == 0) {
			t->end -= n;
			return true;
		}
	}
	return false;
}

/* Takes the first n bytes of what is kept as a line. */
static struct text printable_take(struct undo *u, size_t n)
{
	memcpy(u->printable.line, u->printable.text, n);
	u->printable.len -= n;
	memmove(u->printable.text, u->printable.text + n, u->printable.len);
	u->printable.looked = 0;
	return text_of(u->printable.line, decode_printable(u->printable.line, n));
}

/* Adds the line to what is kept of it. */
static void printable_add(struct undo *u, struct text t)
{
	bool soft = !ends_written(&t) && text_len(t) && t.end[-1] == '=';
	size_t n = text_len(t) - soft, room = sizeof(u->printable.text) - u->printable.len;
	if (n > room)
		n = room;
	memcpy(u->printable.text + u->printable.len, t.p, n);
	u->printable.len += n;
	u->printable.soft = soft;
	u->printable.page |= u->html || markup_is_html(t);
}

/* What is kept up to its first tag that ends a line: the source of a page has its own lines, and the transport other ones. */
static bool printable_tagged(struct undo *u, struct text *t)
{
	const char *from = u->printable.text, *end = from + u->printable.len;
	for (const char *p = from + u->printable.looked; (p = memchr(p, '<', (size_t)(end - p))); p++) {
		size_t n = markup_line_end(p, end);
		if (n) {
			*t = printable_take(u, (size_t)(p - from) + n);
			return true;
		}
	}
	u->printable.looked = u->printable.len > 64 ? u->printable.len - 64 : 0;	/* a tag may be cut */
	return false;
}

/* The next line of what is kept; false: it goes on in what is still to come. */
static bool printable_next(struct undo *u, struct text *t)
{
	if (!u->printable.len)
		return false;
	if (u->printable.page && printable_tagged(u, t))
		return true;
	if (u->printable.soft)
		return false;
	u->printable.page = false;
	*t = printable_take(u, u->printable.len);
	return true;
}

static char mark_of(struct text t)
{
	size_t n = text_len(t);
	if (n && t.end[-1] == '$')
		return '$';
	return n >= 2 && t.end[-1] == 'n' && t.end[-2] == '\\' ? 'n' : 0;
}

/* The lines that say who asked and who died end with a number, never with a name. */
static bool ends_with_a_number(struct text t)
{
	return text_find(t, " invoked oom-killer: ") || text_find(t, "Killed process ");
}

static void look_tail(struct undo *u, struct text t, char mark)
{
	u->tail.run = mark == u->tail.mark ? u->tail.run + 1 : 1;
	u->tail.mark = mark;
	u->tail.on = u->tail.run >= RUN || (u->tail.on && u->tail.run > 1) || ends_with_a_number(t);
}

/* A table's cells, or a program that has one for each blank: what is copied out of them. */
static void blank_tabs(struct undo *u, struct text *t, char *room)
{
	u->tabs |= text_find(*t, "invoked\toom-killer:") != NULL;
	if (!u->tabs)
		return;
	size_t n = text_len(*t);
	memcpy(room, t->p, n);
	for (char *p = room; (p = memchr(p, '\t', n - (size_t)(p - room)));)
		*p = ' ';
	*t = text_of(room, n);
}

bool undo_line(struct undo *u, struct text *t, char *room)
{
	if ((u->base64.state != BASE64_OFF || text_len(*t) <= BASE64_FIELD) && base64_take(&u->base64, *t)) {
		u->coded = true;
		return base64_next(&u->base64, t);
	}
	if (memchr(t->p, '\t', text_len(*t)))
		blank_tabs(u, t, room);
	colour_undo(&u->colour, t, room);
	char mark = mark_of(*t);
	if (mark || (u->tail.mark && text_len(*t)))
		look_tail(u, *t, mark);
	if (mark && u->tail.on) {
		t->end -= mark == '$' ? 1 : 2;
		if (mark == 'n' && text_len(*t) >= 2 && t->end[-1] == 'r' && t->end[-2] == '\\')
			t->end -= 2;
		if (mark == '$')
			*t = text_of(room, markup_caret(*t, room));
	}
	if (scan_marks(t->p, t->end) & MARK_LESS_EQUALS)
		look_printable(u, *t);
	if (!u->printable.on && !u->printable.len)
		return true;
	if (!text_len(*t) && !u->printable.len)
		return true;
	printable_add(u, *t);
	return printable_next(u, t);
}

bool undo_further(struct undo *u, struct text *t)
{
	return (u->base64.len && base64_next(&u->base64, t)) || (u->printable.len && printable_next(u, t));
}

static bool is_mark(char c)
{
	return strchr("+-#;%!/*~", c) && c;
}

static void look_mark(struct undo *u, struct text t)
{
	size_t n = 0;
	while (n < text_len(t) && n < sizeof(u->mark.text) && is_mark(t.p[n]))
		n++;
	if (!n || n == sizeof(u->mark.text))
		return;
	struct text rest = text_of(t.p + n, text_len(t) - n);
	text_blanks(&rest);
	if (!text_len(rest) || (!prefix_begins(rest) && !text_find(rest, " invoked oom-killer: gfp_mask=")))
		return;
	memcpy(u->mark.text, t.p, n);
	u->mark.len = n;
}

/* "  12 ", "12:", "12. " */
static bool count_of(struct text *t, int64_t *n)
{
	struct text v = *t;
	text_blanks(&v);
	const char *first = v.p;
	if (v.p == v.end || !is_digit(*v.p) || !text_int(&v, n) || v.p - first > 6 ||
	    (v.p < v.end && !strchr(" \t:|.)", *v.p)))
		return false;
	if (v.p < v.end && (*v.p == '.' || *v.p == ')') && v.p + 1 < v.end && v.p[1] != ' ')
		return false;
	v.p += v.p < v.end && *v.p != '\t';
	*t = v;
	return true;
}

static void without_count(struct undo *u, struct text *t)
{
	struct text behind = *t;
	int64_t n;
	if (!count_of(&behind, &n)) {
		u->count.run = 0;
		u->count.last = -1;
		return;
	}
	u->count.run = n == u->count.last + 1 ? u->count.run + 1 : 0;
	u->count.last = n;
	if (u->count.run >= RUN - 1)
		*t = behind;
}

void undo_head(struct undo *u, struct text *t)
{
	if (!text_len(*t) || *t->p == '[')
		return;	/* most lines */
	if (is_digit(*t->p) || *t->p == ' ' || *t->p == '\t' || u->count.run)
		without_count(u, t);
	if (u->mark.len && !text_starts_n(*t, u->mark.text, u->mark.len))
		u->mark.len = 0;
	if (!u->mark.len && text_len(*t) && is_mark(*t->p))
		look_mark(u, *t);
	t->p += u->mark.len;
}

struct text undo_html(struct undo *u, struct text t, char *room)
{
	u->html |= markup_is_html(t);
	return u->html ? text_of(room, markup_html(t, room)) : t;
}
