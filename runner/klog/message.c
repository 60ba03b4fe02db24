// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages to the reports: what a mailer or a terminal wrapped is joined, and what stands newest first turned round. */
#include "base/util.h"
#include "klog/scan.h"
#include "klog/state.h"

#define MAX_JOINS 12
#define WRAP_MIN 60		/* bytes of a line: nothing wraps shorter ones */

/* Does the line end a report that no line before it began? */
static bool ends_nothing(const struct klog *k, const struct prefix *p, const struct line *l)
{
	const struct open *o = assembly_current((struct assembly *)&k->a, p->context);
	switch (l->kind) {
	case LINE_REAPED:
		return !assembly_by_killed_pid((struct assembly *)&k->a, l->n[0]) && !o;
	case LINE_KILLED:
	case LINE_PANIC:
	case LINE_NO_KILLABLE:
		return !o;
	default:
		return false;
	}
}

/* A message whose kind is known, and that no later one goes on with, to the reports. */
static inline void hand_over(struct klog *k, const struct prefix *p, uint64_t number, struct text t, const struct line *l)
{
	if (k->again || k->newest.state != NEWEST_OFF || !ends_nothing(k, p, l)) {
		assemble(&k->a, p, number, t, l);
		return;
	}
	newest_hold(&k->newest, p, number, t, l->kind);
	k->held = true;
}

static void end_cont(struct klog *k, struct cont_line *of)
{
	struct line l;
	struct text t = text_of(of->text, of->len);
	line_parse(t, &l);
	hand_over(k, &of->p.p, of->number, t, &l);
	cont_drop(&k->conts, of);
}

void message_end_conts(struct klog *k)
{
	while (k->conts.n)
		end_cont(k, &k->conts.lines[0]);
}

/* One that may have been torn is kept. */
static bool keep_cont(struct klog *k, const struct prefix *p, uint64_t number, struct text t, const struct line *l)
{
	if (k->conts.n == CONT_LINES && cont_kind(t, l) != CONT_NO)
		end_cont(k, &k->conts.lines[0]);
	return cont_keep(&k->conts, p, number, t, l);
}

/* A message whose kind is known: to the reports, or to the lines that may have been torn. */
static void deliver(struct klog *k, const struct prefix *p, uint64_t number, struct text t, const struct line *l)
{
	bool whole = !l->cut && l->kind != LINE_OTHER;	/* most are, and need no further look */
	if (whole || !keep_cont(k, p, number, t, l))
		hand_over(k, p, number, t, l);
}

/* The rest of a line that was torn? Else the lines that end with this message are handed over before it. */
static bool mends(struct klog *k, const struct prefix *p, struct text t)
{
	struct cont_line *of = cont_join(&k->conts, p, t);
	if (of) {
		k->held = true;
		if (of->kind == CONT_NO)
			end_cont(k, of);
		return true;
	}
	struct line l;
	line_parse(t, &l);
	while ((of = cont_over(&k->conts, p, t, &l)))
		end_cont(k, of);
	return false;
}

void message_flush(struct klog *k)
{
	if (!k->pending.on)
		return;
	k->pending.on = false;
	bool again = k->again;
	k->again |= k->pending.again;
	deliver(k, &k->pending.kept.p, k->pending.number, text_of(k->pending.text, k->pending.len), &k->pending.l);
	k->again = again;
}

/* The kind of a message; below a table's header less is needed for a row. */
static void classify(const struct table *table, struct text t, struct line *l)
{
	line_parse(t, l);
	if (l->kind == LINE_OTHER && table && table_row_begins(t))
		*l = (struct line){ .kind = LINE_ROW, .cut = true };
}

/* A row of a table whose header is lost: whole if it has as many numbers as some kernel's has. */
static int weigh_bare_row(struct text t, struct line *l)
{
	struct table guess;
	struct oom_row row;
	l->got = table_numbers(t);
	l->cut = !table_guess(t, &guess) || (table_row(t, &guess, &row), row.cut);
	return l->got + !l->cut;
}

/* How many fields a text gives, and whether it is whole. */
static int weigh(struct klog *k, struct text t, struct line *l)
{
	const struct table *table = assemble_table(&k->a, k->pending.on ? k->pending.kept.p.context : 0);
	classify(table, t, l);
	if (l->kind == LINE_ROW) {
		struct oom_row row;
		if (table) {
			l->got = table_row(t, table, &row);
			l->cut = row.cut;
			/* "0 bash", "-300 bash", "0" as a name: a number was torn in two, and the columns are one off */
			const char *p = row.name + (row.name[0] == '-');
			if (!row.cut && is_digit(*p)) {
				while (is_digit(*p))
					p++;
				l->got -= *p == ' ' ? 1 : !*p ? 3 : 0;
			}
		} else {
			l->got = weigh_bare_row(t, l);
		}
	}
	return l->got;
}

