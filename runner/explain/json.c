// SPDX-License-Identifier: GPL-2.0-or-later
/* One report, one line of JSON. Written directly: a table may have tens of thousands of rows, and a log thousands of
 * tables. */
#include "base/util.h"
#include "explain/explain.h"

struct writer {
	FILE *out;
	size_t len;
	bool comma;
	char buf[65536];
};

static void drain(struct writer *w)
{
	fwrite(w->buf, 1, w->len, w->out);
	w->len = 0;
}

static void raw(struct writer *w, const char *s, size_t n)
{
	if (w->len + n > sizeof(w->buf))
		drain(w);
	memcpy(w->buf + w->len, s, n);
	w->len += n;
}

#define LIT(w, s) raw((w), "" s, sizeof(s) - 1)

static void open_with(struct writer *w, char c)
{
	raw(w, &c, 1);
	w->comma = false;
}

static void close_with(struct writer *w, char c)
{
	raw(w, &c, 1);
	w->comma = true;
}

static void separate(struct writer *w)
{
	if (w->comma)
		LIT(w, ",");
	w->comma = true;
}

static void key(struct writer *w, const char *name)
{
	separate(w);
	LIT(w, "\"");
	raw(w, name, strlen(name));
	LIT(w, "\":");
	w->comma = false;
}

static void number(struct writer *w, int64_t v)
{
	/* most of the output is numbers of a table: two digits at a time */
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
				    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char buf[24], *p = buf + sizeof(buf);
	if (v == OOM_UNKNOWN) {
		LIT(w, "null");
	} else {
		uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
		for (; u >= 10; u /= 100) {
			p -= 2;
			memcpy(p, pairs + u % 100 * 2, 2);
		}
		if (u || p == buf + sizeof(buf))
			*--p = (char)('0' + u);
		if (v < 0)
			*--p = '-';
		raw(w, p, (size_t)(buf + sizeof(buf) - p));
	}
	w->comma = true;
}

