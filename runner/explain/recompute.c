// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/recompute.h"

#include <stdio.h>

#include "base/util.h"
#include "explain/points.h"

#define MAX_SEARCHES 200	/* through the whole table: a row that is not looked for may be anything */

enum verdict_of { WINS, LOSES, OPEN };

void earlier_add(struct earlier *e, const struct oom_report *r)
{
	for (size_t i = 0; i < r->n_kills; i++)
		e->pid[e->n++ % EARLIER] = r->kills[i].pid;
	for (size_t i = 0; i < r->n_reaps; i++)
		e->pid[e->n++ % EARLIER] = r->reaps[i].pid;
	if (r->n_kills)
		e->usec = r->usec_last;
}

static bool died_earlier(const struct earlier *e, const struct oom_row *row)
{
	size_t n = e->n < EARLIER ? e->n : EARLIER;
	for (size_t i = 0; i < n; i++)
		if (e->pid[i] == row->value[OOM_COL_PID] || e->pid[i] == row->value[OOM_COL_TGID])
			return true;
	return false;
}

/* Of equal points, does the victim win over a row at another place? -1: the order of the table is not that of the scan.
 */
static int tie(const struct oom_report *r, const struct scenario *s, bool victim_first)
{
	if (r->memcg && !s->era->table_scan_order)
		return -1;
	return s->era->ties_last ? !victim_first : victim_first;
}

/* Does a row that does not win over the victim have the very same memory? Then this one may be its vfork child before
 * the exec, which shares the mm and can't be chosen (mm/oom_kill.c:oom_badness(), in_vfork()). */
static bool may_be_vfork(const struct oom_report *r, const struct scenario *s, int64_t victim_high,
			 const struct oom_row *row, int *searches)
{
	static const enum oom_column columns[] = { OOM_COL_TOTAL_VM, OOM_COL_RSS, OOM_COL_PGTABLES_BYTES,
						   OOM_COL_NR_PTES, OOM_COL_SWAPENTS };
	if (++*searches > MAX_SEARCHES)
		return true;
	for (size_t i = 0; s->era->vfork_exempt && i < r->n_rows; i++) {
		const struct oom_row *other = &r->rows[i];
		bool same = other != row;
		for (size_t c = 0; c < ARRAY_SIZE(columns) && same; c++)
			same = other->value[columns[c]] == row->value[columns[c]];
		if (same && (!row_eligible(other) || row_points(r, s, other).low <= victim_high))
			return true;
	}
	return false;
}

/* The victim against one row, under one scenario. */
static enum verdict_of duel(const struct oom_report *r, const struct scenario *s, struct interval v,
			    const struct oom_row *victim, const struct oom_row *row, const struct earlier *earlier,
			    const char **why, int *searches)
{
	struct interval o = row_points(r, s, row);
	if (o.high < v.low)
		return WINS;
	if (o.high == v.low && o.low == o.high && v.low == v.high) {
		if (tie(r, s, victim < row) == 1)
			return WINS;
		*why = "processes have equal points, and the order of the scan decides";
		return OPEN;
	}
	int64_t tolerance = s->permille ? 3 : 512 + (v.high < 0 ? -v.high : v.high) / 50;
	if (o.low > v.high + tolerance) {
		if (died_earlier(earlier, row))
			*why = "a process with more points had been killed before";
		else if (may_be_vfork(r, s, v.high, row, searches))
			*why = "a process with more points may be a vfork child, which can't be chosen";
		else
			return LOSES;
	} else if (o.low > v.high) {
		*why = "the best are too close together";
	} else if (row_value(row, OOM_COL_SWAPENTS) == OOM_UNKNOWN && r->mem.total_swap_kb != 0) {
		*why = "the table has no column for swap, which counts";
	} else if (s->era->root_bonus) {
		*why = "who has root's bonus is not in the log";
	} else {
		*why = "the table does not tell all that counts";
	}
	return OPEN;
}

