// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/pstore.h"

#include "base/util.h"

struct mark {
	struct text reason;
	int64_t count, part;
};

/* "Panic#", at the beginning (kernel/printk/printk.c:kmsg_dump_reason_str). */
static bool reason_of(struct text *t, struct text *reason)
{
	static const char *const reasons[] = { "Panic", "Oops", "Emergency", "Shutdown", "Unknown" };
	const char *hash = memchr(t->p, '#', text_len(*t) < PSTORE_BEGIN ? text_len(*t) : PSTORE_BEGIN);
	if (!hash)
		return false;
	*reason = text_of(t->p, (size_t)(hash - t->p));
	t->p = hash + 1;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (text_is(*reason, reasons[i]))
			return true;
	return false;
}

bool pstore_begins(struct text file)
{
	struct text reason;
	return text_starts(file, "====") || reason_of(&file, &reason);
}

/* "Panic#2 Part1" */
static bool mark_of(struct text t, struct mark *m)
{
	if (text_len(t) > PSTORE_MARK || !reason_of(&t, &m->reason) || !text_int(&t, &m->count) || !text_eat(&t, " Part"))
		return false;
	return text_int(&t, &m->part) && t.p == t.end && m->part > 0 && m->part < PSTORE_PARTS;
}

static int older_first(const void *a, const void *b)
{
	const struct pstore_line *x = a, *y = b;
	return x->part != y->part ? (x->part < y->part) - (x->part > y->part) : (x->order > y->order) - (x->order < y->order);
}

/* The dump is over: all that is kept comes now. */
static void end_dump(struct pstore *s)
{
	s->on = false;
	s->ready = s->n > 0;
	s->next = 0;
	if (s->ready)
		qsort(s->lines, s->n, sizeof(s->lines[0]), older_first);
}

static void begin_dump(struct pstore *s, const struct mark *m)
{
	if (!s->lines) {
		s->lines = xcalloc(PSTORE_LINES, sizeof(s->lines[0]));
		s->text = xcalloc(1, PSTORE_BYTES);
	}
	s->on = true;
	memset(s->seen, 0, sizeof(s->seen));
	text_copy(m->reason, s->reason, sizeof(s->reason));
	s->count = m->count;
}

static bool same_dump(const struct pstore *s, const struct mark *m)
{
	return s->on && text_is(m->reason, s->reason) && m->count == s->count && !(s->seen[m->part / 64] >> m->part % 64 & 1);
}

bool pstore_take(struct pstore *s, uint64_t number, struct text t)
{
	struct mark m;
	if (s->n && !s->on && !s->ready)
		s->n = s->bytes = 0;
	if (mark_of(t, &m)) {
		if (s->on && !same_dump(s, &m)) {
			end_dump(s);
			if (s->ready)
				return false;	/* asked again when that has come */
		}
		if (!s->on)
			begin_dump(s, &m);
		s->part = m.part;
		s->seen[m.part / 64] |= UINT64_C(1) << m.part % 64;
		return true;
	}
	if (!s->on)
		return false;
	if (s->n == PSTORE_LINES || text_len(t) > PSTORE_BYTES - s->bytes) {
		end_dump(s);
		return false;
	}
	memcpy(s->text + s->bytes, t.p, text_len(t));
	s->lines[s->n] = (struct pstore_line){
		.number = number, .part = s->part, .at = s->bytes, .len = text_len(t), .order = s->n
	};
	s->n++;
	s->bytes += text_len(t);
	return true;
}

bool pstore_next(struct pstore *s, uint64_t *number, struct text *t)
{
	if (!s->ready)
		return false;
	if (s->next == s->n) {
		s->ready = false;
		return false;
	}
	const struct pstore_line *l = &s->lines[s->next++];
	*number = l->number;
	*t = text_of(s->text + l->at, l->len);
	return true;
}

void pstore_end(struct pstore *s)
{
	if (s->on)
		end_dump(s);
}

void pstore_free(struct pstore *s)
{
	free(s->lines);
	free(s->text);
}
