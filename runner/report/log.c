// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/log.h"

#include <inttypes.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "explain/recompute.h"
#include "klog/line.h"
#include "klog/table.h"

#define LINES_HEAD 900		/* a page holds hundreds of logs; a report of a full table takes some hundred lines */
#define LINES_TAIL 300
#define LINE_MAX_BYTES 1000
#define CHOICES_MAX 20

struct marks {
	json_t *list;		/* from, to, from, to, … */
	const char *line;
	const char *cursor;	/* behind the last one */
};

static void mark(struct marks *m, const char *from, const char *to)
{
	if (from < m->cursor || to <= from)
		return;
	json_array_append_new(m->list, json_integer(from - m->line));
	json_array_append_new(m->list, json_integer(to - m->line));
	m->cursor = to;
}

/* A field that the parser points to. */
static void mark_text(struct marks *m, struct text message, struct text field)
{
	if (field.p >= message.p && field.end <= message.end)
		mark(m, field.p, field.end);
}

static bool word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

/* A field of which the parser tells the value: where it stands next. */
static void mark_number(struct marks *m, struct text message, int64_t value)
{
	char digits[24];
	if (value == OOM_UNKNOWN)
		return;
	int len = snprintf(digits, sizeof(digits), "%" PRId64, value);
	for (const char *p = m->cursor; p + len <= message.end; p++) {
		bool begins = p == message.p || !word(p[-1]);
		bool ends = p + len == message.end || !is_digit(p[len]);
		if (begins && ends && memcmp(p, digits, (size_t)len) == 0) {
			mark(m, p, p + len);
			return;
		}
	}
}

/* Each column of a row that has a meaning, and the pid in brackets. */
static void mark_row(struct marks *m, struct text message, const struct table *table)
{
	struct text t = message;
	text_blanks(&t);
	if (text_len(t) && *t.p == '[')
		t.p++;
	for (int column = -1; text_len(t) && column < table->n; column++) {
		while (text_len(t) && (*t.p == ' ' || *t.p == ']'))
			t.p++;
		const char *from = t.p;
		bool name = column >= 0 && table->order[column] == OOM_COL_NAME;
		while (text_len(t) && (name || (*t.p != ' ' && *t.p != ']')))
			t.p++;
		if (column < 0 || table->order[column] != OOM_COL_OTHER)
			mark(m, from, t.p);
	}
}

static void mark_selected(struct marks *m, struct text message, const struct line *l)
{
	const char *constraint = oom_constraint_name(l->constraint);
	const char *at = constraint ? text_find(message, constraint) : NULL;
	if (at)
		mark(m, at, at + strlen(constraint));
	mark_text(m, message, l->nodemask);
	mark_text(m, message, l->cpuset);
	mark_text(m, message, l->mems_allowed);
	mark_text(m, message, l->a);
	mark_text(m, message, l->b);
	mark_number(m, message, l->kill.pid);
	mark_number(m, message, l->kill.uid);
}

static void mark_killed(struct marks *m, struct text message, const struct line *l)
{
	const struct oom_kill *k = &l->kill;
	const int64_t fields[] = { k->pid, k->total_vm_kb, k->anon_rss_kb, k->file_rss_kb, k->shmem_rss_kb, k->uid,
				   k->pgtables_kb, k->oom_score_adj, k->score };
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		mark_number(m, message, fields[i]);
		const char *comm = i == 0 && *k->comm ? text_find(message, k->comm) : NULL;
		if (comm)
			mark(m, comm, comm + strlen(k->comm));
	}
}

/* Which of n[] a kind of line fills (klog/line.h). A gfp mask's number is hexadecimal, and within its text. */
static void numbers_of(enum line_kind kind, size_t *first, size_t *end)
{
	*first = kind == LINE_HEADER;
	switch (kind) {
	case LINE_HEADER:
	case LINE_USAGE:	*end = 3; return;
	case LINE_REAPED:	*end = 4; return;
	case LINE_CPU:
	case LINE_STAT:
	case LINE_PAGES:
	case LINE_SWAP:
	case LINE_EXITING:
	case LINE_PINNED:
	case LINE_SUPPRESSED:	*end = 1; return;
	default:		*end = 0; return;
	}
}