static bool same_kind(enum line_kind before, enum line_kind after)
{
	/* what begins with its only word on a line of its own */
	static const enum line_kind of_half[] = {
		LINE_HEADER,      LINE_KILLED, LINE_CHOICE, LINE_SHARING,     LINE_TASK_IN, LINE_GROUP,
		LINE_NO_KILLABLE, LINE_CPU,    LINE_USAGE,  LINE_MEMCG_STATS, LINE_COUNTS,  LINE_PAGES,
		LINE_SWAP,        LINE_TABLE,  LINE_ROW,    LINE_SELECTED,    LINE_PANIC,   LINE_REAPED,
		LINE_NODE,        LINE_ZONE,   LINE_BUDDY,  LINE_MEMORY,
	};
	for (size_t i = 0; before == LINE_HALF && i < ARRAY_SIZE(of_half); i++)
		if (after == of_half[i])
			return true;
	return before == after || (before == LINE_CHOICE && after == LINE_SHARING);
}

/* The OOM memcg is the task's own or above it: what was put behind its path is of the path. */
static bool goes_below(const struct line *l)
{
	size_t n = text_len(l->b);
	return n && text_len(l->a) >= n && memcmp(l->a.p, l->b.p, n) == 0;
}

/* Lines that end with a number, whose last digits may stand in the next line. */
static bool may_go_on(const struct klog *k, const struct line *l, struct text t)
{
	if (l->kind == LINE_TASK_IN)	/* the end of a path can't be seen */
		return text_len(l->a) > text_len(l->b) && goes_below(l) && l->a.p[text_len(l->b)] != '/' && k->raw >= WRAP_MIN;
	bool kind = l->kind == LINE_HEADER || l->kind == LINE_KILLED || l->kind == LINE_SELECTED || l->kind == LINE_USAGE;
	return kind && k->raw >= WRAP_MIN && text_len(t) && is_digit(t.end[-1]);
}

static bool all_digits(struct text t)
{
	while (t.p < t.end && is_digit(*t.p))
		t.p++;
	return t.p == t.end;
}

/* A line that fills a terminal to the last column was cut there; a mailer breaks where a blank is, and earlier. */
static bool fills_a_terminal(size_t raw)
{
	static const size_t widths[] = { 80, 100, 120, 132, 160 };
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
		if (raw == widths[i])
			return true;
	return false;
}

/* "Task in /a/long/pa": does the path, whose end is not there yet, go on in t? */
static bool in_path(const struct klog *k, struct text t)
{
	struct text p = text_of(k->pending.text, k->pending.len);
	const char *blank = memrchr(p.p, ' ', text_len(p));
	return k->pending.l.kind == LINE_HALF && text_starts(p, "Task") && blank && blank + 1 < p.end && blank[1] == '/' &&
	       !text_starts(t, "killed ") && !text_starts(t, "are ");
}

/* Puts t behind the pending line, with a blank (a mailer broke it there) or without (a terminal did): whichever gives
 * more. False: it does not belong there. */
