// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/csv.h"

#include "klog/prefix_parts.h"

/* The field at the start of *t, which is moved behind it and its comma. Quotes that stand for one are still two.
 * False: what is there is no field. */
static bool next_field(struct text *t, struct text *field, bool *quoted, bool *last)
{
	const char *p = t->p;
	*quoted = p < t->end && *p == '"';
	if (*quoted) {
		const char *close = p + 1;
		while ((close = memchr(close, '"', (size_t)(t->end - close))) && close + 1 < t->end && close[1] == '"')
			close += 2;
		if (!close)
			return false;
		*field = text_of(p + 1, (size_t)(close - p) - 1);
		p = close + 1;
	} else {
		const char *comma = memchr(p, ',', text_len(*t));
		*field = text_of(p, (size_t)((comma ? comma : t->end) - p));
		if (memchr(p, '"', text_len(*field)))
			return false;
		p = field->end;
	}
	*last = p == t->end;
	if (!*last && *p != ',')
		return false;
	t->p = p + !*last;
	return true;
}

/* How many fields the line has; 0: it is no row. */
static int split(struct text t, struct text *fields, bool *quoted)
{
	bool last = false;
	int n = 0;
	while (!last) {
		if (n == CSV_FIELDS || !next_field(&t, &fields[n], &quoted[n], &last))
			return 0;
		n++;
	}
	return n;
}

/* Is the line one by which a table is known? */
static void learn(struct csv *c, struct text t)
{
	struct text fields[CSV_FIELDS];
	bool quoted[CSV_FIELDS];
	int n = split(t, fields, quoted), column = -1, others = 0;
	for (int i = 0; i < n; i++) {
		bool told = quoted[i] && (text_find(fields[i], " invoked oom-killer: gfp_mask=") ||
					  text_find(fields[i], "oom-kill:constraint="));
		if (told && column >= 0)
			return;
		column = told ? i : column;
		others += !told && text_len(fields[i]) > 0;
	}
	if (column < 0 || !others)
		return;
	c->fields = n;
	c->column = column;
}

static size_t put(char *to, size_t n, const char *p, size_t len)
{
	memcpy(to + n, p, len);
	return n + len;
}

/* `… bash","2026-03-03T14:05:06.000+0000","web-01"` */
static struct text without_fields(struct text t)
{
	struct text when;
	for (const char *p = t.p; (p = text_find(text_of(p, (size_t)(t.end - p)), "\",\"20")); p++) {
		const char *close = memchr(p + 3, '"', (size_t)(t.end - p) - 3);
		struct text date = text_of(p + 3, close ? (size_t)(close - p) - 3 : 0);
		if (stamp_date(&date, &when))
			return text_of(t.p, (size_t)(p - t.p));
	}
	return t;
}

struct text csv_message(struct csv *c, struct text t)
{
	static const char tag[] = " kernel: ";
	struct text fields[CSV_FIELDS], when, date = { 0 };
	bool quoted[CSV_FIELDS];
	if (text_find(t, "oom-kill"))
		learn(c, t);
	if (!c->fields || text_len(t) + sizeof(tag) > CSV_LINE || split(t, fields, quoted) != c->fields)
		return without_fields(t);
	struct text message = fields[c->column], ahead = message;
	bool dated = prefix_looks_stamped(message) || stamp_date(&ahead, &when);
	for (int i = 0; i < c->fields && !dated && !text_len(date); i++) {
		ahead = fields[i];
		if (i != c->column && stamp_date(&ahead, &when) && ahead.p == ahead.end)
			date = fields[i];
	}
	if (!text_len(date) && !memchr(message.p, '"', text_len(message)))
		return message;
	size_t n = text_len(date) ? put(c->line, put(c->line, 0, date.p, text_len(date)), tag, sizeof(tag) - 1) : 0;
	for (const char *p = message.p; p < message.end; p++) {
		c->line[n++] = *p;
		p += quoted[c->column] && *p == '"' && p + 1 < message.end && p[1] == '"';
	}
	return text_of(c->line, n);
}
