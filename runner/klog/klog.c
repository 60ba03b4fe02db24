// SPDX-License-Identifier: GPL-2.0-or-later
/* Physical lines and records to messages: prefixes, escapes, pieces. */
#include "klog/klog.h"

#include "base/util.h"
#include "klog/scan.h"
#include "klog/state.h"

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
	pstore_free(&k->pstore);
	free(k);
}

bool klog_open(const struct klog *k)
{
	return k->a.n || k->pending.on || k->conts.n || k->fragment.open || k->newest.n || k->torn_head.torn ||
	       k->undo.base64.state != BASE64_OFF || k->pstore.on;
}

/* A message, unless it is the second of two alike. */
static void fresh(struct klog *k, const struct prefix *p, uint64_t number, struct text t)
{
	enum twin twin = twins_look(&k->twins, p, t);
	if (twin == TWIN_NOT) {
		message(k, p, number, t);
		return;
	}
	struct line l = { .kind = LINE_OTHER };
	if (twin == TWIN_LIKELY)
		line_parse(t, &l);
	bool head = l.kind == LINE_HEADER || l.kind == LINE_TASK_IN;
	assemble_twin(&k->a, head, k->pending.on && k->pending.l.kind == l.kind);
}

/* A record may be several lines (memory.stat in one printk, the counters under Mem-Info), or one with a newline in a
 * comm. */
static void record(struct klog *k, const struct prefix *p, uint64_t number, struct text t)
{
	const char *nl = memchr(t.p, '\n', text_len(t));
	struct line l;
	if (nl && !cont_goes_on(&k->conts, p, t)) {
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
				fresh(k, p, number, text_of(t.p, (size_t)(nl - t.p)));
				t.p = nl + 1;
			}
		}
	}
	fresh(k, p, number, t);
}

enum klog_continues klog_continues(char flag)
{
	return flag == 'c' || flag == '+' ? CONTINUES_SOME : flag == '-' ? CONTINUES_NOTHING : CONTINUES_UNSAID;
}

void klog_record(struct klog *k, int64_t seq, int64_t usec, int level, enum klog_continues continues, const char *caller,
		 const char *text, size_t len)
{
	struct prefix p = { .stamped = true, .level = level, .usec = usec, .seq = seq, .continues = continues };
	if (caller && *caller) {
		p.caller = text_of(caller, strlen(caller));
		p.context = hash_text(0, p.caller);
	}
	record(k, &p, 0, text_of(text, len < MAX_LINE ? len : MAX_LINE));
	/* a record is whole: nothing follows it */
	message_flush(k);
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

/* Was the line broken in its prefix, or right behind it? "… kernel:", "… kernel: [", "… kernel: [   12.3" and "[   12.3]" go
 * on in the next line, maybe, and so does "Mar  3 04:05:06 a-long-name". */
static enum torn ends_in_head(struct text line, const struct prefix *p)
{
	struct text t = p->message;
	text_blanks(&t);
	text_trim_end(&t);
	if (!p->stamped || text_len(line) > TORN_MAX || text_len(t) > 80)
		return TORN_NOT;
	if (!text_len(t))
		return TORN_MESSAGE;
	if (*t.p == '[')
		return text_len(t) < 20 && !memchr(t.p, ']', text_len(t)) ? TORN_MESSAGE : TORN_NOT;
	bool host = p->when.p && p->usec == OOM_UNKNOWN && !text_len(p->host) && !memchr(t.p, ' ', text_len(t));
	return host && p->when.p > line.p && p->when.p[-1] == '[' ? TORN_NOT : host ? TORN_TAG : TORN_NOT;
}

/* Puts a line behind the one that ended in its prefix, if it is no line of its own. */
static bool rejoin(struct klog *k, struct text *t)
{
	struct prefix p;
	struct text head = text_of(k->torn_head.text, k->torn_head.len), rest = *t;
	size_t room = sizeof(k->rejoined) - sizeof(k->torn_head.text) - 1;
	text_blanks(&rest);
	if (!text_len(rest) || text_len(*t) > room)
		return false;
	prefix_strip(*t, &p, NULL);
	bool torn_number = is_digit(head.end[-1]) && is_digit(*t->p);
	if (k->torn_head.torn == TORN_TAG ? !text_starts(rest, "kernel:") : p.stamped)
		return false;
	char *to = k->rejoined;
	memcpy(to, head.p, text_len(head));
	to += text_len(head);
	if (!torn_number && !k->torn_head.backslash && head.end[-1] != ' ')
		*to++ = ' ';
	memcpy(to, t->p, text_len(*t));
	*t = text_of(k->rejoined, (size_t)(to - k->rejoined) + text_len(*t));
	return true;
}

static void whole_line(struct klog *k, uint64_t number, struct text t, bool may_be_torn)
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
	enum torn torn = may_be_torn ? ends_in_head(t, &p) : TORN_NOT;
	if (torn) {
		k->torn_head.torn = torn;
		k->torn_head.number = number;
		k->torn_head.backslash = t.end[-1] == '\\';
		k->torn_head.len = text_len(t) - k->torn_head.backslash;
		k->torn_head.raw = k->raw;
		memcpy(k->torn_head.text, t.p, text_len(t));
		return;
	}
	struct text m = p.message;
	if (!p.stamped)
		learned(k, &m);
	without_backslash(k, &p, &m);
	size_t indent = 0;
	while (indent < text_len(t) && (t.p[indent] == ' ' || t.p[indent] == '\t'))
		indent++;
	/* what all lines have is no blank of this one */
	k->indented = p.stamped ? m.p - t.p > 2 && m.p[-1] == ' ' && m.p[-2] == ' '
				: indent > (k->pending.on ? k->pending.indent : 0);
	k->indent = indent;
	if (marks & MARK_BACKSLASH && p.seq != OOM_UNKNOWN) {
		/* in place or into the scratch: shorter than what it is made from */
		char *to = m.p >= k->scratch && m.p <= k->scratch + MAX_LINE ? k->scratch + (m.p - k->scratch)
									     : k->scratch;
		m = text_of(to, markup_record(m, to));
	}
	record(k, &p, number, m);
}

