// SPDX-License-Identifier: GPL-2.0-or-later
/* Physical lines and records to messages: prefixes, escapes, and the joining of what a mailer or a terminal wrapped. */
#include "klog/klog.h"

#include "base/util.h"
#include "klog/assemble.h"
#include "klog/fragment.h"
#include "klog/journal.h"
#include "klog/markup.h"
#include "klog/newest.h"
#include "klog/scan.h"
#include "klog/undo.h"

#define MAX_LINE 32768		/* of a line; the rest is dropped */
#define MAX_PENDING 8192	/* of a line that is being joined */
#define MAX_JOINS 12
#define WRAP_MIN 60		/* bytes of a line: nothing wraps shorter ones */

struct klog {
	struct assembly a;
	struct journal journal, inner;	/* inner: an object within a line, or within an object's message */
	bool within;		/* … is being read */
	size_t raw;		/* bytes of the line in work, with all that stands before the message */
	bool indented;		/* the line in work begins with a blank, and has no prefix */
	bool torn;		/* … ends with a backslash */
	bool backslashes;	/* lines end with one, as a shell's that go on do */
	size_t hard_width;	/* lines of so many bytes were cut in the middle of a word; 0: none was */
	/* a line that may go on in the next one */
	struct {
		bool on;
		bool again;		/* was held before */
		bool bare;		/* nothing but a short word: a comm, perhaps */
		size_t raw;		/* of its last piece */
		bool blank;		/* … which ended with one */
		bool torn;		/* … or with a backslash */
		struct prefix p;
		uint64_t number;
		struct line l;
		size_t len;
		int joins;
		char text[MAX_PENDING];
		char caller[16], when[64], host[128];	/* what p's texts are of */
	} pending;
	struct newest newest;
	bool again;		/* the line in work was held before, and is not held again */
	bool held;		/* one that says something, by the line in work */
	struct oom_row row;
	struct {
		char text[48];
		size_t len;
	} before;		/* words that were seen before every line */
	struct undo undo;
	struct prefix_memory prefixes;
	struct fragment fragment;
	char caret[MAX_LINE + 1], scratch[MAX_LINE + 1];
};

struct klog *klog_new(oom_sink sink, void *arg)
{
	struct klog *k = xcalloc(1, sizeof(*k));
	k->a.sink = sink;
	k->a.arg = arg;
	k->a.usec = OOM_UNKNOWN;
	return k;
}

void klog_free(struct klog *k)
{
	if (!k)
		return;
	for (int i = 0; i < k->a.n; i++)
		oom_report_free(k->a.open[i].r);
	journal_free(&k->journal);
	journal_free(&k->inner);
	newest_clear(&k->newest);
	free(k);
}

bool klog_open(const struct klog *k)
{
	return k->a.n || k->pending.on || k->fragment.open || k->newest.n;
}

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

/* A message whose kind is known, to the reports. */
static void deliver(struct klog *k, const struct prefix *p, uint64_t number, struct text t, const struct line *l)
{
	if (k->again || k->newest.state != NEWEST_OFF || !ends_nothing(k, p, l)) {
		assemble(&k->a, p, number, t, l);
		return;
	}
	newest_hold(&k->newest, p, number, t, l->kind);
	k->held = true;
}

static void flush_pending(struct klog *k)
{
	if (!k->pending.on)
		return;
	k->pending.on = false;
	bool again = k->again;
	k->again |= k->pending.again;
	deliver(k, &k->pending.p, k->pending.number, text_of(k->pending.text, k->pending.len), &k->pending.l);
	k->again = again;
}

/* The kind of a message; below a table's header less is needed for a row. */
static void classify(const struct table *table, struct text t, struct line *l)
{
	line_parse(t, l);
	if (l->kind == LINE_OTHER && table && table_row_begins(t))
		*l = (struct line){ .kind = LINE_ROW, .cut = true };
}

/* How many fields a text gives, and whether it is whole. */
static int weigh(struct klog *k, struct text t, struct line *l)
{
	const struct table *table = assemble_table(&k->a, k->pending.on ? k->pending.p.context : 0);
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
	};
	for (size_t i = 0; before == LINE_HALF && i < ARRAY_SIZE(of_half); i++)
		if (after == of_half[i])
			return true;
	return before == after || (before == LINE_CHOICE && after == LINE_SHARING);
}

/* Lines that end with a number, whose last digits may stand in the next line. */
static bool may_go_on(const struct klog *k, const struct line *l, struct text t)
{
	bool kind = l->kind == LINE_HEADER || l->kind == LINE_KILLED || l->kind == LINE_SELECTED || l->kind == LINE_USAGE;
	return kind && k->raw >= WRAP_MIN && text_len(t) && is_digit(t.end[-1]);
}