/* Texts and numbers in the order in which they stand: what lies before the cursor is not marked. */
static void mark_plain(struct marks *m, struct text message, const struct line *l)
{
	size_t first, end;
	numbers_of(l->kind, &first, &end);
	bool numbers_first = l->kind == LINE_CPU || l->kind == LINE_PAGES || l->kind == LINE_REAPED;
	if (numbers_first && first < end)
		mark_number(m, message, l->n[first++]);
	mark_text(m, message, l->a);
	mark_text(m, message, l->b);
	for (size_t i = first; i < end; i++)
		mark_number(m, message, l->n[i]);
}

static void mark_fields(struct marks *m, struct text message, const struct line *l, const struct table *table)
{
	switch (l->kind) {
	case LINE_ROW:
		mark_row(m, message, table);
		break;
	case LINE_SELECTED:
	case LINE_CPUSET:
		mark_selected(m, message, l);
		break;
	case LINE_KILLED:
	case LINE_CHOICE:
		mark_killed(m, message, l);
		break;
	default:
		mark_plain(m, message, l);
		break;
	}
}

/* NULL: nothing of an OOM report. */
static const char *kind_name(const struct line *l, struct text message)
{
	switch (l->kind) {
	case LINE_HEADER:	return "header";
	case LINE_POLICY:
	case LINE_CPUSET:
	case LINE_CPU:
	case LINE_TASK_IN:
	case LINE_SELECTED:
	case LINE_GROUP:	return "choice";
	case LINE_USAGE:
	case LINE_MEMCG_STATS:	return "memcg";
	case LINE_TABLE:
	case LINE_TASKS_STATE:
	case LINE_ROW:		return "table";
	case LINE_CHOICE:
	case LINE_KILLED:
	case LINE_SHARING:	return "killed";
	case LINE_REAPED:	return "reaped";
	case LINE_NO_KILLABLE:
	case LINE_PANIC:	return "panic";
	case LINE_TRACE:	return "trace";
	case LINE_OTHER:
	case LINE_BLANK:
	case LINE_HALF:		return klog_splat(message.p, text_len(message)) ? "splat" : NULL;
	default:		return "memory";
	}
}

static json_t *entry(const json_t *record, struct text message, struct table *table)
{
	struct line l;
	line_parse(message, &l);
	struct text trimmed = message;
	text_blanks(&trimmed);
	if (l.kind == LINE_TABLE)
		table_header(trimmed, table);
	struct marks m = { .list = json_array(), .line = message.p, .cursor = message.p };
	const char *kind = kind_name(&l, message);
	if (kind)
		mark_fields(&m, message, &l, table);
	if (!json_array_size(m.list)) {
		json_decref(m.list);
		m.list = json_null();
	}
	return json_pack("[O? O? o s? o]", json_object_get(record, "t"), json_object_get(record, "level"),
			 json_bytes(message.p, text_len(message)), kind, m.list);
}

/* Calls `each` for every line of every record. */
static void each_line(const json_t *kmsg, void (*each)(const json_t *record, struct text message, void *arg), void *arg)
{
	size_t i, len;
	json_t *record;
	json_array_foreach(kmsg, i, record) {
		CLEANUP_FREE char *bytes = json_bytes_get(json_object_get(record, "text"), &len);
		const char *p = bytes, *end = bytes ? bytes + len : NULL;
		while (p) {
			const char *newline = memchr(p, '\n', (size_t)(end - p));
			size_t n = (size_t)((newline ? newline : end) - p);
			each(record, text_of(p, n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES), arg);
			p = newline ? newline + 1 : NULL;
		}
	}
}

struct story {
	json_t *list;
	struct table table;
};

static void add_line(const json_t *record, struct text message, void *arg)
{
	struct story *s = arg;
	json_array_append_new(s->list, entry(record, message, &s->table));
}

json_t *log_story(const json_t *kmsg)
{
	struct story s = { .list = json_array() };
	each_line(kmsg, add_line, &s);
	size_t n = json_array_size(s.list), left_out = n - (LINES_HEAD + LINES_TAIL);
	if (n <= LINES_HEAD + LINES_TAIL)
		return s.list;
	json_t *cut = json_array();
	for (size_t i = 0; i < n; i++) {
		if (i == LINES_HEAD)
			json_array_append_new(cut, json_pack("[n n I n n]", (json_int_t)left_out));
		if (i < LINES_HEAD || i >= n - LINES_TAIL)
			json_array_append(cut, json_array_get(s.list, i));
	}
	json_decref(s.list);
	return cut;
}

