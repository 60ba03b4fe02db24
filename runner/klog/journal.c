// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/journal.h"

#include "base/util.h"

static void clear(struct journal *j)
{
	char *message = j->e.message;
	j->e = (struct journal_entry){ .usec = OOM_UNKNOWN, .message = message };
	if (!message)
		j->e.message = xcalloc(1, JOURNAL_MESSAGE);
	j->binary = j->array = false;
}

static void put(struct journal *j, const char *s, size_t n)
{
	if (n > JOURNAL_MESSAGE - j->e.len)
		n = JOURNAL_MESSAGE - j->e.len;
	memcpy(j->e.message + j->e.len, s, n);
	j->e.len += n;
}

static const char *const message_keys[] = {
	"MESSAGE", "message", "log",	 "msg",		  "textPayload",  "@message",	   "line",	  "text", "Message",
	"event",   "body",    "logline", "short_message", "full_message", "SyslogMessage", "log_message", "_raw", "raw",
	"content", "Output",  "output",	 "stdout",	  "original",	   "stringValue",
};

static bool is_message_key(struct text key)
{
	for (size_t i = 0; i < ARRAY_SIZE(message_keys); i++)
		if (text_is(key, message_keys[i]))
			return true;
	return false;
}

/* One field but the message. */
static void field(struct journal *j, struct text key, struct text value)
{
	if (text_is(key, "_TRANSPORT")) {
		j->e.kernel |= text_is(value, "kernel");
		j->e.foreign |= !text_is(value, "kernel");
	} else if (text_is(key, "SYSLOG_IDENTIFIER")) {
		j->e.foreign |= !text_is(value, "kernel");
	} else if (text_is(key, "_SOURCE_MONOTONIC_TIMESTAMP")) {
		int64_t n;
		if (text_int(&value, &n))
			j->e.usec = n;
	} else if (text_is(key, "__REALTIME_TIMESTAMP") || text_is(key, "time") || text_is(key, "timestamp") ||
		   text_is(key, "@timestamp")) {
		text_copy(value, j->e.when, sizeof(j->e.when));
	} else if (text_is(key, "_HOSTNAME")) {
		text_copy(value, j->e.host, sizeof(j->e.host));
	}
}

static void utf8(char out[4], size_t *n, unsigned c)
{
	if (c < 0x80) {
		out[(*n)++] = (char)c;
	} else if (c < 0x800) {
		out[(*n)++] = (char)(0xc0 | c >> 6);
		out[(*n)++] = (char)(0x80 | (c & 63));
	} else {
		out[(*n)++] = (char)(0xe0 | c >> 12);
		out[(*n)++] = (char)(0x80 | (c >> 6 & 63));
		out[(*n)++] = (char)(0x80 | (c & 63));
	}
}

/* Eats a JSON string behind its opening quote. Its text goes to the message, or to buf; a string without its end gives
 * what is there. */
static struct text string(struct journal *j, struct text *t, bool to_message, char *buf, size_t size)
{
	size_t len = 0;
	while (t->p < t->end && *t->p != '"') {
		char out[4];
		size_t n = 0;
		if (*t->p == '\\' && t->p + 1 < t->end) {
			char c = t->p[1];
			t->p += 2;
			static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
			const char *at = memchr(from, c, 5);
			if (at) {
				out[n++] = to[at - from];
			} else if (c == 'u' && text_len(*t) >= 4) {
				struct text hex = text_of(t->p, 4);
				int64_t v;
				char low[4];
				for (int i = 0; i < 4; i++)
					low[i] = (char)(t->p[i] >= 'A' && t->p[i] <= 'F' ? t->p[i] + 32 : t->p[i]);
				hex = text_of(low, 4);
				if (text_hex(&hex, &v) && hex.p == hex.end)
					utf8(out, &n, (unsigned)v);
				t->p += 4;
			} else {
				out[n++] = c;
			}
		} else {
			out[n++] = *t->p++;
		}
		if (to_message) {
			put(j, out, n);
		} else {
			for (size_t i = 0; i < n && len < size; i++)
				buf[len++] = out[i];
		}
	}
	if (t->p < t->end)
		t->p++;
	return text_of(buf, to_message ? 0 : len);
}

/* "[79,117,116]": how journalctl writes a message that is not UTF-8. json-pretty may go on in the next lines. */
static void bytes(struct journal *j, struct text *t)
{
	while (t->p < t->end && *t->p != ']') {
		int64_t n;
		if (is_digit(*t->p) && text_int(t, &n)) {
			char c = (char)n;
			put(j, &c, 1);
		} else {
			t->p++;
		}
	}
	j->array = t->p == t->end;
}

/* "key" : value pairs (Ruby writes => for the colon), at whatever depth, up to the end of the line. Returns whether a
 * message was among them. */
static bool pairs(struct journal *j, struct text t)
{
	bool found = false;
	char name[64], value[256];
	while ((t.p = memchr(t.p, '"', text_len(t)))) {
		t.p++;
		struct text key = string(j, &t, false, name, sizeof(name));
		text_blanks(&t);
		if (!text_eat(&t, ":") && !text_eat(&t, "=>"))
			continue;
		text_blanks(&t);
		bool message = is_message_key(key) && !found;
		if (text_eat(&t, "\"")) {
			struct text v = string(j, &t, message, value, sizeof(value));
			if (!message)
				field(j, key, v);
			found |= message;
		} else if (message && text_eat(&t, "[")) {
			bytes(j, &t);
			found = true;
		} else {
			const char *p = t.p;
			while (t.p < t.end && is_digit(*t.p))
				t.p++;
			field(j, key, text_of(p, (size_t)(t.p - p)));
		}
	}
	return found;
}