static bool all_digits(struct text t)
{
	while (t.p < t.end && is_digit(*t.p))
		t.p++;
	return t.p == t.end;
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
	if (!k->pending.l.cut && k->pending.l.kind != LINE_ROW) {
		if (n > 4 || k->indented || !all_digits(t))
			return false;
		k->pending.len += n;
		weigh(k, text_of(k->pending.text, k->pending.len), &k->pending.l);
		flush_pending(k);
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
		a += with.kind != LINE_OTHER;
		b += without.kind != LINE_OTHER;
	}
	int now = half ? 0 : k->pending.l.got;
	/* a piece of a long path gives no new field */
	bool path = k->pending.l.kind == LINE_SELECTED && b == now && !memchr(end + 1, ' ', n);
	/* and neither does the rest of a name */
	bool name = k->pending.l.kind == LINE_ROW && !k->pending.l.cut && k->pending.raw == k->hard_width && b == now;
	if (a <= now && b <= now && !path && !name)
		return false;
	k->pending.joins++;
	k->pending.bare = false;
	/* inside a path or the names of a gfp mask there is no blank */
	bool inside = k->pending.l.kind == LINE_SELECTED || k->pending.l.kind == LINE_TASK_IN ||
		      (k->pending.l.kind == LINE_HEADER && text_rfind(text_of(k->pending.text, k->pending.len), "(") >
		       text_rfind(text_of(k->pending.text, k->pending.len), ")"));
	bool hard = k->pending.raw == k->hard_width && !blank && b >= now;
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
	k->pending.blank = wide;
	k->pending.torn = k->torn;
	k->pending.raw = k->raw;
	/* parse again: the texts must point at what is there now */
	weigh(k, text_of(k->pending.text, k->pending.len), &k->pending.l);
	if (!k->pending.l.cut && !may_go_on(k, &k->pending.l, text_of(k->pending.text, k->pending.len)))
		flush_pending(k);
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

static struct text keep(struct text t, char *to, size_t size)
{
	size_t n = text_len(t) < size ? text_len(t) : size;
	memcpy(to, n ? t.p : "", n);
	return n ? text_of(to, n) : (struct text){ 0 };
}

static void message(struct klog *k, const struct prefix *p, uint64_t number, struct text t);

/* A kind that is not whole is held until the next line shows whether it goes on there. */
static void in_order(struct klog *k, const struct prefix *p, uint64_t number, struct text t)
{
	struct line l;
	if (k->pending.on) {
		if (!p->stamped) {
			line_parse(t, &l);
			if ((l.kind == LINE_OTHER || l.kind == LINE_STAT) && join(k, t))
				return;
		}
		flush_pending(k);
		if (!k->again && k->newest.state != NEWEST_OFF) {	/* that line is held: so is this */
			message(k, p, number, t);
			return;
		}
	}
	if (whole_row(k, p, number, t))
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
	k->pending.p = *p;
	k->pending.p.message = (struct text){ 0 };
	k->pending.p.caller = keep(p->caller, k->pending.caller, sizeof(k->pending.caller));
	k->pending.p.when = keep(p->when, k->pending.when, sizeof(k->pending.when));
	k->pending.p.host = keep(p->host, k->pending.host, sizeof(k->pending.host));
	k->pending.number = number;
	k->pending.torn = k->torn;
	k->pending.blank = text_len(t) && t.end[-1] == ' ';
	text_trim_end(&t);
	k->pending.len = text_len(t);
	k->pending.joins = 0;
	memcpy(k->pending.text, t.p, text_len(t));
	k->pending.on = true;
	k->pending.again = k->again;
	k->pending.raw = k->raw;
	k->pending.bare = bare;
	weigh(k, text_of(k->pending.text, k->pending.len), &k->pending.l);
	if (bare) {
		k->pending.l.kind = LINE_HALF;
		k->pending.l.cut = true;
	}
}

/* What was held, in the order that the log turned out to have. */
static void release(struct klog *k, bool reversed)
{
	struct newest *n = &k->newest;
	k->again = true;
	for (size_t i = 0; i < n->n; i++) {
		const struct held *h = &n->lines[reversed ? n->n - 1 - i : i];
		in_order(k, &h->p, h->number, text_of(h->text, h->len));
		if (reversed)	/* nothing of it is in the next */
			flush_pending(k);
	}
	k->again = false;
	newest_clear(n);
}

static void message(struct klog *k, const struct prefix *p, uint64_t number, struct text t)
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
		release(k, v == NEWEST_REVERSE);
}

/* A record may be several lines (memory.stat in one printk, the counters under Mem-Info), or one with a newline in a
 * comm. */
