// SPDX-License-Identifier: GPL-2.0-or-later
/* What people and transports put around a line, and what stands in brackets before a message. */
#include "klog/prefix.h"

#include "klog/line.h"
#include "klog/prefix_parts.h"

bool prefix_looks_stamped(struct text t)
{
	struct text when;
	text_blanks(&t);
	int64_t n;
	if (text_eat(&t, "["))
		return stamp_seconds(&t, &n) || stamp_date(&t, &when);
	return text_starts(t, "<") && text_len(t) > 2 && is_digit(t.p[1]);
}

bool prefix_begins(struct text t)
{
	struct text when;
	text_blanks(&t);
	return prefix_looks_stamped(t) || line_opens(t) || stamp_date(&t, &when);
}

/* A mark right before what it marks: "|" of a table, "+" of a diff. */
static bool bare_mark(struct text t)
{
	struct text behind = text_of(t.p + 1, text_len(t) - 1);
	return prefix_looks_stamped(behind) || line_opens(behind);
}

void prefix_decoration(struct text *t, struct prefix *out)
{
	for (;;) {
		text_blanks(t);
		if (text_starts(*t, "[\"") || text_starts(*t, "['")) {	/* a list's first string */
			out->quoted = true;
			t->p += 2;
			continue;
		}
		if (!text_len(*t) || ((is_alpha(*t->p) || is_digit(*t->p) || *t->p == '[') && *t->p != 'b'))
			return;	/* most lines */
		if (text_starts(*t, "\033[")) {
			const char *p = t->p + 2;
			while (p < t->end && !is_alpha(*p))
				p++;
			if (p == t->end)
				return;
			t->p = p + 1;
		} else if (text_starts(*t, "\xef\xbb\xbf")) {
			t->p += 3;
		} else if (text_len(*t) > 1 && *t->p == '\r') {	/* a serial console's */
			t->p++;
		} else if (text_len(*t) > 1 && *t->p == '>' && t->p[1] != '=') {
			t->p++;
		} else if (text_len(*t) > 1 && *t->p == '|' && (t->p[1] == ' ' || t->p[1] == '\t' || bare_mark(*t))) {
			out->barred = true;
			t->p++;
		} else if (text_len(*t) > 2 && (*t->p == '*' || *t->p == '-' || *t->p == '+') && t->p[1] == ' ') {
			t->p++;
		} else if (text_len(*t) > 2 && *t->p == '+' && bare_mark(*t)) {
			t->p++;
		} else if (text_len(*t) > 1 && (*t->p == '"' || *t->p == '`' || *t->p == '\'')) {
			out->quoted = true;
			t->p++;
		} else if (text_starts(*t, "b'") || text_starts(*t, "b\"")) {	/* Python's bytes */
			out->quoted = true;
			t->p += 2;
		} else if (text_starts(*t, "\xe2\x80\x9c")) {
			out->quoted = true;
			t->p += 3;
		} else if (text_starts(*t, "\xe2\x94\x82") || text_starts(*t, "\xe2\x94\x83")) {	/* a box's side */
			out->barred = true;
			t->p += 3;
		} else if (text_starts(*t, "\xe2\x80\x8b")) {	/* a blank of no width */
			t->p += 3;
		} else {
			return;
		}
	}
}

/* Up to ']' at most 8 bytes away: "0" of "[12.345678,0]", a delta of dmesg -d or journalctl -o short-delta. */
static bool rest_of_seconds(struct text *v, struct prefix *out)
{
	text_blanks(v);
	if (text_eat(v, "<")) {
		int64_t delta;
		if (!stamp_seconds(v, &delta))
			return false;
		text_blanks(v);
		return text_eat(v, ">") && text_eat(v, "]");
	}
	struct text who = *v;
	if (v->p < v->end && *v->p != ']') {
		const char *close = memchr(v->p, ']', text_len(*v));
		if (!close || close - v->p > 8)
			return false;
		who.end = close;
		if (who.p[0] == ',' || who.p[0] == '@') {
			who.p++;
			out->caller = who;
		}
		v->p = close;
	}
	return text_eat(v, "]");
}

/* "T123", "C0", with CONFIG_PRINTK_CALLER */
static bool is_caller(struct text in)
{
	if (text_len(in) < 2 || text_len(in) > 12 || (*in.p != 'T' && *in.p != 'C'))
		return false;
	for (const char *p = in.p + 1; p < in.end; p++)
		if (!is_digit(*p))
			return false;
	return true;
}

/* "Mar 3 14:07": dmesg --reltime writes it where a minute begins. */
static bool is_minute(struct text in)
{
	const char *p = in.end;
	return text_len(in) >= 10 && text_len(in) <= 24 && is_digit(p[-1]) && is_digit(p[-2]) && p[-3] == ':' &&
	       is_digit(p[-4]) && memchr(in.p, ' ', text_len(in));
}

