// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/twins.h"

static bool same_text(const struct told *told, struct text t)
{
	size_t n = text_len(t);
	return told->len == n && memcmp(told->text, t.p, n < TWINS_TEXT ? n : TWINS_TEXT) == 0;
}

/* Minute and second of "04:05:06", "2026-03-03T04:05:06+01:00": who wrote the other one may live in another zone. */
static int second_of(struct text when)
{
	for (const char *p = when.p; when.end - p >= 5; p++) {
		p = memchr(p, ':', (size_t)(when.end - p) - 4);
		if (!p)
			return -1;
		if (is_digit(p[1]) && is_digit(p[2]) && p[3] == ':' && is_digit(p[4]) && when.end - p > 5 && is_digit(p[5]))
			return ((p[1] - '0') * 10 + p[2] - '0') * 60 + (p[4] - '0') * 10 + p[5] - '0';
	}
	return -1;
}

static bool same_second(const struct told *told, const struct prefix *p)
{
	return told->second < 0 || !text_len(p->when) || told->second == second_of(p->when);
}

static void remember(struct twins *t, const struct prefix *p, struct text message)
{
	struct told *told = &t->told[t->next++ % TWINS_APART];
	size_t n = text_len(message);
	told->usec = p->usec;
	told->seq = p->seq;
	told->second = p->usec == OOM_UNKNOWN && text_len(p->when) ? second_of(p->when) : -1;
	told->len = n;
	memcpy(told->text, message.p, n < TWINS_TEXT ? n : TWINS_TEXT);
}

/* Drops a message that was told at `at`; the next line may be a further piece of it. */
static enum twin sure(struct twins *t, unsigned at)
{
	t->after = at + 1;
	return TWIN_SURE;
}

enum twin twins_look(struct twins *t, const struct prefix *p, struct text message)
{
	text_blanks(&message);
	text_trim_end(&message);
	if (!text_len(message))
		return TWIN_NOT;
	if (t->after != t->next && !p->stamped && same_text(&t->told[t->after % TWINS_APART], message))
		return sure(t, t->after);
	for (unsigned i = 1; p->usec != OOM_UNKNOWN && i <= TWINS_APART && i <= t->next; i++) {
		const struct told *told = &t->told[(t->next - i) % TWINS_APART];
		/* a record has a number of its own */
		if (told->usec == p->usec && told->seq == p->seq && same_text(told, message))
			return sure(t, t->next - i);
	}
	const struct told *last = &t->told[(t->next - 1) % TWINS_APART];
	bool unstamped = last->usec == OOM_UNKNOWN || p->usec == OOM_UNKNOWN;
	if (t->next && last->seq == p->seq && unstamped && same_text(last, message) && same_second(last, p)) {
		t->after = t->next;
		return TWIN_LIKELY;
	}
	remember(t, p, message);
	t->after = t->next;
	return TWIN_NOT;
}