static void record(struct klog *k, const struct prefix *p, uint64_t number, struct text t)
{
	const char *nl = memchr(t.p, '\n', text_len(t));
	struct line l;
	if (nl) {
		line_parse(t, &l);
		switch (l.kind) {
		case LINE_HEADER:
		case LINE_ROW:
		case LINE_KILLED:
		case LINE_CHOICE:
		case LINE_SELECTED:
		case LINE_CPUSET:
		case LINE_REAPED:
		case LINE_SHARING:
		case LINE_EXITING:
		case LINE_PINNED:
		case LINE_CPU:
			break;
		default:
			while ((nl = memchr(t.p, '\n', text_len(t)))) {
				message(k, p, number, text_of(t.p, (size_t)(nl - t.p)));
				t.p = nl + 1;
			}
		}
	}
	message(k, p, number, t);
}

void klog_record(struct klog *k, int64_t seq, int64_t usec, int level, const char *caller, const char *text, size_t len)
{
	struct prefix p = { .stamped = true, .level = level, .usec = usec, .seq = seq };
	if (caller && *caller) {
		p.caller = text_of(caller, strlen(caller));
		p.context = hash_text(0, p.caller);
	}
	record(k, &p, 0, text_of(text, len < MAX_LINE ? len : MAX_LINE));
	/* a record is whole: nothing follows it */
	flush_pending(k);
}

/* Some tools put the same words, a host perhaps, before every line: a line whose end is known tells them. */
static void learned(struct klog *k, struct text *t)
{
	static const char *const ends[] = { "Mem-Info:", "Call Trace:", "<TASK>", "Tasks state (memory values in pages):" };
	const char *at = text_find(text_of(t->p, text_len(*t) < 64 ? text_len(*t) : 64), "CPU: ");
	if (at && !text_find(text_of(at, (size_t)(t->end - at)), " Comm: "))
		at = NULL;
	for (size_t i = 0; !at && i < ARRAY_SIZE(ends); i++) {
		size_t n = strlen(ends[i]);
		if (text_len(*t) > n && memcmp(t->end - n, ends[i], n) == 0)
			at = t->end - n;
	}
	size_t n = at ? (size_t)(at - t->p) : 0;
	while (n && at[-1] == ' ' && n > 1 && at[-2] == ' ') {	/* indents are the message's */
		at--;
		n--;
	}
	if (n > 1 && n < sizeof(k->before.text) && !is_digit(*t->p)) {
		memcpy(k->before.text, t->p, n);
		k->before.len = n;
	}
	if (k->before.len && text_starts_n(*t, k->before.text, k->before.len))
		t->p += k->before.len;
}

static void entry(struct klog *k, uint64_t number, const struct journal_entry *e);

/* A shipper's object behind a date and a tag, or as the text of another object. A program's line that has one is
 * believed only where the object itself says that the kernel spoke. */
static bool object(struct klog *k, uint64_t number, struct text t, bool foreign)
{
	const char *brace = k->within ? NULL : t.p;
	while (brace && (brace = memchr(brace, '{', (size_t)(t.end - brace))) && (brace + 1 == t.end || brace[1] != '"'))
		brace++;
	if (!brace)
		return false;
	const struct journal_entry *e = journal_object(&k->inner, number, text_of(brace, (size_t)(t.end - brace)));
	if (!e || (foreign && !e->kernel))
		return false;
	k->within = true;
	entry(k, number, e);
	k->within = false;
	return true;
}

/* What there is of a record in pieces; an escape may have been torn by them. */
static void end_fragment(struct klog *k)
{
	struct fragment *f = &k->fragment;
	f->open = false;
	f->len = markup_record(text_of(f->text, f->len), f->text);
	record(k, &f->p, f->number, text_of(f->text, f->len));
}

/* A backslash behind a line says that it goes on in the next one; behind a name of the table it may be the name's. */
static void without_backslash(struct klog *k, const struct prefix *p, struct text *t)
{
	bool is = text_len(*t) && t->end[-1] == '\\';
	k->torn = false;
	if (!is && !k->backslashes)
		return;
	const struct table *table = assemble_table(&k->a, p->context);
	struct text row = *t;
	bool name = false;
	row.end -= is;
	text_blanks(&row);
	if (table && table_is_row(row)) {
		table_row(row, table, &k->row);
		name = !k->row.cut;
	}
	if (!name)
		k->backslashes = is;
	k->torn = is && k->backslashes;
	t->end -= k->torn;
}

/* The characters of a line that are written as others. */
static struct text unescaped(struct klog *k, struct text t, unsigned marks)
{
	struct text was = t;
	if (k->undo.html || marks & (MARK_HASH_AND | MARK_LESS_EQUALS))
		t = undo_html(&k->undo, t, k->scratch);
	if (t.p != was.p)
		marks = scan_marks(t.p, t.end);
	bool slash = marks & MARK_BACKSLASH && !memmem(t.p, text_len(t), "\\x", 2);
	if (slash || marks & (MARK_ESCAPE | MARK_LATIN | MARK_HASH_AND))
		t = text_of(k->scratch, markup_plain(t, k->scratch));
	return t;
}

