// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/recompute.h"

#include <stdio.h>

#include "base/util.h"

#define HUGE_PAGES (INT64_C(1) << 48)	/* more than any machine has: a number that a log made up */

/* What could be: one set of rules, one page size, one totalpages. */
struct scenario {
	const struct era *era;
	int64_t page_size, total;
	bool permille;
};

struct interval {
	int64_t low, high;
};

enum verdict_of { WINS, LOSES, OPEN };

static int64_t value(const struct oom_row *row, enum oom_column c)
{
	int64_t v = row->value[c];
	return v < 0 || v > HUGE_PAGES ? OOM_UNKNOWN : v;
}

static bool eligible(const struct oom_row *row)
{
	int64_t adj = row->value[OOM_COL_OOM_SCORE_ADJ];
	return adj == OOM_UNKNOWN || (adj > ADJ_MIN && adj <= ADJ_MAX);
}

/* The pages that badness counts, within what the table leaves open. */
static struct interval base_of(const struct oom_report *r, const struct scenario *s, const struct oom_row *row)
{
	struct interval b = { 0, 0 };
	int64_t rss = value(row, OOM_COL_RSS), vm = value(row, OOM_COL_TOTAL_VM), swap = value(row, OOM_COL_SWAPENTS);
	int64_t bytes = value(row, OOM_COL_PGTABLES_BYTES), ptes = value(row, OOM_COL_NR_PTES),
		pmds = value(row, OOM_COL_NR_PMDS), puds = value(row, OOM_COL_NR_PUDS);
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
static int64_t points_of(const struct scenario *s, int64_t base, int adj, bool root)
{
	if (s->permille)
		return model_points_permille(base, adj, root, (uint64_t)s->total);
	if (root && s->era->root_bonus && s->era->version < KVER(3, 14, 0) && s->era->vendor != ERA_RHEL)
		return model_points(s->era, base, adj - 30, false, (uint64_t)s->total);
	return model_points(s->era, base, adj, root, (uint64_t)s->total);
}

/* Whether a process of uid 0 has CAP_SYS_ADMIN is not in the log: a container's root has not. */
static struct interval points(const struct oom_report *r, const struct scenario *s, const struct oom_row *row)
{
	struct interval b = base_of(r, s, row), p;
	int64_t adj = row->value[OOM_COL_OOM_SCORE_ADJ];
	bool root = row->value[OOM_COL_UID] == 0 || row->value[OOM_COL_UID] == OOM_UNKNOWN;
	int low = adj == OOM_UNKNOWN ? ADJ_MIN + 1 : (int)adj, high = adj == OOM_UNKNOWN ? ADJ_MAX : (int)adj;
	p.low = points_of(s, b.low, low, root);
	p.high = points_of(s, b.high, high, false);
	return p;
}

/*
 * The "score" of an old kernel's Kill line is the victim's points in thousandths of totalpages. Where totalpages is known
 * it tells the points; where it is not, the victim's size tells totalpages: base * 1000 / totalpages + adj = score.
 */
static void narrow_total(const struct oom_report *r, const struct scenario *s, const struct oom_row *victim, int64_t total[2],
			 bool *exact)
{
	int64_t score = r->choice.present ? r->choice.score : OOM_UNKNOWN;
	if (*exact || s->permille || !victim || score <= 0 || score > 1000000)
		return;
	int64_t adj = victim->value[OOM_COL_OOM_SCORE_ADJ];
	struct interval b = base_of(r, s, victim);
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

static void narrow(const struct oom_report *r, const struct scenario *s, bool exact, struct interval *p)
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

static bool died_earlier(const struct earlier *e, const struct oom_row *row)
{
	size_t n = e->n < EARLIER ? e->n : EARLIER;
	for (size_t i = 0; i < n; i++)
		if (e->pid[i] == row->value[OOM_COL_PID] || e->pid[i] == row->value[OOM_COL_TGID])
			return true;
	return false;
}

/* Of equal points, does the victim win over a row at another place? -1: the order of the table is not that of the scan. */
static int tie(const struct oom_report *r, const struct scenario *s, bool victim_first)
{
	if (r->memcg && !s->era->table_scan_order)
		return -1;
	return s->era->ties_last ? !victim_first : victim_first;
}

static enum verdict_of judge(const struct oom_report *r, const struct scenario *s, bool exact, const struct oom_row *victim,
			     const struct earlier *earlier, const char **why)
{
	struct interval v = points(r, s, victim);
	bool open = false, loses = false;
	narrow(r, s, exact, &v);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct oom_row *row = &r->rows[i];
		if (row == victim || !eligible(row))
			continue;
		struct interval o = points(r, s, row);
		if (o.high < v.low)
			continue;
		if (o.high == v.low && o.low == o.high && v.low == v.high) {
			int wins = tie(r, s, victim < row);
			if (wins == 1)
				continue;
			*why = "processes have equal points, and the order of the scan decides";
			open = true;
			continue;
		}
		int64_t tolerance = s->permille ? 3 : 512 + (v.high < 0 ? -v.high : v.high) / 50;
		if (o.low > v.high + tolerance && !died_earlier(earlier, row)) {
			loses = true;
			continue;
		}
		if (o.low > v.high)
			*why = died_earlier(earlier, row) ? "a process with more points had been killed before"
							  : "the best are too close together";
		else if (value(row, OOM_COL_SWAPENTS) == OOM_UNKNOWN && r->mem.total_swap_kb != 0)
			*why = "the table has no column for swap, which counts";
		else if (s->era->root_bonus)
			*why = "who has root's bonus is not in the log";
		else
			*why = "the table does not tell all that counts";
		open = true;
	}
	return loses ? LOSES : open ? OPEN : WINS;
}

/* The nominal choice of a scenario: what the table says taken as exact, uid 0 with its bonus. */
static size_t nominal(const struct oom_report *r, const struct scenario *s, const struct oom_row *victim,
		      struct candidate *top, size_t *n_eligible)
{
	size_t n = 0;
	*n_eligible = 0;
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct oom_row *row = &r->rows[i];
		int64_t adj = row->value[OOM_COL_OOM_SCORE_ADJ];
		if (!eligible(row) || value(row, OOM_COL_RSS) == OOM_UNKNOWN || adj == OOM_UNKNOWN)
			continue;
		struct candidate c = { .row = row, .base = base_of(r, s, row).low };
		bool root = row->value[OOM_COL_UID] == 0;
		/* the logged score tells whether the victim had the bonus */
		if (root && row == victim && !s->permille && r->choice.present && r->choice.score > 0) {
			int64_t without = points_of(s, c.base, (int)adj, false), with = points_of(s, c.base, (int)adj, true);
			int64_t score = r->choice.score;
			root = llabs(model_log_score(with, (uint64_t)s->total) - score) <
			       llabs(model_log_score(without, (uint64_t)s->total) - score);
		}
		c.points = points_of(s, c.base, (int)adj, root);
		++*n_eligible;
		size_t at = n;
		while (at > 0 && (s->era->ties_last ? c.points >= top[at - 1].points : c.points > top[at - 1].points))
			at--;
		if (at == TOP)
			continue;
		if (n < TOP)
			n++;
		memmove(&top[at + 1], &top[at], (n - 1 - at) * sizeof(*top));
		top[at] = c;
	}
	return n;
}

