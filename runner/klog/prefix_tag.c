// SPDX-License-Identifier: GPL-2.0-or-later
/* Who a line says it is of: syslog's tags, container runtimes, logcat, dmesg -x. */
#include "klog/line.h"
#include "klog/prefix_parts.h"

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
	static const char *const tags[] = {
		"kernel:", "kern:", "kmsg:", "klogd:", "kernel[0]:", "kernel[-]:", "vmunix:", "[kernel]:",
		"kernel:[", "KERNEL:", "/kernel:", "warning:", "info:", "err:", "notice:", "crit:", "alert:", "emerg:", "debug:",
	};
	size_t n = text_len(w);
	if (n < 4 || n > 10 || (w.end[-1] != ':' && w.end[-1] != '['))
		return false;	/* most words */
	if (text_is(w, "kernel:"))
		return true;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (text_is(w, tags[i]))
			return true;
	return false;
}

/* The CRI's format; "P" is a part of a longer line. */
bool prefix_container(struct text *t)
{
	struct text v = *t;
	text_blanks(&v);
	if (!text_eat(&v, "stdout ") && !text_eat(&v, "stderr "))
		return false;
	if (!text_eat(&v, "F ") && !text_eat(&v, "P "))
		return false;
	*t = v;
	return true;
}

/* "    0     0 W KERNEL  : ": logcat's process, thread, level and tag. Its kernel's lines have process 0. */
static bool logcat(struct text *t)
{
	struct text v = *t;
	int64_t pid, tid;
	text_blanks(&v);
	if (text_eat(&v, "root "))	/* logcat -v uid */
		text_blanks(&v);
	if (!text_int(&v, &pid) || pid != 0)
		return false;
	text_blanks(&v);
	if (!text_int(&v, &tid) || tid != 0)
		return false;
	text_blanks(&v);
	if (text_len(v) < 4 || !memchr("VDIWEFA", *v.p, 7) || v.p[1] != ' ')
		return false;
	v.p += 2;
	const char *colon = memchr(v.p, ':', text_len(v) < 24 ? text_len(v) : 24);
	if (!colon)
		return false;
	struct text tag = text_of(v.p, (size_t)(colon - v.p));
	text_blanks(&tag);
	text_trim_end(&tag);
	/* a tag that is not the kernel's name is the message's own first word */
	t->p = !text_len(tag) || text_is(tag, "KERNEL") || text_is(tag, "kernel") ? colon + 1 : v.p;
	return true;
}

/* "W/KERNEL  (    0): ": logcat -v brief, and behind a date -v time */
static bool logcat_brief(struct text *t)
{
	struct text v = *t;
	if (text_len(v) < 10 || !memchr("VDIWEFA", *v.p, 7) || !(v.p++, text_eat(&v, "/")) ||
	    (!text_eat(&v, "KERNEL") && !text_eat(&v, "kernel")))
		return false;
	text_blanks(&v);
	if (text_eat(&v, "(")) {
		int64_t pid;
		text_blanks(&v);
		if (!text_int(&v, &pid) || !text_eat(&v, ")"))
			return false;
	}
	if (!text_eat(&v, ":"))
		return false;
	*t = v;
	return true;
}

/* Structured data of RFC 5424 before the message: "[meta sequenceId=\"1\"][x y=\"z\"] " */
static void structured_data(struct text *t)
{
	for (;;) {
		struct text v = *t;
		text_blanks(&v);
		if (!text_eat(&v, "[") || !text_len(v) || !is_alpha(*v.p))
			return;
		const char *key = text_find(v, "=\""), *end = text_find(v, "\"]"), *stamp = memchr(v.p, ']', text_len(v));
		if (!key || !end || key > end || key - v.p > 48 || stamp < key)
			return;
		t->p = end + 2;
	}
}

/* Also "0x1f0f Default 0x0 737 0 name:". */
bool prefix_tag_after_date(struct text *t, struct prefix *out)
{
	struct text v = *t, first = { 0 };
	if (logcat(t) || logcat_brief(t))
		return true;
	for (int i = 0; i < 8; i++) {
		text_blanks(&v);
		if (!text_len(v) || (i > 0 && i < 3 && (line_opens(v) || *v.p == '[')))
			break;
		struct text w = tag_word(v);
		if (i == 0)
			first = w;
		struct text behind = text_of(w.end, (size_t)(v.end - w.end));
		if (is_kernel_tag(w) || (text_is(w, "kernel") && (text_starts(behind, " - ") || text_starts(behind, "\t")))) {
			if (i > 0)
				out->host = first;
			text_eat(&behind, " - ");
			while (text_eat(&behind, "- "))
				;
			structured_data(&behind);
			if (text_starts(behind, " : "))
				behind.p += 2;
			*t = behind;
			return true;
		}
		if (text_len(w) > 1 && w.end[-1] == ':') {
			if (i > 0 && text_is(w, "oom-killer:"))
				break;
			if (i > 0)
				out->host = first;
			struct text quote = behind;
			text_blanks(&quote);
			text_eat(&quote, "b");	/* Python's bytes */
			bool quoted = text_len(quote) && (*quote.p++ == '\'' || quote.p[-1] == '"');
			if (prefix_looks_stamped(behind) || text_starts(behind, " kern") || (quoted && prefix_looks_stamped(quote))) {
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
	if (!prefix_looks_stamped(v))
		return false;
	out->foreign = out->written = memcmp(facility, "kern", 4) != 0;
	*t = v;
	return true;
}

/* "Mar  3 04:05:06 host kernel: " */
static bool dated_kernel(struct text t)
{
	struct text when;
	if (text_len(t) < 16 || !stamp_date(&t, &when))
		return false;
	for (int i = 0; i < 3; i++) {
		text_blanks(&t);
		struct text w = tag_word(t);
		if (is_kernel_tag(w))
			return true;
		t.p = w.end;
	}
	return false;
}

bool prefix_tag_alone(struct text *t, struct prefix *out)
{
	struct text w = tag_word(*t);
	struct text behind = text_of(w.end, (size_t)(t->end - w.end));
	if (!text_len(w))
		return false;
	if (decoded(t, out) || logcat_brief(t))
		return true;
	if (is_kernel_tag(w)) {
		*t = behind;
		return true;
	}
	struct text next = behind;
	text_blanks(&next);
	struct text w2 = tag_word(next);
	bool bar = text_is(w2, "|") && text_len(w) < 48 && !out->barred && w2.end < t->end;	/* not a cell's end */
	if (text_is(w2, "kernel:") || text_is(w2, "kern:") || bar) {
		out->host = w;
		t->p = text_is(w2, "kern:") ? next.p : w2.end;
		return true;
	}
	if (w.end[-1] == ':' && (prefix_looks_stamped(behind) || dated_kernel(next))) {
		out->host = w;
		*t = behind;
		return true;
	}
	return false;
}
