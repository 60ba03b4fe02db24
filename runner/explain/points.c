// SPDX-License-Identifier: GPL-2.0-or-later
/* How many points a row of the table stands for, within what the log leaves open: mm/oom_kill.c:oom_badness(). */
#include "explain/points.h"

#include "base/util.h"

#define HUGE_PAGES (INT64_C(1) << 48)	/* more than any machine has: a number that a log made up */

int64_t row_value(const struct oom_row *row, enum oom_column c)
{
	int64_t v = row->value[c];
	return v < 0 || v > HUGE_PAGES ? OOM_UNKNOWN : v;
}

bool row_eligible(const struct oom_row *row)
{
	int64_t adj = row->value[OOM_COL_OOM_SCORE_ADJ];
	return adj == OOM_UNKNOWN || (adj > ADJ_MIN && adj <= ADJ_MAX);
}

/* The pages that badness counts, within what the table leaves open. */
struct interval row_base(const struct oom_report *r, const struct scenario *s, const struct oom_row *row)
{
	struct interval b = { 0, 0 };
	int64_t rss = row_value(row, OOM_COL_RSS), vm = row_value(row, OOM_COL_TOTAL_VM),
		swap = row_value(row, OOM_COL_SWAPENTS);
	int64_t bytes = row_value(row, OOM_COL_PGTABLES_BYTES), ptes = row_value(row, OOM_COL_NR_PTES),
		pmds = row_value(row, OOM_COL_NR_PMDS), puds = row_value(row, OOM_COL_NR_PUDS);
	if (vm == OOM_UNKNOWN)
		vm = HUGE_PAGES;
	if (rss == OOM_UNKNOWN)
		return (struct interval){ 0, HUGE_PAGES };
	b.low = b.high = rss;
	if (swap != OOM_UNKNOWN) {
		b.low += swap;
		b.high += swap;
	} else {
		int64_t most = r->mem.total_swap_kb >= 0 ? r->mem.total_swap_kb / (s->page_size >> 10) : vm;
		b.high += most < vm ? most : vm;
	}
	struct model_pages tables = { .ptes = 0 };
	if (bytes != OOM_UNKNOWN) {
		tables.ptes = bytes / s->page_size;
	} else if (ptes != OOM_UNKNOWN) {
		tables.ptes = ptes;
		tables.pmds = (pmds == OOM_UNKNOWN ? 0 : pmds) + (puds == OOM_UNKNOWN ? 0 : puds);
	} else {
		b.high += vm / 512 + 4;
	}
	int64_t counted = model_base(s->era, &tables);
	b.low += counted;
	b.high += counted;
	return b;
}

/* Up to 3.13 root's bonus is 3 % of totalpages, then of its own points (778c14affaf9; RHEL 7 has that in its 3.10). */
int64_t points_of(const struct scenario *s, int64_t base, int adj, bool root)
{
	if (s->permille)
		return model_points_permille(base, adj, root, (uint64_t)s->total);
	if (root && s->era->root_bonus && s->era->version < KVER(3, 14, 0) && s->era->vendor != ERA_RHEL)
		return model_points(s->era, base, adj - 30, false, (uint64_t)s->total);
	return model_points(s->era, base, adj, root, (uint64_t)s->total);
}

bool root_is_plain(const struct oom_report *r, const struct scenario *s, const struct oom_row *victim)
{
	if (!victim || s->permille || !s->era->root_bonus || !r->choice.present || r->choice.score <= 0 ||
	    victim->value[OOM_COL_UID] != 0 || victim->value[OOM_COL_OOM_SCORE_ADJ] == OOM_UNKNOWN)
		return false;
	int64_t base = row_base(r, s, victim).low, score = r->choice.score;
	int adj = (int)victim->value[OOM_COL_OOM_SCORE_ADJ];
	int64_t with = model_log_score(points_of(s, base, adj, true), (uint64_t)s->total),
		without = model_log_score(points_of(s, base, adj, false), (uint64_t)s->total);
	return llabs(with - score) >= llabs(without - score);
}

/* Whether a process of uid 0 has CAP_SYS_ADMIN is not in the log: a container's root has not. */
struct interval row_points(const struct oom_report *r, const struct scenario *s, const struct oom_row *row)
{
	struct interval b = row_base(r, s, row), p;
	int64_t adj = row->value[OOM_COL_OOM_SCORE_ADJ];
	bool root = row->value[OOM_COL_UID] == 0 || row->value[OOM_COL_UID] == OOM_UNKNOWN;
	int low = adj == OOM_UNKNOWN ? ADJ_MIN + 1 : (int)adj, high = adj == OOM_UNKNOWN ? ADJ_MAX : (int)adj;
	p.low = points_of(s, b.low, low, root);
	p.high = points_of(s, b.high, high, false);
	return p;
}

/*
 * The "score" of an old kernel's Kill line is the victim's points in thousandths of totalpages. Where totalpages is
 * known it tells the points; where it is not, the victim's size tells totalpages: base * 1000 / totalpages + adj =
 * score.
 */
void narrow_total(const struct oom_report *r, const struct scenario *s, const struct oom_row *victim, int64_t total[2],
			 bool *exact)
{
	int64_t score = r->choice.present ? r->choice.score : OOM_UNKNOWN;
	if (*exact || s->permille || !victim || score <= 0 || score > 1000000)
		return;
	int64_t adj = victim->value[OOM_COL_OOM_SCORE_ADJ];
	struct interval b = row_base(r, s, victim);
	if (adj < ADJ_MIN || adj > ADJ_MAX || b.low != b.high || b.low > HUGE_PAGES / 1000 || score - adj < 10)
		return;
	bool root = s->era->root_bonus && victim->value[OOM_COL_UID] == 0;
	/* adj is multiplied with totalpages / 1000 truncated: up to |adj| pages are missing */
	int64_t missing = adj < 0 ? -adj : adj;
	int64_t low = (b.low - (root ? b.low * 3 / 100 : 0) - missing) * 1000 / (score - adj + 1);
	int64_t high = (b.low + (adj < 0 ? missing : 0)) * 1000 / (score - adj) + 1;
	if (low < total[0])
		low = total[0];
	if (high > total[1])
		high = total[1];
	if (low > high)
		return;
	total[0] = low;
	total[1] = high;
	*exact = (high - low) / 100 <= low / 10000 + 10;
}

void narrow_points(const struct oom_report *r, const struct scenario *s, bool exact, struct interval *p)
{
	int64_t score = r->choice.present ? r->choice.score : OOM_UNKNOWN;
	if (score < 0 || score > 1000000)
		return;
	struct interval by = { score, score };
	if (!s->permille) {
		if (!exact)
			return;
		if (s->total > INT64_MAX / 4000000)
			return;
		by.low = (score * s->total + 999) / 1000;
		by.high = (score + 1) * s->total / 1000;
	}
	/* totalpages is known but for a fraction of a percent, and a bonus is 3 % */
	if (by.low > p->high && by.low - p->high <= p->high / 100)
		by.low = p->high;
	if (by.low > p->high || by.high < p->low)
		return;
	if (by.low > p->low)
		p->low = by.low;
	if (by.high < p->high)
		p->high = by.high;
}