static const struct oom_row *victim_of(const struct oom_report *r)
{
	if (r->has_selected && r->selected.pid != OOM_UNKNOWN)
		return oom_report_row(r, r->selected.pid);
	if (r->choice.present)
		return oom_report_row(r, r->choice.pid);
	if (r->n_kills)
		return oom_report_row(r, r->kills[0].pid);
	return r->n_reaps == 1 ? oom_report_row(r, r->reaps[0].pid) : NULL;
}

static void say(struct recomputed *out, const char *why)
{
	snprintf(out->why, sizeof(out->why), "%s", why);
}

/* Reasons not to compare, whatever the numbers are. */
static const char *incomparable(const struct oom_report *r, const struct recomputed *out)
{
	enum oom_kill_prefix prefix = r->choice.present ? r->choice.prefix
				      : r->n_kills	? r->kills[0].prefix
							: OOM_PREFIX_NONE;
	if (r->panic && !r->n_kills && !r->no_killable)
		return "panic_on_oom: nobody was to be chosen";
	if (r->no_killable)
		return "the kernel found nobody to kill: who is in the table was dying already, or could not be chosen";
	if (!r->n_rows)
		return "the log has no task table";
	if (!r->has_selected && !r->choice.present && !r->n_kills && !out->victim)
		return "the log does not say who was chosen";
	if (prefix == OOM_PREFIX_OTHER)
		return "another rule than badness chose: the kernel's words are not the usual ones";
	if (!out->victim)
		return r->has_selected && r->selected.pid == OOM_UNKNOWN ? "the line that names the chosen process is cut"
									  : "the chosen process is not in the table";
	if (out->victim->cut)
		return "the row of the chosen process is cut";
	if (streq(out->victim->name, "swapoff"))
		return "swapoff is chosen before all others";
	if (!(r->columns >> OOM_COL_OOM_SCORE_ADJ & 1))
		return "the table is of a kernel that had no oom_score_adj";
	return NULL;
}

/* May a process with more points have been out of the question for a reason that is not in the log? */
static const char *excuse(const struct oom_report *r, const struct earlier *earlier)
{
	if (!r->complete || r->table_cut || r->header_guessed)
		return "another process has more points, but the report is not complete";
	if (r->suppressed > 0)
		return "another process has more points, but reports before this one were suppressed: it may have been dying";
	if (earlier->n && (earlier->usec == OOM_UNKNOWN || r->usec_first == OOM_UNKNOWN ||
			   (r->usec_first >= earlier->usec && r->usec_first - earlier->usec < 30000000)))
		return "another process has more points, but others were killed just before: it may have been dying";
	return NULL;
}

