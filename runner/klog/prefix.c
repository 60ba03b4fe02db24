// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/prefix.h"

#include "klog/line.h"
#include "klog/prefix_parts.h"

uint32_t hash_text(uint32_t h, struct text t)
{
	if (!h)
		h = 2166136261u;
	for (const char *p = t.p; p < t.end; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	return h ? h : 1;
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
	out->foreign = out->written = n > 7 && prefix_looks_stamped(v);	/* a program wrote to /dev/kmsg */
	*t = v;
	return true;
}

/* "6,22743,6115623303887,-;" or "6,22743,6115623303887,-,caller=T12;" : Documentation/ABI/testing/dev-kmsg */
static bool record_head(struct text *t, struct prefix *out)
{
	struct text v = *t, release = *t;
	int64_t pri, seq, usec;
	const char *comma = memchr(v.p, ',', text_len(v) < 64 ? text_len(v) : 64);
	if (!comma)
		return false;
	release.end = comma;	/* netconsole, asked to, puts the kernel's release before it */
	if (memchr(release.p, '.', text_len(release)) && !memchr(release.p, ' ', text_len(release)))
		v.p = comma + 1;
	if (!text_len(v) || !is_digit(*v.p) || !text_int(&v, &pri) || !text_eat(&v, ",") || !text_int(&v, &seq) ||
	    !text_eat(&v, ",") || !text_int(&v, &usec) || !text_eat(&v, ","))
		return false;
	const char *semicolon = memchr(v.p, ';', text_len(v) < 64 ? text_len(v) : 64);
	if (!semicolon)
		return false;
	struct text flags = text_of(v.p, (size_t)(semicolon - v.p));
	out->continues = klog_continues(*flags.p);
	const char *caller = text_find(flags, "caller=");
	if (caller) {
		const char *end = memchr(caller, ',', (size_t)(semicolon - caller));
		out->caller = text_of(caller + 7, (size_t)((end ? end : semicolon) - caller) - 7);
	}
	const char *piece = text_find(flags, ",ncfrag=");
	if (piece) {
		struct text at = text_of(piece + 8, (size_t)(semicolon - piece) - 8);
		int64_t from, of;
		if (text_int(&at, &from) && text_eat(&at, "/") && text_int(&at, &of) && from >= 0 && from < of) {
			out->piece_at = (size_t)from;
			out->piece_of = (size_t)of;
		}
	}
	out->level = (int)(pri & 7);
	out->foreign = out->written = pri > 7;
	out->seq = seq;
	out->usec = usec;
	v.p = semicolon + 1;
	*t = v;
	return true;
}

/* "166233 ", "12:", "34-", "5. " (grep -n, vim, cat -n, a list) before something that is stamped itself. */
static bool line_number(struct text *t)
{
	struct text v = *t, when;
	int64_t n;
	if (!is_digit(*v.p) || !text_int(&v, &n) || !text_len(v) || !strchr(":- \t.", *v.p))
		return false;
	bool tab = *v.p++ == '\t';	/* of cat -n: nothing of the kernel's begins so */
	text_blanks(&v);
	struct text ahead = v;
	if (tab || prefix_looks_stamped(v) || line_opens(v) || (v.p < v.end && is_alpha(*v.p) && stamp_date(&ahead, &when)) ||
	    (text_starts(v, "20") && stamp_date(&ahead, &when))) {
		*t = v;
		return true;
	}
	return false;
}

/* "messages-20240303:", "/var/log/kern.log:12:" of grep, right before something that is stamped itself. */
static bool file_name(struct text *t)
{
	struct text v = *t;
	for (int i = 0; i < 2; i++) {
		const char *p = v.p;
		while (p < v.end && p - v.p < 200 && *p != ':' && *p != ' ' && *p != '\t' && *p != '[' && *p != '<')
			p++;
		if (p == v.p || p == v.end || *p != ':' || p + 1 == v.end || p[1] == ' ')
			return false;
		v.p = p + 1;
		if (prefix_begins(v)) {
			*t = v;
			return true;
		}
	}
	return false;
}

/* A quote mark that ends right before p. */
static bool quote_before(struct text line, const char *p)
{
	return p > line.p && (strchr("\"'`", p[-1]) || (p - line.p >= 3 && memcmp(p - 3, "\xe2\x80\x9c", 3) == 0));
}

/* Does a stamp end at close ("] ")? Its text, and what is behind it. */
static bool stamp_at(struct text line, const char *close, int64_t *usec, struct text *message)
{
	const char *open = memrchr(line.p, '[', (size_t)(close - line.p));
	if (!open || close - open > 24)
		return false;
	struct text in = text_of(open + 1, (size_t)(line.end - open) - 1);
	*message = text_of(close + 2, (size_t)(line.end - close) - 2);
	text_blanks(message);
	return stamp_seconds(&in, usec) && in.p == close;
}

/* A stamp in the middle of a line. The last one with known words right behind it: whatever stands before, a kernel line
 * is quoted here. In a line that nobody claims the first stamp near its start will do: an unknown program relays the
 * log. */
static void anchor(struct text line, struct prefix *out)
{
	const char *p = line.end;
	struct text message;
	int64_t usec;
	bool found = false;
	for (int tries = 0; tries < 4 && !found; tries++) {
		p = text_rfind(text_of(line.p, (size_t)(p - line.p)), "] ");
		if (!p)
			break;
		found = stamp_at(line, p, &usec, &message) &&
			(line_opens(message) || text_find(message, " invoked oom-killer:"));
	}
	p = found || out->foreign ? NULL : text_find(line, "] ");
	for (int tries = 0; tries < 4 && p && p - line.p < 160 && !found; tries++) {
		found = stamp_at(line, p, &usec, &message);
		p = text_find(text_of(p + 1, (size_t)(line.end - p) - 1), "] ");
	}
	if (!found)
		return;
	out->quoted |= quote_before(line, memrchr(line.p, '[', (size_t)(message.p - line.p)));
	out->usec = usec;
	out->stamped = true;
	out->foreign = false;
	while (text_starts(message, "[") && prefix_bracket(&message, out))
		text_blanks(&message);
	out->message = message;
}

/* Kubernetes' events and the log of who makes them: "Warning  OOMKilling  2m  kernel-monitor  Memory cgroup out of memory:
 * Killed process …". */
static bool event(struct text line, struct prefix *out)
{
	static const char *const begins[] = { "Memory cgroup out of memory: Killed process ", "Out of memory: Killed process " };
	const char *reason = text_find(line, "OOMKilling");
	for (size_t i = 0; reason && i < sizeof(begins) / sizeof(begins[0]); i++) {
		const char *at = text_find(text_of(reason, (size_t)(line.end - reason)), begins[i]);
		if (!at)
			continue;
		out->message = text_of(at, (size_t)(line.end - at));
		out->stamped = out->echo = true;
		out->foreign = false;
		return true;
	}
	return false;
}

/* dmesg's ISO date has a comma, and no host and tag behind it. */
static bool is_dmesg_date(struct text when, struct text behind)
{
	if (text_len(when) <= 20 || when.p[10] != 'T' || when.p[19] != ',')
		return false;
	struct text host = stamp_word(behind);
	behind.p = host.end;
	text_blanks(&behind);
	return !text_starts(host, "kernel") && !text_starts(behind, "kernel");
}

/* "{job=\"x\", host=\"y\"} ": labels between a date and the log's own line */
static bool labels(struct text *t)
{
	const char *equals = memchr(t->p, '=', text_len(*t) < 64 ? text_len(*t) : 64);
	const char *close = memchr(t->p, '}', text_len(*t) < 512 ? text_len(*t) : 512);
	if (!text_starts(*t, "{") || !equals || !close || equals > close || close + 1 == t->end || close[1] != ' ')
		return false;
	t->p = close + 2;
	return true;
}

/* ",web-01,kernel,4,\"…": the fields of a table with commas between a date and the message */
static bool comma_fields(struct text *t, struct prefix *out)
{
	const char *kernel = text_find(text_of(t->p, text_len(*t) < 120 ? text_len(*t) : 120), ",kernel,");
	if (!kernel) {
		out->quoted |= text_eat(t, ",\"");
		return false;
	}
	struct text v = text_of(kernel + 8, (size_t)(t->end - kernel) - 8);
	int64_t n;
	if (text_int(&v, &n))
		text_eat(&v, ",");
	out->quoted |= text_eat(&v, "\"");
	*t = v;
	return true;
}

/* A message in quotes ends where they end, whatever stands behind: a comma, a brace, further fields. */
static void unquote(struct text *t)
{
	for (const char *p = t->p; p < t->end; p++) {
		bool closes = strchr("\"'`", *p) && (p == t->p || p[-1] != '\\');
		if (closes && (p + 1 == t->end || strchr(",;})] +\t", p[1])))
			t->end = p;
	}
	for (size_t n = 1; n;) {
		n = text_len(*t) && strchr("\"`',; ", t->end[-1]) ? 1 : 0;
		if (text_len(*t) >= 2 && t->end[-2] == '\\' && strchr("nrt", t->end[-1]))
			n = 2;
		if (text_len(*t) >= 3 && memcmp(t->end - 3, "\xe2\x80\x9d", 3) == 0)
			n = 3;
		t->end -= n;
	}
}

/* What some transports put behind a message: a switch's " - kernel", a cloud's second time. */
static void without_trailer(struct text *line)
{
	static const char kernel[] = " - kernel";
	size_t n = sizeof(kernel) - 1;
	if (text_len(*line) > n && memcmp(line->end - n, kernel, n) == 0 && text_find(*line, "%KERN-"))
		line->end -= n;
	const char *tab = text_starts(*line, "EVENTS\t") ? memrchr(line->p, '\t', text_len(*line)) : NULL;
	if (tab && line->end - tab == 14)
		line->end = tab;
}

/* "[  123]   ": of a table's row, which is a message. A program's thread has a stamp behind it. */
static bool is_row(struct text t)
{
	int64_t pid;
	if (!text_eat(&t, "["))
		return false;
	text_blanks(&t);
	return text_int(&t, &pid) && text_eat(&t, "] ") && !prefix_looks_stamped(t);
}

/* Is " x" behind a tag's colon, and nothing that would be of the tag: a dash, a further colon, structured data? */
static bool plain_behind(struct text line, size_t n)
{
	const char *p = line.p + n;
	return text_len(line) > n + 2 && p[0] == ' ' && p[1] != '-' && p[1] != ':' && (p[1] != '[' || !is_alpha(p[2]));
}

static bool recall(const struct prefix_memory *m, struct text line, struct prefix *out)
{
	if (!m || !m->n || !text_starts_n(line, m->bytes, m->n) || !plain_behind(line, m->n))
		return false;
	out->when = text_of(line.p + m->when, m->when_len);
	out->host = m->host_len ? text_of(line.p + m->host, m->host_len) : out->host;
	out->stamped = true;
	return true;
}

static void remember(struct prefix_memory *m, struct text line, const char *end, const struct prefix *p)
{
	size_t n = (size_t)(end - line.p);
	if (!m || n > sizeof(m->bytes) || end[-1] != ':' || !plain_behind(line, n) || p->usec != OOM_UNKNOWN ||
	    p->seq != OOM_UNKNOWN || p->level >= 0 || text_len(p->caller) || p->quoted || p->barred)
		return;
	m->n = n;
	memcpy(m->bytes, line.p, n);
	m->when = (size_t)(p->when.p - line.p);
	m->when_len = text_len(p->when);
	m->host_len = text_len(p->host);
	m->host = m->host_len ? (size_t)(p->host.p - line.p) : 0;
}

void prefix_strip(struct text line, struct prefix *out, struct prefix_memory *memory)
{
	*out = (struct prefix){ .level = -1, .usec = OOM_UNKNOWN, .seq = OOM_UNKNOWN };
	without_trailer(&line);
	struct text t = line;
	bool dated = false, tagged = false, kernel = false;
	if (recall(memory, line, out)) {
		dated = tagged = kernel = true;
		t.p += memory->n;
	}
	for (int pieces = 0; pieces < 16; pieces++) {
		prefix_decoration(&t, out);
		if (!text_len(t))
			break;
		if (out->foreign)
			break;
		char c = *t.p;
		if (c == '[') {
			bool had_date = out->when.p != NULL;
			if (!prefix_bracket(&t, out))
				break;
			out->stamped = true;
			/* what follows a level in brackets is no host's name */
			if (out->when.p && (!had_date || out->usec == OOM_UNKNOWN))
				dated = tagged = true;
			if (out->usec != OOM_UNKNOWN)
				prefix_vendor(&t);
			continue;
		}
		if (c == '<' && level(&t, out)) {
			out->stamped = true;
			continue;
		}
		if (line_opens(t))
			break;
		if (is_digit(c) && record_head(&t, out)) {
			out->stamped = tagged = true;
			if (out->piece_of)
				break;	/* its blanks and quotes are those of the record's middle */
			continue;
		}
		if (tagged && out->usec != OOM_UNKNOWN)
			break;
		if (dated && !tagged && c == '{' && labels(&t))
			continue;
		if (!dated && out->usec == OOM_UNKNOWN) {
			int64_t usec;
			struct text number = t;
			if (line_number(&t))
				continue;
			if (stamp_date(&t, &out->when)) {
				dated = out->stamped = true;
				if (text_starts(t, ",") && comma_fields(&t, out))
					tagged = kernel = true;
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
		if (text_eat(&t, "MESSAGE=") || text_eat(&t, "MESSAGE: ") || text_eat(&t, "textPayload: ")) {
			out->stamped = true;	/* of the journal, of YAML */
			continue;
		}
		if (dated && !tagged && stamp_date(&t, &out->when))	/* a collector's date before the log's own */
			continue;
		if (dated && !tagged && prefix_container(&t)) {
			dated = false;
			continue;
		}
		/* "[12.3] …" has no tag any more, and neither has dmesg's ISO date: "2026-03-03T04:05:06,123456+01:00
		 * …" */
		if (dated && !tagged && (out->usec != OOM_UNKNOWN || is_dmesg_date(out->when, t))) {
			tagged = true;
			if (out->usec != OOM_UNKNOWN)
				break;
			continue;
		}
		if (dated && !tagged) {
			tagged = true;
			if (!prefix_tag_after_date(&t, out)) {
				if (out->foreign)
					break;
				continue;
			}
			out->stamped = kernel = true;
			remember(memory, line, t.p, out);
			continue;
		}
		if (!prefix_tag_alone(&t, out))
			break;
		out->stamped = tagged = kernel = true;
	}
	out->message = t;
	/* a date alone says nothing of who wrote the line */
	if ((out->foreign || !out->stamped || (out->usec == OOM_UNKNOWN && !kernel)) && !out->written && !line_opens(t) &&
	    !is_row(t) && !event(line, out))
		anchor(line, out);
	t = out->message;
	if (out->quoted)
		unquote(&t);
	if (out->barred && text_len(t) > 1 && t.end[-1] == '|' && t.end[-2] == ' ')
		t.end--;
	if (out->barred && text_len(t) > 3 && t.end[-4] == ' ' && memcmp(t.end - 3, "\xe2\x94", 2) == 0)
		t.end -= 3;
	out->message = t;
	/* OpenWrt's "kern.warn", macOS' thread id, a hypervisor's level */
	if (text_starts(out->host, "kern.") || text_starts(out->host, "0x") || text_starts(out->host, "In("))
		out->host = (struct text){ 0 };
	if (text_len(out->host) && out->host.end[-1] == ':')	/* "192.0.2.7: kern: warning: …" */
		out->host.end--;
	if (text_len(out->host))
		out->context = hash_text(out->context, out->host);
	if (text_len(out->caller))
		out->context = hash_text(out->context, out->caller);
}

static struct text keep(struct text t, char *to, size_t size)
{
	size_t n = text_len(t) < size ? text_len(t) : size;
	memcpy(to, n ? t.p : "", n);
	return n ? text_of(to, n) : (struct text){ 0 };
}

void prefix_keep(struct prefix_kept *to, const struct prefix *p)
{
	to->p = *p;
	to->p.message = (struct text){ 0 };
	to->p.caller = keep(p->caller, to->caller, sizeof(to->caller));
	to->p.when = keep(p->when, to->when, sizeof(to->when));
	to->p.host = keep(p->host, to->host, sizeof(to->host));
}