/* Bytes of one valid UTF-8 character at s, or 0. */
static size_t utf8(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* What is not UTF-8 becomes U+FFFD. */
static void string(struct writer *w, const char *text)
{
	w->comma = true;
	if (!text) {
		LIT(w, "null");
		return;
	}
	LIT(w, "\"");
	const unsigned char *s = (const unsigned char *)text, *plain = s;
	while (*s) {
		size_t n = utf8(s);
		if (n && *s >= 0x20 && *s != '"' && *s != '\\') {
			s += n;
			continue;
		}
		raw(w, (const char *)plain, (size_t)(s - plain));
		char esc[8];
		if (!n)
			LIT(w, "\\ufffd");
		else
			raw(w, esc, (size_t)snprintf(esc, sizeof(esc), *s < 0x20 ? "\\u%04x" : "\\%c", *s));
		plain = ++s;
		if (w->len > sizeof(w->buf) / 2)
			drain(w);
	}
	raw(w, (const char *)plain, (size_t)(s - plain));
	LIT(w, "\"");
}

static void boolean(struct writer *w, bool v)
{
	if (v)
		LIT(w, "true");
	else
		LIT(w, "false");
	w->comma = true;
}

static void key_number(struct writer *w, const char *name, int64_t v)
{
	key(w, name);
	number(w, v);
}

static void key_string(struct writer *w, const char *name, const char *v)
{
	key(w, name);
	string(w, v);
}

static void null(struct writer *w)
{
	LIT(w, "null");
	w->comma = true;
}

static void trigger(struct writer *w, const struct oom_report *r)
{
	key(w, "trigger");
	open_with(w, '{');
	key_string(w, "comm", r->has_header && r->trigger.comm[0] ? r->trigger.comm : NULL);
	key_number(w, "pid", r->trigger.pid);
	key_string(w, "gfp_mask", r->trigger.gfp_mask);
	key_number(w, "order", r->trigger.order);
	key_number(w, "oom_score_adj", r->trigger.oom_score_adj);
	close_with(w, '}');
}

static void memcg(struct writer *w, const struct oom_report *r)
{
	key(w, "memcg");
	if (!r->memcg) {
		null(w);
		return;
	}
	open_with(w, '{');
	key_string(w, "oom", r->oom_memcg);
	key_string(w, "task", r->task_memcg);
	key_number(w, "usage_kb", r->counter[OOM_COUNTER_MEMORY].usage_kb);
	key_number(w, "limit_kb", r->counter[OOM_COUNTER_MEMORY].limit_kb);
	close_with(w, '}');
}

static void tasks(struct writer *w, const struct oom_report *r)
{
	key(w, "tasks");
	open_with(w, '[');
	struct { const char *name; size_t len; enum oom_column c; } columns[OOM_COL_COUNT];
	char names[OOM_COL_COUNT][32];
	size_t n = 0;
	for (int c = 0; c < OOM_COL_COUNT; c++)
		if (r->columns >> c & 1) {
			int len = snprintf(names[n], sizeof(names[n]), "%s\"%s\":", n ? "," : "{",
					   oom_column_name((enum oom_column)c));
			columns[n].name = names[n];
			columns[n].len = (size_t)len;
			columns[n++].c = (enum oom_column)c;
		}
	for (size_t i = 0; i < r->n_rows && n; i++) {
		separate(w);
		for (size_t c = 0; c < n; c++) {
			raw(w, columns[c].name, columns[c].len);
			number(w, r->rows[i].value[columns[c].c]);
		}
		LIT(w, ",\"name\":");
		string(w, r->rows[i].name[0] ? r->rows[i].name : NULL);
		close_with(w, '}');
	}
	close_with(w, ']');
}

static void killed(struct writer *w, const struct oom_report *r)
{
	key(w, "killed");
	open_with(w, '[');
	for (size_t i = 0; i < r->n_kills; i++) {
		const struct oom_kill *k = &r->kills[i];
		separate(w);
		open_with(w, '{');
		key_number(w, "pid", k->pid);
		key_string(w, "comm", k->comm[0] ? k->comm : NULL);
		key_number(w, "uid", k->uid);
		key_number(w, "total_vm_kb", k->total_vm_kb);
		key_number(w, "anon_rss_kb", k->anon_rss_kb);
		key_number(w, "file_rss_kb", k->file_rss_kb);
		key_number(w, "shmem_rss_kb", k->shmem_rss_kb);
		key_number(w, "oom_score_adj", k->oom_score_adj);
		key_number(w, "score", k->score);
		close_with(w, '}');
	}
	close_with(w, ']');
}

static void findings(struct writer *w, const struct oom_report *r, const struct recomputed *c)
{
	struct report_finding found[MAX_REPORT_FINDINGS];
	size_t n = explain_findings(r, c, found);
	key(w, "findings");
	open_with(w, '[');
	for (size_t i = 0; i < n; i++) {
		separate(w);
		open_with(w, '{');
		key_string(w, "id", found[i].id);
		key_string(w, "text", found[i].text);
		close_with(w, '}');
	}
	close_with(w, ']');
}

static void outcome(struct writer *w, const struct oom_report *r, const struct recomputed *c)
{
	key(w, "panic");
	boolean(w, r->panic != NULL);
	key(w, "recomputed");
	if (c->have) {
		open_with(w, '{');
		key_number(w, "pid", c->row->value[OOM_COL_PID]);
		key_string(w, "comm", c->row->name);
		key_number(w, "points", c->points);
		key_number(w, "margin_pages", c->margin_pages);
		close_with(w, '}');
	} else {
		null(w);
	}
	key(w, "agrees");
	if (c->agreement == UNDECIDED)
		null(w);
	else
		boolean(w, c->agreement == AGREES);
	if (c->agreement != AGREES)
		key_string(w, "why", c->why);
	if (c->agreement == DISAGREES)
		key_string(w, "unless", c->unless);
	findings(w, r, c);
	key(w, "complete");
	boolean(w, r->complete);
	key(w, "problems");
	open_with(w, '[');
	for (size_t i = 0; i < r->n_problems; i++) {
		separate(w);
		string(w, r->problems[i]);
	}
	close_with(w, ']');
}

void explain_json(FILE *out, const char *file, const struct oom_report *r, const struct recomputed *c)
{
	struct writer w;
	w.out = out;
	w.len = 0;
	open_with(&w, '{');
	key_string(&w, "file", file);
	key_number(&w, "line", r->line ? (int64_t)r->line : OOM_UNKNOWN);
	key_string(&w, "kernel", r->kernel);
	key_string(&w, "constraint", oom_constraint_name(r->constraint));
	trigger(&w, r);
	memcg(&w, r);
	key_number(&w, "totalpages", c->totalpages);
	key_number(&w, "page_size", r->page_size);
	tasks(&w, r);
	killed(&w, r);
	outcome(&w, r, c);
	LIT(&w, "}\n");
	drain(&w);
}
