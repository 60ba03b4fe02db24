// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/colour.h"

#include "klog/prefix_parts.h"

static const char *const escapes[] = { "", "ESC", "^[", "\\x1b", "\\x1B", "\\033", "\\e", "\\u001b", "#033", "\xe2\x90\x9b", "\xef\xbf\xbd" };

/* "[0;1;39m", "[K": how long it is, with what stands for the escape before it; 0: none is there. */
static size_t sequence(const char *escape, const char *p, const char *end)
{
	size_t n = strlen(escape);
	if ((size_t)(end - p) < n + 2 || memcmp(p, escape, n) != 0 || p[n] != '[')
		return 0;
	const char *q = p + n + 1;
	while (q < end && q - p < 24 && (is_digit(*q) || *q == ';'))
		q++;
	return q < end && (*q == 'm' || *q == 'K') ? (size_t)(q + 1 - p) : 0;
}

/* Ends the line with "[0m"? What stands for the escape before it, if it stands before another sequence too. */
static const char *at_the_end(struct text t)
{
	const char *last = NULL;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		size_t n = strlen(escapes[i]) + 3;
		if (text_len(t) <= n || memcmp(t.end - 3, "[0m", 3) != 0 || sequence(escapes[i], t.end - n, t.end) != n)
			continue;
		if (last && strlen(last) > strlen(escapes[i]))
			continue;
		last = escapes[i];
	}
	for (const char *p = t.p; last && p + strlen(last) + 3 < t.end; p++)
		if (sequence(last, p, t.end))
			return last;
	return NULL;
}

static void learn(struct colour *c, struct text t)
{
	if (text_len(t) < 8)
		return;
	if (t.end[-1] == 'm' && t.end[-2] == '0' && !memchr(t.p, '\033', text_len(t))) {	/* nothing was lost where one is */
		c->escape = at_the_end(t);
		c->on = c->escape != NULL;
	}
	if (c->on || !strchr("[E^\\#\xe2\xef", *t.p))
		return;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]) && !c->on; i++) {
		size_t n = sequence(escapes[i], t.p, t.end);
		struct text behind = text_of(t.p + n, text_len(t) - n);
		c->on = n && prefix_begins(behind);
		c->escape = escapes[i];
	}
}

void colour_undo(struct colour *c, struct text *t, char *room)
{
	if (!c->on)
		learn(c, *t);
	if (!c->on)
		return;
	char first = *c->escape ? *c->escape : '[', *to = room;
	const char *p = t->p;
	for (const char *q; (q = memchr(p, first, (size_t)(t->end - p))); p = q) {
		size_t n = q > t->p && q[-1] == '\033' ? 0 : sequence(c->escape, q, t->end);
		q += !n;
		memmove(to, p, (size_t)(q - p));
		to += q - p;
		q += n;
	}
	memmove(to, p, (size_t)(t->end - p));
	*t = text_of(room, (size_t)(to - room) + (size_t)(t->end - p));
}
