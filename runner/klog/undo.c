// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/undo.h"

#include "klog/markup.h"
#include "klog/scan.h"

#define RUN 3	/* lines in a row with the same end: no names do that */

/* RFC 2045: is the text of a mail that is still in its transport's form? */
static void look_printable(struct undo *u, struct text t)
{
	const char *equals = t.p;
	for (int i = 0; i < 6 && (equals = memchr(equals, '=', (size_t)(t.end - equals))); i++, equals++) {
		bool gfp = equals - t.p >= 8 && memcmp(equals - 8, "gfp_mask", 8) == 0;
		if (gfp || (equals - t.p >= 10 && memcmp(equals - 10, "constraint", 10) == 0))
			u->printable.on = t.end - equals > 3 && memcmp(equals, "=3D", 3) == 0;
	}
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

/* Adds the line to what is kept of it; false: it goes on in the next one. */
static bool printable_line(struct undo *u, struct text *t)
{
	bool soft = text_len(*t) && t->end[-1] == '=';
	size_t n = text_len(*t) - soft, room = sizeof(u->printable.text) - u->printable.len;
	if (n > room)
		n = room;
	memcpy(u->printable.text + u->printable.len, t->p, n);
	u->printable.len += n;
	if (soft)
		return false;
	*t = text_of(u->printable.text, decode_printable(u->printable.text, u->printable.len));
	u->printable.len = 0;
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

bool undo_line(struct undo *u, struct text *t, char *room)
{
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
	return (!u->printable.on && !u->printable.len) || printable_line(u, t);
}

struct text undo_html(struct undo *u, struct text t, char *room)
{
	u->html |= markup_is_html(t);
	return u->html ? text_of(room, markup_html(t, room)) : t;
}