static bool join(struct klog *k, struct text t)
{
	bool blank = k->indented || k->pending.blank;
	text_blanks(&t);
	bool wide = text_len(t) && t.end[-1] == ' ';
	text_trim_end(&t);
	size_t n = text_len(t);
	if (!n || k->pending.joins >= MAX_JOINS || k->pending.len + n + 1 >= MAX_PENDING)
		return false;
	struct line with, without;
	char *end = k->pending.text + k->pending.len;
	memcpy(end, t.p, n);
	if (!k->pending.l.cut && k->pending.l.kind != LINE_ROW && k->pending.l.kind != LINE_TASK_IN) {
		if (n > 4 || k->indented || !all_digits(t))
			return false;
		k->pending.len += n;
		weigh(k, text_of(k->pending.text, k->pending.len), &k->pending.l);
		message_flush(k);
		return true;
	}
	int b = weigh(k, text_of(k->pending.text, k->pending.len + n), &without);
	memmove(end + 1, end, n);
	*end = ' ';
	int a = weigh(k, text_of(k->pending.text, k->pending.len + n + 1), &with);
	if (!same_kind(k->pending.l.kind, with.kind))
		a = -1;
	if (!same_kind(k->pending.l.kind, without.kind))
		b = -1;
	bool half = k->pending.l.kind == LINE_HALF;
	if (half) {	/* kinds without fields count too; two halves make a longer half */
		a += with.kind == LINE_OTHER ? 0 : with.kind == LINE_HALF ? 1 : 2;
		b += without.kind == LINE_OTHER ? 0 : without.kind == LINE_HALF ? 1 : 2;
	}
	int now = half ? 0 : k->pending.l.got;
	/* a piece of a long path gives no new field */
	bool path = b == now && !memchr(end + 1, ' ', n) &&
		    (k->pending.l.kind == LINE_SELECTED || (k->pending.l.kind == LINE_TASK_IN && goes_below(&without)));
	/* and neither does the rest of a name */
	bool name = k->pending.l.kind == LINE_ROW && !k->pending.l.cut && k->pending.raw == k->hard_width && b == now;
	if (a <= now && b <= now && !path && !name)
		return false;
	/* inside a name, a path or the names of a gfp mask there is no blank */
	bool name_on = k->pending.bare && with.kind == LINE_HEADER && !text_starts(t, "invoked") &&
		       !text_starts(t, "oom-killer");
	bool inside = name_on || in_path(k, t) || (k->pending.len && end[-1] == '=') ||
		      k->pending.l.kind == LINE_SELECTED || k->pending.l.kind == LINE_TASK_IN ||
		      (k->pending.l.kind == LINE_HEADER && text_rfind(text_of(k->pending.text, k->pending.len), "(") >
		       text_rfind(text_of(k->pending.text, k->pending.len), ")"));
	bool filled = b == a && !k->hard_width && fills_a_terminal(k->pending.raw);
	bool hard = (filled || k->pending.raw == k->hard_width) && !blank && b >= now;
	k->pending.joins++;
	k->pending.bare = false;
	if (b > a || hard || (b == a && (inside || k->pending.torn) && !blank)) {
		memmove(end, end + 1, n);
		k->pending.len += n;
	} else {
		k->pending.len += n + 1;
	}
	if (b > a)
		k->hard_width = k->pending.raw;
	else if (a > b && !blank)
		k->hard_width = 0;
	k->pending.gap = false;
	k->pending.blank = wide;
	k->pending.torn = k->torn;
	k->pending.raw = k->raw;
	/* parse again: the texts must point at what is there now */
	weigh(k, text_of(k->pending.text, k->pending.len), &k->pending.l);
	if (!k->pending.l.cut && !may_go_on(k, &k->pending.l, text_of(k->pending.text, k->pending.len)))
		message_flush(k);
	return true;
}

/* Most lines of a log of reports are these: a row that has all columns of its table is nothing else. */
static bool whole_row(struct klog *k, const struct prefix *p, uint64_t number, struct text t)
{
	text_blanks(&t);
	const struct table *table = text_starts(t, "[") ? assemble_table(&k->a, p->context) : NULL;
	if (!table || !table->whole || table->n < 5)
		return false;
	struct line l = { .kind = LINE_ROW, .got = table_row(t, table, &k->row), .row = &k->row };
	if (k->row.cut || k->raw == k->hard_width)	/* … or its name goes on */
		return false;
	assemble(&k->a, p, number, t, &l);
	return true;
}

static bool alike(struct text a, struct text b)
{
	return text_len(a) == text_len(b) && (!text_len(a) || memcmp(a.p, b.p, text_len(a)) == 0);
}

/* The kernel itself prints the oom-kill line in pieces, between which others' lines may come. Wrapped are only a line
 * that broke within its last piece, what has the end of it, and one that was cut at the same width. */
static bool selected_wrapped(const struct klog *k, struct text t)
{
	return text_rfind(text_of(k->pending.text, k->pending.len), ",task=") || text_rfind(t, ",uid=") || k->raw == k->pending.raw;
}

/* A syslog's prefix before each piece of a line that was wrapped on the way to it: the same date, host and caller, and no
 * other stamp of the kernel's. What it is a piece of tells whether that may be: lines that are never short of a field by
 * themselves do, and once one was joined so, all. */
static bool goes_on_stamped(const struct klog *k, const struct prefix *p, struct text t)
{
	const struct prefix *was = &k->pending.kept.p;
	if ((p->usec != OOM_UNKNOWN && p->usec != was->usec) || p->seq != was->seq || !alike(p->when, was->when) ||
	    !alike(p->host, was->host) || !alike(p->caller, was->caller))
		return false;
	switch (k->pending.l.kind) {
	case LINE_HEADER:
	case LINE_CPU:
	case LINE_COUNTS:
	case LINE_NODE:
	case LINE_ZONE:
	case LINE_TABLE:
	case LINE_KILLED:
		return k->pending.l.cut || k->restamped;
	case LINE_SELECTED:
		return (k->pending.l.cut && selected_wrapped(k, t)) || k->restamped;
	default:
		return k->restamped;
	}
}