static void add_mark(const json_t *record, struct text message, void *arg)
{
	struct line l;
	line_parse(message, &l);
	if (l.kind == LINE_HEADER)
		json_array_append_new(arg, json_pack("{s:O? s:s s:o}", "t", json_object_get(record, "t"), "kind", "oom", "text",
						     json_bytes(l.a.p, text_len(l.a))));
	else if (l.kind == LINE_KILLED)
		json_array_append_new(arg, json_pack("{s:O? s:s s:o s:I}", "t", json_object_get(record, "t"), "kind", "kill",
						     "text", json_bytes(l.kill.comm, strlen(l.kill.comm)), "pid",
						     (json_int_t)l.kill.pid));
	else if (l.kind == LINE_PANIC)
		json_array_append_new(arg, json_pack("{s:O? s:s s:o}", "t", json_object_get(record, "t"), "kind", "panic", "text",
						     json_bytes(message.p, text_len(message))));
}

/* Lines "[    6.582602] text" of a console as records, those behind `after` (microseconds since boot). */
static json_t *console_records(const char *console, int64_t after)
{
	json_t *list = json_array();
	for (const char *line = console; line && *line; line += *line ? 1 : 0) {
		size_t len = strcspn(line, "\r\n");
		long long s, us;
		int used = 0;
		if (sscanf(line, "[%lld.%6lld] %n", &s, &us, &used) == 2 && used && (size_t)used <= len && s >= 0 && us >= 0 &&
		    s < INT64_MAX / 2000000 && s * 1000000 + us > after)
			json_array_append_new(list, json_pack("{s:I s:o}", "t", (json_int_t)(s * 1000000 + us), "text",
							      json_bytes(line + used, len - (size_t)used)));
		line += len;
	}
	return list;
}

json_t *log_marks(const json_t *kmsg, const char *console)
{
	json_t *list = json_array();
	const json_t *last = json_array_get(kmsg, json_array_size(kmsg) ? json_array_size(kmsg) - 1 : 0);
	json_t *more = console_records(console, last ? json_integer_value(json_object_get(last, "t")) : -1);
	each_line(kmsg, add_mark, list);
	each_line(more, add_mark, list);
	json_decref(more);
	return list;
}

static json_t *number(int64_t n)
{
	return n == OOM_UNKNOWN ? json_null() : json_integer(n);
}

static json_t *candidate(const struct candidate *c)
{
	return json_pack("{s:o s:o s:o s:o s:o}", "comm", json_bytes(c->row->name, strlen(c->row->name)), "pid",
			 number(c->row->value[OOM_COL_TGID]), "points", number(c->points), "adj",
			 number(c->row->value[OOM_COL_OOM_SCORE_ADJ]), "rss", number(c->row->value[OOM_COL_RSS]));
}

struct choices {
	json_t *list;
	struct earlier earlier;
};

static void add_choice(struct oom_report *r, void *arg)
{
	static const char *const words[] = { [UNDECIDED] = NULL, [AGREES] = "yes", [DISAGREES] = "no" };
	struct choices *c = arg;
	struct recomputed again;
	recompute(r, &c->earlier, &again);
	if (again.n_top && json_array_size(c->list) < CHOICES_MAX) {
		json_t *rows = json_array();
		for (size_t i = 0; i < again.n_top; i++)
			json_array_append_new(rows, candidate(&again.top[i]));
		json_array_append_new(c->list, json_pack("{s:o s:o s:o s:s? s:s? s:o}", "t", number(r->usec_first), "comm",
							 json_bytes(r->selected.comm, strlen(r->selected.comm)), "pid",
							 number(r->has_selected ? r->selected.pid : OOM_UNKNOWN), "agrees",
							 words[again.agreement], "why", *again.why ? again.why : NULL,
							 "rows", rows));
	}
	earlier_add(&c->earlier, r);
	oom_report_free(r);
}

json_t *log_choices(const json_t *kmsg)
{
	struct choices c = { .list = json_array(), .earlier.usec = OOM_UNKNOWN };
	struct klog *k = klog_new(add_choice, &c);
	size_t i, len;
	json_t *record;
	json_array_foreach(kmsg, i, record) {
		CLEANUP_FREE char *bytes = json_bytes_get(json_object_get(record, "text"), &len);
		const json_t *seq = json_object_get(record, "seq"), *t = json_object_get(record, "t");
		if (bytes)
			klog_record(k, seq ? json_integer_value(seq) : OOM_UNKNOWN, t ? json_integer_value(t) : OOM_UNKNOWN, -1,
				    json_is_true(json_object_get(record, "cont")) ? CONTINUES_SOME : CONTINUES_UNSAID, NULL, bytes, len);
	}
	klog_flush(k);
	klog_free(k);
	return c.list;
}
