// SPDX-License-Identifier: GPL-2.0-or-later
/* Clocks and dates at the start of a text. */
#include "klog/prefix.h"

struct text stamp_word(struct text t)
{
	const char *p = t.p;
	while (p < t.end && *p != ' ' && *p != '\t')
		p++;
	return text_of(t.p, (size_t)(p - t.p));
}

/* "12:34:56", "12:34:56.789012", "…,789", "…+02:00", "…Z"; also behind an ISO date and a T. */
static bool is_clock(struct text w)
{
	if (text_len(w) > 40)
		return false;
	for (const char *p = w.p; p + 7 < w.end; p++) {
		if (!(is_digit(p[0]) && is_digit(p[1]) && p[2] == ':' && is_digit(p[3]) && is_digit(p[4]) &&
		      p[5] == ':' && is_digit(p[6]) && is_digit(p[7])))
			continue;
		if (p != w.p && p[-1] != 'T' && p[-1] != 't' && p[-1] != '_')
			return false;
		for (const char *q = p + 8; q < w.end; q++)
			if (!is_digit(*q) && !strchr(".,:+-Z]", *q))
				return false;
		return true;
	}
	/* 1:02:03 */
	if (text_len(w) >= 7 && is_digit(w.p[0]) && w.p[1] == ':' && is_digit(w.p[2]) && is_digit(w.p[3]) &&
	    w.p[4] == ':' && is_digit(w.p[5]) && is_digit(w.p[6]))
		return true;
	return false;
}

/* A date and a clock at the start, in any language and order: at most five short words, then the clock, then perhaps
 * AM, a zone, a year. */
bool stamp_date(struct text *t, struct text *when)
{
	struct text v = *t;
	const char *first = t->p;
	for (int i = 0; i < 6 && text_len(v); i++) {
		struct text w = stamp_word(v);
		const char *quote = memchr(w.p, '"', text_len(w));
		if (quote && quote + 1 < w.end)	/* a program's text that has the line in a string: line := f("Jan */
			first = w.p = quote + 1;
		const char *comma = memchr(w.p, ',', text_len(w));
		if (comma && comma + 1 < w.end && !is_digit(comma[1]))	/* a table's fields */
			w.end = comma;
		if (is_clock(w)) {
			v.p = w.end;
			for (int j = 0; j < 2; j++) {
				struct text rest = v;
				text_blanks(&rest);
				struct text next = stamp_word(rest);
				bool year = text_len(next) == 4 &&
					    (text_starts(next, "20") || text_starts(next, "19")) &&
					    is_digit(next.p[2]) && is_digit(next.p[3]);
				bool zone = text_is(next, "UTC") || text_is(next, "CET") || text_is(next, "CEST") ||
					    text_is(next, "GMT") || text_is(next, "AM") || text_is(next, "PM");
				if (!year && !zone)
					break;
				v.p = next.end;
			}
			*when = text_of(first, (size_t)(v.p - first));
			t->p = v.p;
			return true;
		}
		if (text_len(w) > 16 || (text_len(w) && w.end[-1] == ':' && !is_digit(w.p[0])))
			return false;
		v.p = w.end;
		text_blanks(&v);
	}
	return false;
}

/* "123.456789", perhaps with blanks before: seconds since boot (or since 1970). */
bool stamp_seconds(struct text *t, int64_t *usec)
{
	struct text v = *t;
	int64_t s, us;
	text_blanks(&v);
	const char *first = v.p;
	if (v.p == v.end || !is_digit(*v.p) || !text_int(&v, &s) || v.p - first > 12 || !text_eat(&v, "."))
		return false;
	const char *point = v.p;
	if (v.p == v.end || !is_digit(*v.p) || !text_int(&v, &us) || v.p - point > 9 || v.p - point < 3)
		return false;
	for (long n = v.p - point; n < 6; n++)
		us *= 10;
	for (long n = v.p - point; n > 6; n--)
		us /= 10;
	*usec = s * 1000000 + us;
	*t = v;
	return true;
}
