// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/repeats.h"

#include "klog/prefix.h"

static uint32_t name(uint32_t h, const char *s)
{
	return s ? hash_text(h, text_of(s, strlen(s))) : h;
}

bool repeats_seen(struct repeats *s, const struct oom_report *r)
{
	const struct oom_kill *k = r->n_kills ? &r->kills[0] : NULL;
	int64_t end = k ? k->usec : r->no_killable || r->panic ? r->usec_last : OOM_UNKNOWN;
	if (r->usec_first == OOM_UNKNOWN || end == OOM_UNKNOWN || !r->has_header || r->seq_first != OOM_UNKNOWN)
		return false;	/* records come once */
	if (!k && r->usec_first % 1000 == 0)	/* a coarse clock repeats, and nobody's pid tells */
		return false;
	struct told_report now = {
		.first = r->usec_first,
		.end = end,
		.pid = k ? k->pid : OOM_UNKNOWN,
		.rows = r->n_rows,
		.kills = r->n_kills,
		.names = name(name(name(0, r->trigger.comm), k ? k->comm : NULL), r->host),
	};
	for (unsigned i = 0; i < s->n && i < REPEATS_APART; i++) {
		const struct told_report *t = &s->told[i];
		if (t->first == now.first && t->end == now.end && t->pid == now.pid && t->rows == now.rows &&
		    t->kills == now.kills && t->names == now.names)
			return true;
	}
	s->told[s->n++ % REPEATS_APART] = now;
	if (s->n == 2 * REPEATS_APART)
		s->n = REPEATS_APART;
	return false;
}