/* A kind that is not whole is held until the next line shows whether it goes on there. */
static void in_order(struct klog *k, const struct prefix *p, uint64_t number, struct text t)
{
	struct line l;
	if (k->pending.on) {
		bool restamped = p->stamped && goes_on_stamped(k, p, t);
		if (!p->stamped || restamped) {
			line_parse(t, &l);
			if (l.kind == LINE_BLANK && !k->pending.gap && !restamped) {	/* whoever put blank lines between all of them */
				k->pending.gap = true;
				return;
			}
			/* "Node 0", and in the next line what would be a zone without NUMA */
			bool node = k->pending.l.kind == LINE_HALF && k->pending.len >= 5 &&
				    memcmp(k->pending.text, "Node ", 5) == 0;
			/* "kworker/", and "0:1 invoked …" in the next; "hog invoked", and "oom-killer: …" */
			bool torn_name = k->pending.bare && k->pending.raw >= WRAP_MIN;
			bool name = l.kind == LINE_HEADER &&
				    (torn_name || (k->pending.l.kind == LINE_HALF && !text_len(l.a)));
			/* "CPU: … Comm: hog", and "Tainted: G …", which since 6.11 is a line of its own too */
			bool taint = k->pending.l.kind == LINE_CPU && l.kind == LINE_TRACE;
			if ((l.kind == LINE_OTHER || l.kind == LINE_STAT || node || name || taint) && join(k, t)) {
				k->restamped |= restamped;
				return;
			}
		}
		message_flush(k);
		if (!k->again && k->newest.state != NEWEST_OFF) {	/* that line is held: so is this */
			message(k, p, number, t);
			return;
		}
	}
	if ((k->conts.n && mends(k, p, t)) || whole_row(k, p, number, t))
		return;
	const struct table *table = assemble_table(&k->a, p->context);
	classify(table, t, &l);
	if (l.kind == LINE_ROW) {
		if (table) {
			l.got = table_row(t, table, &k->row);
			l.cut = k->row.cut || k->raw == k->hard_width;
			l.row = &k->row;
		} else if (!table_row_is_whole(t)) {
			l.kind = LINE_OTHER;
		} else {
			weigh_bare_row(t, &l);
			l.cut &= k->raw >= WRAP_MIN;
		}
	}
	bool bare = l.kind == LINE_OTHER && p->stamped && text_len(t) < OOM_COMM / 4 + sizeof("invoked");
	if (bare) {	/* "hog", "hog invo", and "invoked oom-killer: …" in the next line */
		l.kind = LINE_HALF;
		l.cut = true;
	}
	bool held = l.cut || may_go_on(k, &l, t);
	if (!held || text_len(t) >= MAX_PENDING / 2) {
		deliver(k, p, number, t, &l);
		return;
	}
	prefix_keep(&k->pending.kept, p);
	k->pending.number = number;
	k->pending.torn = k->torn;
	k->pending.blank = text_len(t) && t.end[-1] == ' ';
	text_trim_end(&t);
	k->pending.len = text_len(t);
	k->pending.joins = 0;
	k->pending.gap = false;
	memcpy(k->pending.text, t.p, text_len(t));
	k->pending.on = true;
	k->pending.again = k->again;
	k->pending.raw = k->raw;
	k->pending.indent = k->indent;
	k->pending.bare = bare;
	weigh(k, text_of(k->pending.text, k->pending.len), &k->pending.l);
	if (bare) {
		k->pending.l.kind = LINE_HALF;
		k->pending.l.cut = true;
	}
}

void message_release(struct klog *k, bool reversed)
{
	struct newest *n = &k->newest;
	k->again = true;
	for (size_t i = 0; i < n->n; i++) {
		const struct held *h = &n->lines[reversed ? n->n - 1 - i : i];
		in_order(k, &h->p, h->number, text_of(h->text, h->len));
		if (reversed)	/* nothing of it is in the next */
			message_flush(k);
	}
	k->again = false;
	newest_clear(n);
}

void message(struct klog *k, const struct prefix *p, uint64_t number, struct text t)
{
	if (k->newest.state == NEWEST_OFF) {
		in_order(k, p, number, t);
		return;
	}
	struct line l;
	line_parse(t, &l);
	k->held |= l.kind != LINE_OTHER && l.kind != LINE_BLANK && l.kind != LINE_HALF;
	enum newest_verdict v = newest_hold(&k->newest, p, number, t, l.kind);
	if (v != NEWEST_HOLD)
		message_release(k, v == NEWEST_REVERSE);
}
