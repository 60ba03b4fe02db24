// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/fragment.h"

#define MARK ",ncfrag="

static bool same_record(const struct fragment *f, const struct prefix *p)
{
	return f->open && p->piece_of == f->total && p->seq == f->p.seq && p->usec == f->p.usec && p->piece_at == f->len;
}

bool fragment_lost(const struct fragment *f, const struct prefix *p)
{
	return f->open && !(p->piece_of && same_record(f, p));
}

static void keep(struct fragment *f, struct text t)
{
	size_t n = text_len(t), room = f->total - f->len;
	n = n < room ? n : room;
	memcpy(f->text + f->len, t.p, n);
	f->len += n;
}

/* Where in a piece the head of the next one of the same record begins; NULL: nowhere. */
static const char *next_head(const struct fragment *f, struct text t, struct prefix *next)
{
	for (const char *at = t.p; (at = text_find(text_of(at, (size_t)(t.end - at)), MARK)); at++) {
		const char *head = at;
		while (head > t.p && at - head < 64 && (is_digit(head[-1]) || strchr(",-+c", head[-1])))
			head--;
		for (; head < at; head++) {	/* digits of the text may stand right before the level */
			if (!is_digit(*head))
				continue;
			prefix_strip(text_of(head, (size_t)(t.end - head)), next, NULL);
			if (next->piece_of == f->total && next->seq == f->p.seq && next->usec == f->p.usec &&
			    next->piece_at == f->len + (size_t)(head - t.p))
				return head;
		}
	}
	return NULL;
}

bool fragment_add(struct fragment *f, const struct prefix *p, uint64_t number, struct text piece)
{
	if (!same_record(f, p)) {
		f->open = p->piece_at == 0 && p->piece_of <= FRAGMENT_MAX;
		if (!f->open)
			return false;
		f->p = *p;
		f->p.when = f->p.host = f->p.caller = f->p.message = (struct text){ 0 };
		f->p.piece_of = f->p.piece_at = 0;
		f->number = number;
		f->total = p->piece_of;
		f->len = 0;
	}
	struct prefix next;
	for (const char *head; (head = next_head(f, piece, &next)); piece = next.message)
		keep(f, text_of(piece.p, (size_t)(head - piece.p)));
	keep(f, piece);
	/* the newline that ends a record counts as one of its bytes, and a log's line has lost it */
	f->open = f->len + 1 < f->total;
	return !f->open;
}