static bool is_key(struct text t, const char **equals)
{
	const char *p = t.p;
	while (p < t.end && ((*p >= 'A' && *p <= 'Z') || *p == '_' || is_digit(*p)))
		p++;
	*equals = p;
	return p > t.p && p < t.end && *p == '=';
}

/* journalctl -o export: KEY=value lines, an empty line ends an entry. A value with a newline: KEY alone, then eight
 * bytes of length and the bytes. */
static enum journal_verdict export(struct journal *j, uint64_t number, struct text t, struct journal_entry **e)
{
	const char *equals;
	if (j->left) {
		size_t n = text_len(t) < j->left ? text_len(t) : (size_t)j->left;
		if (j->e.len)
			put(j, "\n", 1);
		put(j, t.p, n);
		j->left = j->left > n ? j->left - n - 1 : 0;	/* its newline counts */
		return JOURNAL_TAKEN;
	}
	if (j->binary && text_len(t) >= 8) {
		j->binary = false;
		uint64_t length = 0;
		for (int i = 7; i >= 0; i--)
			length = length << 8 | (uint8_t)t.p[i];
		t.p += 8;
		j->e.line = number;
		put(j, t.p, text_len(t));
		j->left = length > text_len(t) && length < JOURNAL_MESSAGE ? length - text_len(t) - 1 : 0;
		return JOURNAL_TAKEN;
	}
	if (!text_len(t)) {
		j->inside = false;
		*e = &j->e;
		return j->e.len ? JOURNAL_ENTRY : JOURNAL_TAKEN;
	}
	if (text_is(t, "MESSAGE")) {
		j->binary = true;
		return JOURNAL_TAKEN;
	}
	if (!is_key(t, &equals))
		return JOURNAL_TAKEN;
	struct text key = text_of(t.p, (size_t)(equals - t.p)),
		    value = text_of(equals + 1, (size_t)(t.end - equals) - 1);
	if (text_is(key, "MESSAGE") && !j->e.len) {
		j->e.line = number;
		put(j, value.p, text_len(value));
	} else {
		field(j, key, value);
	}
	return JOURNAL_TAKEN;
}

/* `"msg": "…"` on a line of its own, in a document whose beginning was not seen: dmesg --json, a cloud's list of
 * events. */
static bool loose_member(struct journal *j, uint64_t number, struct text t)
{
	const char *end = memchr(t.p + 1, '"', text_len(t) - 1);
	if (!end || !is_message_key(text_of(t.p + 1, (size_t)(end - t.p) - 1)))
		return false;
	struct text v = text_of(end + 1, (size_t)(t.end - end) - 1);
	text_blanks(&v);
	if (!text_eat(&v, ":"))
		return false;
	text_blanks(&v);
	if (!text_starts(v, "\"") && !text_starts(v, "["))
		return false;
	clear(j);
	j->e.line = number;
	return pairs(j, t);
}

enum journal_verdict journal_line(struct journal *j, uint64_t number, struct text t, struct journal_entry **e)
{
	const char *equals;
	if (j->inside && !j->pretty) {
		/* another entry without the empty line between, or no entry any more */
		if (!j->left && !j->binary && text_starts(t, "__CURSOR=")) {
			*e = &j->e;
			j->inside = false;
			if (j->e.len)
				return JOURNAL_ENTRY_AND_LINE;
			return journal_line(j, number, t, e);
		}
		if (j->left || j->binary || !text_len(t) || text_is(t, "MESSAGE") || is_key(t, &equals))
			return export(j, number, t, e);
		j->inside = false;
		*e = &j->e;
		return j->e.len ? JOURNAL_ENTRY_AND_LINE : JOURNAL_NONE;
	}
	if (j->inside) {
		struct text v = t;
		text_blanks(&v);
		if (j->array) {
			bytes(j, &v);
			return JOURNAL_TAKEN;
		}
		if (text_starts(v, "}")) {
			j->inside = false;
			*e = &j->e;
			return j->e.len ? JOURNAL_ENTRY : JOURNAL_TAKEN;
		}
		if (text_starts(v, "\"")) {
			size_t before = j->e.len;
			pairs(j, v);
			if (!before && (j->e.len || j->array))
				j->e.line = number;
			return JOURNAL_TAKEN;
		}
		j->inside = false;
		*e = &j->e;
		return j->e.len ? JOURNAL_ENTRY_AND_LINE : JOURNAL_NONE;
	}
	if (text_len(t) && *t.p == '_' && is_key(t, &equals)) {
		clear(j);
		j->inside = true;
		j->pretty = false;
		return export(j, number, t, e);
	}
	struct text v = t;
	text_eat(&v, "\x1e");		/* json-seq */
	text_eat(&v, "data: ");		/* json-sse */
	text_blanks(&v);
	if (text_starts(v, "\"") && loose_member(j, number, v)) {
		*e = &j->e;
		return JOURNAL_ENTRY;
	}
	if (!text_starts(v, "{"))
		return JOURNAL_NONE;
	v.p++;
	text_blanks(&v);
	if (!text_len(v)) {
		clear(j);
		j->inside = j->pretty = true;
		return JOURNAL_TAKEN;
	}
	if (!text_starts(v, "\""))
		return JOURNAL_NONE;
	clear(j);
	j->e.line = number;
	*e = &j->e;
	return pairs(j, v) ? JOURNAL_ENTRY : JOURNAL_TAKEN;
}

struct journal_entry *journal_object(struct journal *j, uint64_t number, struct text t)
{
	clear(j);
	j->e.line = number;
	return pairs(j, t) ? &j->e : NULL;
}

struct journal_entry *journal_end(struct journal *j)
{
	bool had = j->inside && j->e.len;
	j->inside = false;
	return had ? &j->e : NULL;
}

void journal_free(struct journal *j)
{
	free(j->e.message);
}