/* "The allocating task" is chosen unseen. */
static bool by_sysctl(const struct oom_report *r, struct recomputed *out)
{
	enum oom_kill_prefix prefix = r->choice.present ? r->choice.prefix
				      : r->n_kills	? r->kills[0].prefix
							: OOM_PREFIX_NONE;
	if (prefix != OOM_PREFIX_ALLOCATING_TASK)
		return false;
	int64_t chosen = r->has_selected ? r->selected.pid : r->choice.present ? r->choice.pid : r->kills[0].pid;
	const struct oom_row *row = oom_report_row(r, chosen);
	out->have = false;
	if (r->trigger.pid == OOM_UNKNOWN || chosen == OOM_UNKNOWN) {
		say(out, "vm.oom_kill_allocating_task: who asked was to die, and the log does not say who it was");
	} else if (r->trigger.pid == chosen || (row && oom_report_row(r, r->trigger.pid) == row)) {
		out->agreement = AGREES;
	} else {
		say(out, "vm.oom_kill_allocating_task: who asked was to die; the chosen one may be its process");
	}
	return true;
}

void recompute(const struct oom_report *r, const struct earlier *earlier, struct recomputed *out)
{
	struct era eras[MAX_ERAS];
	int64_t sizes[2] = { r->page_size, 65536 };
	size_t n_eras = eras_of(r, eras), n_sizes = 1;
	*out = (struct recomputed){ .points = OOM_UNKNOWN, .margin_pages = OOM_UNKNOWN, .totalpages = OOM_UNKNOWN,
				    .page_size = r->page_size, .page_size_sure = true, .era = eras[0] };
	if (r->page_size == OOM_UNKNOWN) {
		out->page_size = sizes[0] = 4096;
		out->page_size_sure = false;
		n_sizes = 2;
	}
	out->permille = era_is_permille(r, &eras[0]);
	bool exact;
	total_bounds(r, out->page_size, &out->total_low, &out->total_high, &exact);
	if (exact && out->page_size_sure)
		out->totalpages = out->total_low;
	out->victim = victim_of(r);

	size_t wins = 0, loses = 0, opens = 0, all = 0;
	const char *open_why = NULL, *cant = incomparable(r, out);
	for (size_t e = 0; e < n_eras; e++)
		for (size_t p = 0; p < n_sizes; p++) {
			int64_t totals[2];
			bool sure;
			total_bounds(r, sizes[p], &totals[0], &totals[1], &sure);
			struct scenario s = { &eras[e], sizes[p], 0, era_is_permille(r, &eras[e]) };
			if (s.permille && sure) {	/* "pages reserved" of old kernels is not quite RAM less MemTotal */
				totals[0] -= totals[0] / 32;
				totals[1] += totals[1] / 32;
			}
			narrow_total(r, &s, out->victim, totals, &sure);
			for (int t = 0; t < (totals[0] == totals[1] ? 1 : 2); t++, all++) {
				s.total = totals[t];
				struct candidate top[TOP + 1];
				size_t n_eligible, n = nominal(r, &s, out->victim, top, &n_eligible);
				int64_t margin = n > 1 ? top[0].points - top[1].points : OOM_UNKNOWN;
				if (s.permille && margin != OOM_UNKNOWN)
					margin = margin * (s.total / 1000);
				if (!all) {
					out->have = n > 0;
					out->row = n ? top[0].row : NULL;
					out->points = n ? top[0].points : OOM_UNKNOWN;
					out->margin_pages = margin;
					out->n_top = n;
					out->n_eligible = n_eligible;
					memcpy(out->top, top, n * sizeof(*top));
				} else {
					if (!n || out->row != top[0].row)
						out->have = false;
					if (n && out->points != top[0].points && !(s.permille && sure))
						out->points = OOM_UNKNOWN;
					if (out->margin_pages != margin && !(s.permille && sure))
						out->margin_pages = OOM_UNKNOWN;
				}
				if (cant)
					continue;
				switch (judge(r, &s, sure, out->victim, earlier, &open_why)) {
				case WINS: wins++; break;
				case LOSES: loses++; break;
				case OPEN: opens++; break;
				}
			}
		}
	if (by_sysctl(r, out))
		return;
	if (cant) {
		say(out, cant);
	} else if (wins == all) {
		out->agreement = AGREES;
	} else if (loses == all) {
		const char *may = excuse(r, earlier);
		say(out, may ? may : "another process has more points");
		out->agreement = may ? UNDECIDED : DISAGREES;
	} else if (opens) {
		say(out, open_why ? open_why : "the table does not tell all that counts");
	} else if (!exact) {
		say(out, "it depends on how much memory and swap there is, which the log does not say");
	} else {
		say(out, n_eras > 1 ? "it depends on the kernel's version, which the log does not say well enough"
				    : "it depends on the page size, which the log does not say");
	}
}

void earlier_add(struct earlier *e, const struct oom_report *r)
{
	for (size_t i = 0; i < r->n_kills; i++)
		e->pid[e->n++ % EARLIER] = r->kills[i].pid;
	for (size_t i = 0; i < r->n_reaps; i++)
		e->pid[e->n++ % EARLIER] = r->reaps[i].pid;
	if (r->n_kills)
		e->usec = r->usec_last;
}