/*
 * The victim against all, when totalpages is somewhere from s[0].total to s[1].total. The difference of two tasks'
 * points grows or falls with it all the way, so who wins, or loses to the same row, at both ends does so between them.
 * Losing to one row at one end and to another at the other says nothing of the middle.
 */
static enum verdict_of judge(const struct oom_report *r, const struct scenario *s, int n, bool exact,
			     const struct oom_row *victim, const struct earlier *earlier, const char **why)
{
	struct interval v[2];
	bool open = false;
	int searches = 0;
	for (int t = 0; t < n; t++) {
		v[t] = row_points(r, &s[t], victim);
		narrow_points(r, &s[t], exact, &v[t]);
	}
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct oom_row *row = &r->rows[i];
		int wins = 0, loses = 0;
		if (row == victim || !row_eligible(row))
			continue;
		for (int t = 0; t < n; t++) {
			enum verdict_of d = duel(r, &s[t], v[t], victim, row, earlier, why, &searches);
			wins += d == WINS;
			loses += d == LOSES;
		}
		if (loses == n)
			return LOSES;
		open |= wins < n;
	}
	return open ? OPEN : WINS;
}

/* The nominal choice of a scenario: what the table says taken as exact, uid 0 with its bonus unless the score tells
 * otherwise. */
