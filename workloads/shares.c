// SPDX-License-Identifier: GPL-2.0-or-later
#include "shares.h"

#include <errno.h>

static bool parse_weights(struct shares *s, const char *text)
{
	unsigned int i = 0;
	uint64_t sum = 0;
	for (;; text++) {
		uint64_t w = 0;
		size_t digits = 0;
		for (; *text >= '0' && *text <= '9' && digits < 4; digits++)
			w = w * 10 + (uint64_t)(*text++ - '0');
		if (!digits || i > SHARES_MAX)
			return false;
		s->weight[i++] = (uint16_t)w;
		sum += w;
		if (*text != ':')
			break;
	}
	s->n = i - 1;
	return !*text && i > 1 && sum;
}

int shares_open(struct load *l, unsigned int n, const struct kind *own_kind)
{
	struct shares *s = system_scratch(sizeof(*s));
	if (!s)
		return error_say("%s: no memory for its book-keeping", l->kind->name);
	l->priv = s;
	const char *weights = load_arg(l, "weights");
	uint64_t count;
	if (!load_arg_size(l, "n", n, 1, SHARES_MAX, &count))
		return -1;
	if (weights && load_arg(l, "n"))
		return error_say("%s: n= and weights= exclude each other", l->kind->name);
	if (weights && !parse_weights(s, weights))
		return error_say("%s: weights=%s: numbers up to 9999 with colons between them are wanted, first the parent's",
				 l->kind->name, weights);
	if (!weights) {
		s->n = (unsigned int)count;
		for (unsigned int i = 1; i <= s->n; i++)
			s->weight[i] = 1;
	}
	s->own = (struct load){ .kind = own_kind, .name = l->name, .args = l->args, .fd = -1, .advice = -1 };
	return 0;
}

/* The part of holder i, in whole units; all parts together are the target. */
static uint64_t share_of(const struct shares *s, unsigned int i, uint64_t target, uint64_t unit)
{
	uint64_t before = 0, sum = 0;
	for (unsigned int k = 0; k <= s->n; k++) {
		before += k < i ? s->weight[k] : 0;
		sum += s->weight[k];
	}
	unsigned __int128 units = target / unit;
	return (uint64_t)(units * (before + s->weight[i]) / sum - units * before / sum) * unit;
}

failure shares_resize(struct load *l, uint64_t target)
{
	struct shares *s = l->priv;
	uint64_t unit = load_unit(&s->own), held = 0;
	failure first = 0;
	unsigned int alive = 0;
	s->own.by_faults = l->by_faults;
	if (!s->whole && s->weight[0]) {
		first = load_resize(&s->own, share_of(s, 0, target, unit));
		held = s->own.total;
	}
	/* One after the other: which holder meets the end of memory must not be chance. */
	for (unsigned int i = 1; i <= s->n && !first; i++) {
		struct worker *w = &s->worker[i - 1];
		uint64_t share = s->whole ? target : share_of(s, i, target, unit);
		failure f = share == w->total ? 0 : worker_resize(w, share, l->by_faults);
		/* A dead one's share is lost; the others go on to theirs. */
		if (f && f != ECHILD)
			first = f;
	}
	for (unsigned int i = 0; i < s->n; i++) {
		alive += s->worker[i].fd >= 0;
		if (!s->whole)
			held += s->worker[i].total;
		else if (s->worker[i].total > held)
			held = s->worker[i].total;
	}
	l->total = held;
	return first ? first : alive ? 0 : ECHILD;
}

uint64_t shares_touch(struct load *l)
{
	struct shares *s = l->priv;
	uint64_t sum = s->own.total ? s->own.kind->touch(&s->own) : 0, most = 0;
	for (unsigned int i = 0; i < s->n; i++) {
		uint64_t n = worker_touch(&s->worker[i]);
		sum += n;
		if (n > most)
			most = n;
	}
	return s->whole ? most : sum;
}