static void plain_line(struct klog *k, uint64_t number, struct text t)
{
	unsigned marks = scan_marks(t.p, t.end);
	if (marks || k->undo.html) {
		t = unescaped(k, t, marks);
		marks = scan_marks(t.p, t.end);
	}
	struct prefix p;
	prefix_strip(t, &p, &k->prefixes);
	if (fragment_lost(&k->fragment, &p))
		end_fragment(k);
	if (p.piece_of) {
		if (fragment_add(&k->fragment, &p, number, p.message))
			end_fragment(k);
		return;
	}
	if ((marks & MARK_BRACE && object(k, number, t, p.foreign)) || p.foreign)
		return;
	struct text m = p.message;
	if (!p.stamped)
		learned(k, &m);
	without_backslash(k, &p, &m);
	k->indented = !p.stamped && text_len(t) && (*t.p == ' ' || *t.p == '\t');
	if (marks & MARK_BACKSLASH && p.seq != OOM_UNKNOWN) {
		/* in place or into the scratch: shorter than what it is made from */
		char *to = m.p >= k->scratch && m.p <= k->scratch + MAX_LINE ? k->scratch + (m.p - k->scratch)
									     : k->scratch;
		m = text_of(to, markup_record(m, to));
	}
	record(k, &p, number, m);
}

/* What a journal or a container runtime says of a message. */
static void entry(struct klog *k, uint64_t number, const struct journal_entry *e)
{
	struct text t = text_of(e->message, e->len);
	if (e->foreign)
		return;
	if (!e->kernel) {
		while (text_len(t)) {	/* docker's "log", a cloud's "textPayload": a line of any log */
			const char *nl = memchr(t.p, '\n', text_len(t));
			struct text line = text_of(t.p, nl ? (size_t)(nl - t.p) : text_len(t));
			while (text_len(line) >= 2 && line.end[-2] == '\\' && (line.end[-1] == 'n' || line.end[-1] == 'r'))
				line.end -= 2;	/* "is_text_escaped": a string in a string */
			text_trim_end(&line);
			plain_line(k, number, line);
			t.p = nl ? nl + 1 : t.end;
		}
		return;
	}
	struct prefix p = { .stamped = true, .level = -1, .usec = e->usec, .seq = OOM_UNKNOWN };
	p.when = text_of(e->when, strlen(e->when));
	p.host = text_of(e->host, strlen(e->host));
	if (e->host[0])
		p.context = hash_text(0, p.host);
	record(k, &p, number, t);
}

/* A line as it was written. */
static void any_line(struct klog *k, uint64_t number, struct text t)
{
	struct journal_entry *e;
	switch (journal_line(&k->journal, number, t, &e)) {
	case JOURNAL_TAKEN:
		break;
	case JOURNAL_ENTRY:
		entry(k, e->line, e);
		break;
	case JOURNAL_ENTRY_AND_LINE:
		entry(k, e->line, e);
		any_line(k, number, t);
		break;
	case JOURNAL_NONE:
		plain_line(k, number, t);
	}
}

/* Is something begun that the next lines may end? */
static bool expects_more(const struct klog *k)
{
	/* whose message it is may stand below it */
	bool entry = k->journal.inside && (k->journal.e.len || k->journal.array);
	return entry || (k->pending.on && !k->pending.bare) || k->fragment.open;
}

bool klog_line(struct klog *k, uint64_t number, const char *line, size_t len)
{
	uint64_t before = k->a.relevant;
	struct text t = text_of(line, len < MAX_LINE ? len : MAX_LINE);
	while (t.end > t.p && (unsigned char)t.end[-1] < 0x20 && t.end[-1] != '\t')
		t.end--;
	if (text_len(t) > 6 && memcmp(t.end - 6, "\xe2\x90\x8d\xe2\x90\x8a", 6) == 0)	/* CR and LF as pictures */
		t.end -= 6;
	k->raw = len;
	k->held = false;
	if (!undo_line(&k->undo, &t, k->caret))
		return true;
	any_line(k, number, t);
	return k->a.relevant != before || k->held || expects_more(k);
}

void klog_flush(struct klog *k)
{
	struct journal_entry *e = journal_end(&k->journal);
	if (e)
		entry(k, e->line, e);
	if (k->fragment.open)
		end_fragment(k);
	flush_pending(k);
	release(k, k->newest.state == NEWEST_ON);
	flush_pending(k);
	assemble_flush(&k->a);
}