/* The line that ended in its prefix, as it is: what follows does not belong to it. */
static void end_torn_head(struct klog *k)
{
	size_t raw = k->raw;
	k->torn_head.torn = TORN_NOT;
	k->raw = k->torn_head.raw;
	whole_line(k, k->torn_head.number, text_of(k->torn_head.text, k->torn_head.len + k->torn_head.backslash), false);
	k->raw = raw;
}

static void plain_line(struct klog *k, uint64_t number, struct text t)
{
	undo_head(&k->undo, &t);
	if (k->torn_head.torn && rejoin(k, &t)) {
		k->torn_head.torn = TORN_NOT;
		number = k->torn_head.number;
	} else if (k->torn_head.torn) {
		end_torn_head(k);
	}
	whole_line(k, number, t, true);
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
	return entry || k->conts.n || (k->pending.on && !k->pending.bare) || k->fragment.open || k->torn_head.torn;
}

/* The lines of a dump whose parts came in another order. */
static void parts_in_order(struct klog *k)
{
	uint64_t number;
	struct text t;
	k->parts_come = true;
	while (pstore_next(&k->pstore, &number, &t))
		klog_line(k, number, t.p, text_len(t));
	k->parts_come = false;
}

/* Is the line kept until all parts of its dump are there? A part's first line is short, and begins with a capital. */
static bool of_a_part(struct klog *k, uint64_t number, struct text t)
{
	if (k->parts_come || (!k->pstore.on && (!text_len(t) || *t.p < 'A' || *t.p > 'Z')))
		return false;
	while (!pstore_take(&k->pstore, number, t)) {
		if (!k->pstore.ready)
			return false;
		parts_in_order(k);
	}
	return true;
}

bool klog_line(struct klog *k, uint64_t number, const char *line, size_t len)
{
	uint64_t before = k->a.relevant;
	struct text t = text_of(line, len < MAX_LINE ? len : MAX_LINE);
	while (t.end > t.p && (unsigned char)t.end[-1] < 0x20 && t.end[-1] != '\t')
		t.end--;
	while (t.p < t.end && !*t.p)	/* what a file system had not written yet when the machine died */
		t.p++;
	if (text_len(t) > 6 && memcmp(t.end - 6, "\xe2\x90\x8d\xe2\x90\x8a", 6) == 0)	/* CR and LF as pictures */
		t.end -= 6;
	if ((k->pstore.on || text_len(t) <= PSTORE_MARK) && of_a_part(k, number, t))
		return true;
	k->raw = len;
	k->held = k->undo.coded = false;
	if (!undo_line(&k->undo, &t, k->caret))
		return true;
	do {
		if (k->undo.coded)
			k->raw = text_len(t);
		bool row = k->csv.fields || memchr(t.p, '"', text_len(t));
		any_line(k, number, row ? csv_message(&k->csv, t) : t);
	} while (undo_more(&k->undo, &t));
	return k->a.relevant != before || k->held || k->undo.base64.state != BASE64_OFF || expects_more(k);
}

void klog_flush(struct klog *k)
{
	struct text t;
	pstore_end(&k->pstore);
	parts_in_order(k);
	base64_end(&k->undo.base64);
	while (undo_more(&k->undo, &t))
		any_line(k, k->a.count, t);
	struct journal_entry *e = journal_end(&k->journal);
	if (e)
		entry(k, e->line, e);
	if (k->torn_head.torn)
		end_torn_head(k);
	if (k->fragment.open)
		end_fragment(k);
	message_flush(k);
	message_release(k, k->newest.state == NEWEST_ON);
	message_flush(k);
	message_end_conts(k);
	assemble_flush(&k->a);
}