/* "[W] ", "[warn] ", "[c0] ", "[kernel] " behind a time stamp: whoever relayed the line says what it is to him. */
static bool is_mark(struct text in, struct text behind)
{
	if (!text_len(in) || text_len(in) > 8 || !is_alpha(*in.p) || text_is(in, "pid") || !text_len(behind))
		return false;
	for (const char *p = in.p; p < in.end; p++)
		if (!is_alpha(*p) && !is_digit(*p))
			return false;
	return *behind.p == ' ' || (text_len(in) == 1 && memchr("VDIWEFNCA", *in.p, 9));
}

bool prefix_bracket(struct text *t, struct prefix *out)
{
	struct text v = *t;
	int64_t usec;
	v.p++;
	if (stamp_seconds(&v, &usec)) {
		if (!rest_of_seconds(&v, out))
			return false;
		out->usec = usec;
		*t = v;
		return true;
	}
	const char *close = memchr(v.p, ']', text_len(v) < 96 ? text_len(v) : 96);
	if (!close)
		return false;
	struct text in = text_of(v.p, (size_t)(close - v.p));
	text_blanks(&in);
	text_trim_end(&in);
	v.p = close + 1;
	if (is_caller(in)) {
		out->caller = in;
		*t = v;
		return true;
	}
	struct text rest = in;
	if (text_eat(&rest, "+") && stamp_seconds(&rest, &usec) && rest.p == rest.end) {	/* dmesg --reltime */
		*t = v;
		return true;
	}
	rest = in;
	if (stamp_date(&rest, &out->when)) {
		text_eat(&v, ":");
		*t = v;
		return true;
	}
	if (is_minute(in)) {
		out->when = in;
		*t = v;
		return true;
	}
	/* "[pod/name/container] …" */
	if (text_starts(in, "pod/") && !memchr(in.p, ' ', text_len(in))) {
		out->host = in;
		*t = v;
		return true;
	}
	if ((out->usec != OOM_UNKNOWN || out->when.p) && is_mark(in, v)) {
		*t = v;
		return true;
	}
	return false;
}

/* "[1: kworker/1:2: 1234]", "[1:kworker/1:2:1234]" and "(1)[1234:kworker/1:2]": CPU and task */
static bool task_tag(struct text *t)
{
	struct text v = *t;
	int64_t n;
	if (text_eat(&v, "(") && text_int(&v, &n) && text_eat(&v, ")") && text_eat(&v, "[") && text_int(&v, &n) &&
	    text_eat(&v, ":")) {
		const char *close = memchr(v.p, ']', text_len(v) < 24 ? text_len(v) : 24);
		if (!close)
			return false;
		t->p = close + 1;
		return true;
	}
	v = *t;
	if (text_starts(v, "(CPU:")) {	/* "(CPU:1-pid:123:kworker/1:2)" */
		const char *end = memchr(v.p, ')', text_len(v) < 48 ? text_len(v) : 48);
		if (!end || !text_find(text_of(v.p, (size_t)(end - v.p)), "-pid:"))
			return false;
		t->p = end + 1;
		return true;
	}
	if (text_starts(v, "[pid:")) {	/* "[pid:123,cpu1,kworker/1:2]" */
		const char *end = memchr(v.p, ']', text_len(v) < 48 ? text_len(v) : 48);
		if (!end || !text_find(text_of(v.p, (size_t)(end - v.p)), ",cpu"))
			return false;
		t->p = end + 1;
		return true;
	}
	if (!text_eat(&v, "[") || !text_int(&v, &n) || n > 1023 || !text_eat(&v, ":"))
		return false;
	const char *close = memchr(v.p, ']', text_len(v) < 40 ? text_len(v) : 40);
	if (!close || !is_digit(close[-1]))
		return false;
	const char *p = close;
	while (is_digit(p[-1]))
		p--;
	while (p[-1] == ' ')
		p--;
	if (p <= v.p || p[-1] != ':')
		return false;
	t->p = close + 1;
	return true;
}

/* Vendors' kernels for telephones: a CPU and a task behind the time stamp, "c1 ", "<1>", "-" or "." before them. */
bool prefix_vendor(struct text *t)
{
	struct text v = *t;
	int64_t n;
	text_blanks(&v);
	if (text_eat(&v, "c") && text_int(&v, &n) && n >= 0 && n < 64 && text_starts(v, " ")) {
		*t = v;
		return true;
	}
	v = *t;
	text_blanks(&v);
	if (text_eat(&v, "<") && !(text_int(&v, &n) && text_eat(&v, ">")))
		return false;
	if (text_starts(v, ".(") || text_starts(v, "-(") || (text_len(v) > 2 && is_alpha(*v.p) && v.p[1] == '['))
		v.p++;	/* … or a level's letter */
	if (!task_tag(&v))
		return false;
	*t = v;
	return true;
}