static size_t nominal(const struct oom_report *r, const struct scenario *s, const struct oom_row *victim,
		      struct candidate *top, size_t *n_eligible)
{
	size_t n = 0;
	bool plain = root_is_plain(r, s, victim);
	*n_eligible = 0;
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct oom_row *row = &r->rows[i];
		int64_t adj = row->value[OOM_COL_OOM_SCORE_ADJ];
		if (!row_eligible(row) || row_value(row, OOM_COL_RSS) == OOM_UNKNOWN || adj == OOM_UNKNOWN)
			continue;
		struct candidate c = { .row = row, .base = row_base(r, s, row).low };
		bool root = row->value[OOM_COL_UID] == 0 && !(plain && (r->memcg || row == victim));
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

enum chosen_is chosen_is(const struct oom_report *r)
{
	const struct oom_row *chosen = oom_report_row(r, r->choice.pid), *died = oom_report_row(r, r->kills[0].pid);
	if (chosen)
		return chosen == died ? CHOSEN_IS_THREAD : CHOSEN_IS_PARENT;
	return died && r->n_rows == 1 && !r->table_cut ? CHOSEN_IS_THREAD : CHOSEN_IS_EITHER;
}

static const struct oom_row *victim_of(const struct oom_report *r)
{
	if (r->has_selected && r->selected.pid != OOM_UNKNOWN)
		return oom_report_row(r, r->selected.pid);
	if (r->choice.present && r->n_kills && chosen_is(r) == CHOSEN_IS_THREAD)
		return oom_report_row(r, r->kills[0].pid);
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
	if (r->bpf)
		return "a BPF program chose, not badness";
	if (!r->n_rows)
		return "the log has no task table";
	if (!r->has_selected && !r->choice.present && !r->n_kills && !out->victim)
		return "the log does not say who was chosen";
	if (prefix == OOM_PREFIX_OTHER)
		return "another rule than badness chose: the kernel's words are not the usual ones";
	if (!out->victim)
		return r->has_selected && r->selected.pid == OOM_UNKNOWN
			       ? "the line that names the chosen process is cut"
			       : "the chosen process is not in the table";
	if (out->victim->cut)
		return "the row of the chosen process is cut";
	if (streq(out->victim->name, "swapoff"))
		return "swapoff is chosen before all others";
	if (!(r->columns >> OOM_COL_OOM_SCORE_ADJ & 1))
		return "the table is of a kernel that had no oom_score_adj";
	return NULL;
}

/* Is the table of another report than the Killed line, with what lies between lost? A process's total_vm hardly ever
 * changes while it waits for memory; a torn number is none of either. */
static bool is_of_another_report(const struct oom_report *r, const struct oom_row *victim, int64_t page_size)
{
	const struct oom_kill *k = r->n_kills ? &r->kills[0] : NULL;
	if (!k || k->total_vm_kb == OOM_UNKNOWN || oom_report_row(r, k->pid) != victim)
		return false;
	return row_value(victim, OOM_COL_TOTAL_VM) != k->total_vm_kb / (page_size >> 10);
}

/* May a process with more points have been out of the question for a reason that is not in the log? */
static const char *excuse(const struct oom_report *r, const struct earlier *earlier, const struct oom_row *victim,
			  int64_t page_size)
{
	if (!r->complete || r->table_cut || r->header_guessed)
		return "another process has more points, but the report is not complete";
	/* a Killed line alone may be that of another member of a group, or of a child */
	if (!r->has_selected && !r->choice.present)
		return "another process has more points, but the line that names the chosen one is missing";
	if (is_of_another_report(r, victim, page_size))
		return "another process has more points, but the table and the Killed line may be of two reports";
	if (r->suppressed > 0)
		return "another process has more points, but reports before this one were suppressed: it may have been "
		       "dying";
	if (earlier->n && (earlier->usec == OOM_UNKNOWN || r->usec_first == OOM_UNKNOWN ||
			   (r->usec_first >= earlier->usec && r->usec_first - earlier->usec < 30000000)))
		return "another process has more points, but others were killed just before: it may have been dying";
	return NULL;
}

/*
 * May it be what is left of a victim that was reaped before the log begins? It is in the table, and is passed over
 * (MMF_OOM_SKIP, 4.6 and later). The reaper takes swap and private memory, but for what is mlocked before 5.18
 * (mm/oom_kill.c:__oom_reap_task_mm()); the counters of several processors may still show a few pages.
 */
static bool may_be_reaped(const struct era *era, const struct oom_row *row)
{
	int64_t anon = row_value(row, OOM_COL_RSS_ANON);
	if (!era->reaper || row_value(row, OOM_COL_SWAPENTS) > 256)
		return false;
	return !era->reaps_mlocked || anon == OOM_UNKNOWN || anon < 4096;
}

/* Is what had more points than the victim all of that kind? */
static const char *unless_reaped(const struct recomputed *c)
{
	int64_t least = INT64_MIN;
	for (size_t i = 0; i < c->n_top; i++)
		if (c->top[i].row == c->victim)
			least = c->top[i].points + 512 + llabs(c->top[i].points) / 50;
	for (size_t i = 0; i < c->n_top; i++)
		if (c->top[i].points > least && !may_be_reaped(&c->era, c->top[i].row))
			return NULL;
	return c->era.reaper ? "unless it was killed before this log begins and holds what can't be reaped (shmem, mlocked memory)"
			     : NULL;
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

/* What may have held: each era with each page size, and totalpages between two bounds. */
struct possibilities {
	struct era eras[MAX_ERAS];
	int64_t sizes[2];
	size_t n_eras, n_sizes;
	bool exact;		/* totalpages is in the log */
};

static void find_possibilities(const struct oom_report *r, struct possibilities *all, struct recomputed *out)
{
	*out = (struct recomputed){ .points = OOM_UNKNOWN, .margin_pages = OOM_UNKNOWN, .totalpages = OOM_UNKNOWN,
				    .page_size = r->page_size, .page_size_sure = true };
	all->n_eras = eras_of(r, all->eras);
	all->sizes[0] = r->page_size;
	all->n_sizes = 1;
	if (r->page_size == OOM_UNKNOWN) {
		out->page_size = all->sizes[0] = 4096;
		out->page_size_sure = false;
		all->sizes[1] = 65536;
		all->n_sizes = 2;
	}
	out->era = all->eras[0];
	out->permille = era_is_permille(r, &all->eras[0]);
	total_bounds(r, out->page_size, &out->total_low, &out->total_high, &all->exact);
	if (all->exact && out->page_size_sure)
		out->totalpages = out->total_low;
	out->victim = victim_of(r);
}

/* The scenarios of one era and page size: one, or the two ends of what totalpages can be. */
static int make_scenarios(const struct oom_report *r, const struct era *era, int64_t page_size,
			  const struct oom_row *victim, struct scenario s[2], bool *sure)
{
	int64_t totals[2];
	total_bounds(r, page_size, &totals[0], &totals[1], sure);
	s[0] = (struct scenario){ .era = era, .page_size = page_size, .permille = era_is_permille(r, era) };
	if (s[0].permille && *sure) {	/* "pages reserved" of old kernels is not quite RAM less MemTotal */
		s[0].told = totals[0];
		totals[0] -= totals[0] / 32;
		totals[1] += totals[1] / 32;
	}
	narrow_total(r, &s[0], victim, totals, sure);
	s[1] = s[0];
	s[0].total = totals[0];
	s[1].total = totals[1];
	return totals[0] == totals[1] ? 1 : 2;
}

/* Keeps of the nominal choice what is the same in every scenario. */
static void merge_nominal(const struct oom_report *r, const struct scenario *s, bool first, struct recomputed *out)
{
	struct candidate top[TOP + 1];
	struct scenario at = *s;
	if (s->told)
		at.total = s->told;
	size_t n_eligible, n = nominal(r, &at, out->victim, top, &n_eligible);
	int64_t margin = n > 1 ? top[0].points - top[1].points : OOM_UNKNOWN;
	if (s->permille && margin != OOM_UNKNOWN)
		margin = margin * (at.total / 1000);
	if (first) {
		out->have = n > 0;
		out->row = n ? top[0].row : NULL;
		out->points = n ? top[0].points : OOM_UNKNOWN;
		out->margin_pages = margin;
		out->n_top = n;
		out->n_eligible = n_eligible;
		out->root_plain = root_is_plain(r, &at, out->victim);
		memcpy(out->top, top, n * sizeof(*top));
		return;
	}
	if (!n || out->row != top[0].row)
		out->have = false;
	if (n && out->points != top[0].points)
		out->points = OOM_UNKNOWN;
	if (out->margin_pages != margin)
		out->margin_pages = OOM_UNKNOWN;
}

static const char *why_open(const struct possibilities *all)
{
	if (!all->exact)
		return "it depends on how much memory and swap there is, which the log does not say";
	return all->n_eras > 1 ? "it depends on the kernel's version, which the log does not say well enough"
			       : "it depends on the page size, which the log does not say";
}

void recompute(const struct oom_report *r, const struct earlier *earlier, struct recomputed *out)
{
	struct possibilities all;
	size_t wins = 0, loses = 0, opens = 0;
	const char *open_why = NULL;
	find_possibilities(r, &all, out);
	const char *cant = incomparable(r, out);
	for (size_t e = 0; e < all.n_eras; e++)
		for (size_t p = 0; p < all.n_sizes; p++) {
			struct scenario s[2];
			bool sure;
			int n = make_scenarios(r, &all.eras[e], all.sizes[p], out->victim, s, &sure);
			for (int t = 0; t < n; t++)
				merge_nominal(r, &s[t], !e && !p && !t, out);
			enum verdict_of v = cant ? OPEN : judge(r, s, n, sure, out->victim, earlier, &open_why);
			wins += v == WINS;
			loses += v == LOSES;
			opens += v == OPEN;
		}
	size_t n = all.n_eras * all.n_sizes;
	if (by_sysctl(r, out))
		return;
	if (cant) {
		say(out, cant);
	} else if (wins == n) {
		out->agreement = AGREES;
	} else if (loses == n) {
		const char *may = excuse(r, earlier, out->victim, out->page_size);
		say(out, may ? may : "another process has more points");
		out->agreement = may ? UNDECIDED : DISAGREES;
		out->unless = may ? NULL : unless_reaped(out);
	} else {
		say(out, opens && open_why ? open_why : why_open(&all));
	}
}
