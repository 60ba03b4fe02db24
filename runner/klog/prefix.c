// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/prefix.h"

#include "klog/line.h"

uint32_t hash_text(uint32_t h, struct text t)
{
	if (!h)
		h = 2166136261u;
	for (const char *p = t.p; p < t.end; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	return h ? h : 1;
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Quotes of mail, list marks, colours, tree lines: may stand anywhere before the message, and say nothing. */
static void decoration(struct text *t, struct prefix *out)
{
	for (;;) {
		text_blanks(t);
		if (text_starts(*t, "\033[")) {
			const char *p = t->p + 2;
			while (p < t->end && !is_alpha(*p))
				p++;
			if (p == t->end)
				return;
			t->p = p + 1;
		} else if (text_starts(*t, "\xef\xbb\xbf")) {
			t->p += 3;
		} else if (text_len(*t) > 1 && (*t->p == '>' || *t->p == '|') && t->p[1] != '=') {
			t->p++;
		} else if (text_len(*t) > 2 && (*t->p == '*' || *t->p == '-' || *t->p == '+') && t->p[1] == ' ') {
			t->p++;
		} else if (text_len(*t) > 1 && (*t->p == '"' || *t->p == '`' || *t->p == '\'')) {
			out->quoted = true;
			t->p++;
		} else {
			return;
		}
	}
}

/* What stands in brackets before a message: a time stamp, a caller, a date. A row or a header of the task table and the
 * address of a trace are the message. */
static bool bracket(struct text *t, struct prefix *out)
{
	struct text v = *t;
	int64_t usec;
	v.p++;
	if (stamp_seconds(&v, &usec)) {
		text_blanks(&v);
		struct text who = v;
		if (v.p < v.end && *v.p != ']') {	/* "[ 12.345678,0]" and the like */
			const char *close = memchr(v.p, ']', text_len(v));
			if (!close || close - v.p > 8)
				return false;
			who.end = close;
			if (who.p[0] == ',' || who.p[0] == '@') {
				who.p++;
				out->caller = who;
			}
			v.p = close;
		}
		if (!text_eat(&v, "]"))
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
	if (text_len(in) >= 2 && text_len(in) <= 12 && (*in.p == 'T' || *in.p == 'C') && is_digit(in.p[1])) {
		for (const char *p = in.p + 1; p < in.end; p++)
			if (!is_digit(*p))
				return false;
		out->caller = in;
		*t = v;
		return true;
	}
	struct text rest = in;
	if (stamp_date(&rest, &out->when)) {
		text_eat(&v, ":");
		*t = v;
		return true;
	}
	/* "[pod/name/container] …" */
	if (text_starts(in, "pod/") && !memchr(in.p, ' ', text_len(in))) {
		out->host = in;
		*t = v;
		return true;
	}
	return false;
}

static bool looks_stamped(struct text t)
{
	text_blanks(&t);
	int64_t n;
	if (text_starts(t, "[")) {
		t.p++;
		return stamp_seconds(&t, &n);
	}
	return text_starts(t, "<") && text_len(t) > 2 && is_digit(t.p[1]);
}

/* "<6>", "<165>1 " (RFC 5424) */
static bool level(struct text *t, struct prefix *out)
{
	struct text v = *t;
	int64_t n;
	if (!text_eat(&v, "<") || !text_int(&v, &n) || n < 0 || n > 1023 || !text_eat(&v, ">"))
		return false;
	if (text_starts(v, "1 "))
		v.p += 2;
	out->level = (int)(n & 7);
	out->foreign = out->written = n > 7 && looks_stamped(v);	/* a program wrote to /dev/kmsg */
	*t = v;
	return true;
}

/* "6,22743,6115623303887,-;" or "6,22743,6115623303887,-,caller=T12;" : Documentation/ABI/testing/dev-kmsg */
static bool record_head(struct text *t, struct prefix *out)
{
	struct text v = *t;
	int64_t pri, seq, usec;
	if (!is_digit(*v.p) || !text_int(&v, &pri) || !text_eat(&v, ",") || !text_int(&v, &seq) || !text_eat(&v, ",") ||
	    !text_int(&v, &usec) || !text_eat(&v, ","))
		return false;
	const char *semicolon = memchr(v.p, ';', text_len(v) < 64 ? text_len(v) : 64);
	if (!semicolon)
		return false;
	struct text flags = text_of(v.p, (size_t)(semicolon - v.p));
	const char *caller = text_find(flags, "caller=");
	if (caller)
		out->caller = text_of(caller + 7, (size_t)(semicolon - caller) - 7);
	out->level = (int)(pri & 7);
	out->foreign = out->written = pri > 7;
	out->seq = seq;
	out->usec = usec;
	v.p = semicolon + 1;
	*t = v;
	return true;
}

/* The word, cut behind "kernel:" where the message follows without a blank. */
static struct text tag_word(struct text t)
{
	struct text w = stamp_word(t);
	if (text_starts(w, "kernel:") && text_len(w) > 7)
		w.end = w.p + 7;
	return w;
}

static bool is_kernel_tag(struct text w)
{
	static const char *const tags[] = { "kernel:", "kern:", "kmsg:", "klogd:", "kernel[0]:", "vmunix:", "[kernel]:",
					    "kernel:[", "KERNEL:", "warning:", "info:", "err:", "notice:", "crit:", "alert:",
					    "emerg:", "debug:" };
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (text_is(w, tags[i]))
			return true;
	return false;
}

/* Behind a date: "host kernel:", "host program[123]:", "0x1f0f Default 0x0 737 0 name:", or nothing. The last word before
 * the colon decides whose line it is; a program that relays stamped kernel lines is believed. */
static bool tag_after_date(struct text *t, struct prefix *out)
{
	struct text v = *t, first = { 0 };
	for (int i = 0; i < 8; i++) {
		text_blanks(&v);
		if (!text_len(v) || (i > 0 && i < 3 && (line_opens(v) || *v.p == '[')))
			break;
		struct text w = tag_word(v);
		if (i == 0)
			first = w;
		struct text behind = text_of(w.end, (size_t)(v.end - w.end));
		if (is_kernel_tag(w) || (text_is(w, "kernel") && text_starts(behind, " - "))) {
			if (i > 0)
				out->host = first;
			text_eat(&behind, " - ");
			while (text_eat(&behind, "- "))
				;
			*t = behind;
			return true;
		}
		if (text_len(w) > 1 && w.end[-1] == ':') {
			if (i > 0 && text_is(w, "oom-killer:"))
				break;
			if (i > 0)
				out->host = first;
			if (looks_stamped(behind) || text_starts(behind, " kern")) {
				*t = behind;
				return true;
			}
			out->foreign = true;
			return false;
		}
		v.p = w.end;
	}
	/* no tag at all: "Sep 13 15:31:25 host init invoked oom-killer: …" */
	struct text behind = text_of(first.end, (size_t)(t->end - first.end));
	text_blanks(&behind);
	if (!text_len(first) || !text_len(behind))
		return false;
	if (line_opens(behind) || *behind.p == '[' || text_find(behind, " invoked oom-killer:") ||
	    text_find(behind, " cpuset=")) {
		out->host = first;
		*t = behind;
	}
	return false;
}

/* dmesg -x: "kern  :warn  : "; "user  :info  : " is a program that wrote to /dev/kmsg. */
static bool decoded(struct text *t, struct prefix *out)
{
	struct text v = *t;
	const char *facility = v.p;
	for (int i = 0; i < 2; i++) {
		const char *first = v.p;
		while (v.p < v.end && ((*v.p >= 'a' && *v.p <= 'z') || is_digit(*v.p)))
			v.p++;
		if (v.p == first || v.p - first > 8)
			return false;
		text_blanks(&v);
		if (!text_eat(&v, ":"))
			return false;
	}
	if (!looks_stamped(v))
		return false;
	out->foreign = out->written = memcmp(facility, "kern", 4) != 0;
	*t = v;
	return true;
}

/* Without a date: "kernel: …", "192.0.2.1: kern: …", "web_1  | [ 12.3] …", "host kernel: …" behind a time stamp. */
static bool tag_alone(struct text *t, struct prefix *out)
{
	struct text w = tag_word(*t);
	struct text behind = text_of(w.end, (size_t)(t->end - w.end));
	if (!text_len(w))
		return false;
	if (decoded(t, out))
		return true;
	if (is_kernel_tag(w)) {
		*t = behind;
		return true;
	}
	struct text next = behind;
	text_blanks(&next);
	struct text w2 = tag_word(next);
	if (text_is(w2, "kernel:") || text_is(w2, "kern:") || (text_is(w2, "|") && text_len(w) < 48)) {
		out->host = w;
		t->p = text_is(w2, "kern:") ? next.p : w2.end;
		return true;
	}
	if (w.end[-1] == ':' && looks_stamped(behind)) {
		out->host = w;
		*t = behind;
		return true;
	}
	return false;
}

/* "166233 ", "12:", "34-" (grep -n, vim, cat -n) before something that is stamped itself. */
static bool line_number(struct text *t)
{
	struct text v = *t, when;
	int64_t n;
	if (!is_digit(*v.p) || !text_int(&v, &n) || !text_len(v) || !strchr(":- \t", *v.p))
		return false;
	v.p++;
	text_blanks(&v);
	struct text ahead = v;
	if (looks_stamped(v) || line_opens(v) || (v.p < v.end && is_alpha(*v.p) && stamp_date(&ahead, &when)) ||
	    (text_starts(v, "20") && stamp_date(&ahead, &when))) {
		*t = v;
		return true;
	}
	return false;
}

/* "messages-20240303:", "/var/log/kern.log:12:" of grep, right before something that is stamped itself. */
static bool file_name(struct text *t)
{
	struct text v = *t, when;
	for (int i = 0; i < 2; i++) {
		const char *p = v.p;
		while (p < v.end && p - v.p < 200 && *p != ':' && *p != ' ' && *p != '\t' && *p != '[' && *p != '<')
			p++;
		if (p == v.p || p == v.end || *p != ':' || p + 1 == v.end || p[1] == ' ')
			return false;
		v.p = p + 1;
		struct text ahead = v;
		if (looks_stamped(v) || line_opens(v) || stamp_date(&ahead, &when)) {
			*t = v;
			return true;
		}
	}
	return false;
}

/* "[12.345678] " in the middle of a line, and known words right behind it: whatever stands before, a kernel line is
 * quoted here. */
static bool anchor(struct text line, struct prefix *out)
{
	const char *p = line.end;
	for (int tries = 0; tries < 4; tries++) {
		p = text_rfind(text_of(line.p, (size_t)(p - line.p)), "] ");
		if (!p)
			return false;
		const char *open = memrchr(line.p, '[', (size_t)(p - line.p));
		struct text message = text_of(p + 2, (size_t)(line.end - p) - 2), in;
		int64_t usec;
		if (!open || p - open > 24)
			continue;
		in = text_of(open + 1, (size_t)(line.end - open) - 1);
		text_blanks(&message);
		if (!stamp_seconds(&in, &usec) || in.p != p ||
		    !(line_opens(message) || text_find(message, " invoked oom-killer:")))
			continue;
		out->message = message;
		out->usec = usec;
		out->stamped = true;
		out->foreign = false;
		return true;
	}
	return false;
}

void prefix_strip(struct text line, struct prefix *out)
{
	*out = (struct prefix){ .level = -1, .usec = OOM_UNKNOWN, .seq = OOM_UNKNOWN };
	struct text t = line;
	bool dated = false, tagged = false;
	for (int pieces = 0; pieces < 16; pieces++) {
		decoration(&t, out);
		if (!text_len(t))
			break;
		if (out->foreign)
			break;
		char c = *t.p;
		if (c == '[') {
			bool had_date = out->when.p != NULL;
			if (!bracket(&t, out))
				break;
			out->stamped = true;
			if (!had_date && out->when.p)
				dated = tagged = true;
			continue;
		}
		if (c == '<' && level(&t, out)) {
			out->stamped = true;
			continue;
		}
		if (line_opens(t))
			break;
		if (is_digit(c) && (record_head(&t, out))) {
			out->stamped = tagged = true;
			continue;
		}
		if (tagged && out->usec != OOM_UNKNOWN)
			break;
		if (!dated && out->usec == OOM_UNKNOWN) {
			int64_t usec;
			struct text number = t;
			if (line_number(&t))
				continue;
			if (stamp_date(&t, &out->when)) {
				dated = out->stamped = true;
				continue;
			}
			if (pieces < 3 && file_name(&t))
				continue;
			if (is_digit(c) && stamp_seconds(&number, &usec) && text_starts(number, " ")) {	/* short-unix */
				t = number;
				dated = out->stamped = true;
				continue;
			}
		}
		if (text_eat(&t, "MESSAGE=")) {
			out->stamped = true;
			continue;
		}
		if (dated && !tagged && stamp_date(&t, &out->when))	/* a collector's date before the log's own */
			continue;
		if (dated && !tagged) {
			tagged = true;
			if (!tag_after_date(&t, out)) {
				if (out->foreign)
					break;
				continue;
			}
			out->stamped = true;
			continue;
		}
		if (!tag_alone(&t, out))
			break;
		out->stamped = tagged = true;
	}
	if (out->quoted)
		while (t.end > t.p && strchr("\"`',;", t.end[-1]))
			t.end--;
	out->message = t;
	if ((out->foreign || !out->stamped) && !out->written && !line_opens(t))
		anchor(line, out);
	/* OpenWrt's "kern.warn", macOS' thread id */
	if (text_starts(out->host, "kern.") || text_starts(out->host, "0x"))
		out->host = (struct text){ 0 };
	if (text_len(out->host))
		out->context = hash_text(out->context, out->host);
	if (text_len(out->caller))
		out->context = hash_text(out->context, out->caller);
}
