// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/packed.h"

#include <string.h>

#include "klog/line.h"
#include "klog/markup.h"
#include "klog/prefix_parts.h"
#include "klog/table.h"
#include "klog/text.h"

#define STRING_MIN 12288	/* a JSON string shorter than this is read by journal.c, with what stands beside it */
#define LOOK 65536		/* bytes by which a line is judged */

enum encoding encoding_of(const uint8_t *head, size_t len)
{
	if (len < 4)
		return ENCODING_BYTES;
	if ((head[0] == 0xff && head[1] == 0xfe) || (head[0] && !head[1] && head[2] && !head[3]))
		return ENCODING_UTF16LE;
	if ((head[0] == 0xfe && head[1] == 0xff) || (!head[0] && head[1] && !head[2] && head[3]))
		return ENCODING_UTF16BE;
	return ENCODING_BYTES;
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

size_t utf16_decode(struct utf16 *u, const uint8_t *in, size_t len, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (!u->has_odd) {
			u->odd = in[i];
			u->has_odd = true;
			continue;
		}
		u->has_odd = false;
		uint16_t unit = u->encoding == ENCODING_UTF16LE ? (uint16_t)(u->odd | in[i] << 8) : (uint16_t)(u->odd << 8 | in[i]);
		uint16_t high = u->high;
		u->high = 0;
		if (unit >= 0xd800 && unit < 0xdc00)
			u->high = unit;
		else if (unit >= 0xdc00 && unit < 0xe000)
			n += high ? put_utf8(out + n, 0x10000 + ((uint32_t)(high & 0x3ff) << 10 | (unit & 0x3ff))) : 0;
		else if (unit != 0xfeff)
			n += put_utf8(out + n, unit);
	}
	return n;
}

/* "}, {" or "},{": how long it is up to the second brace. */
static size_t brace_len(const char *p, const char *end)
{
	if (end - p < 3 || p[0] != '}' || p[1] != ',')
		return 0;
	const char *q = p + 2;
	while (q < end && *q == ' ')
		q++;
	return q < end && *q == '{' ? (size_t)(q - p) : 0;
}

/* `", "` or `","` between the strings of a list, with this quote. */
static size_t comma_len(char quote, const char *p, const char *end)
{
	if (end - p < 3 || p[0] != quote || p[1] != ',')
		return 0;
	const char *q = p + 2;
	while (q < end && *q == ' ')
		q++;
	return q < end && *q == quote ? (size_t)(q + 1 - p) : 0;
}

/* `["1709436306123456789","…"`, Loki's pair of a time and a line: how long it is up to the line's quote. */
static size_t pair_len(const char *p, const char *end)
{
	const char *q = p + 2;
	if (end - p < 16 || p[1] != '"')
		return 0;
	while (q < end && is_digit(*q))
		q++;
	if (q - p < 12 || q - p > 24 || end - q < 3 || q[0] != '"' || q[1] != ',')
		return 0;
	for (q += 2; q < end && *q == ' ';)
		q++;
	return q < end && *q == '"' ? (size_t)(q - p) : 0;
}

static bool separates(enum packing kind, const char *p, const char *end, size_t *len)
{
	switch (kind) {
	case PACKED_OBJECTS: *len = brace_len(p, end); break;
	case PACKED_PAIRS: *len = pair_len(p, end); break;
	case PACKED_STRING: *len = end - p > 1 && p[0] == '\\' && p[1] == 'n' ? 2 : 0; break;
	case PACKED_LIST: *len = comma_len('"', p, end); break;
	case PACKED_LIST_SINGLE: *len = comma_len('\'', p, end); break;
	case PACKED_TAGS: *len = markup_line_end(p, end); break;
	case PACKED_CR: *len = p[0] == '\r' && p + 1 < end && p[1] != '\n' && p[1] != '\r'; break;
	default: *len = 0;
	}
	return *len > 0;
}

static const char first_of[] = { [PACKED_OBJECTS] = '}', [PACKED_PAIRS] = '[', [PACKED_STRING] = '\\', [PACKED_TAGS] = '<', [PACKED_CR] = '\r',
				 [PACKED_LIST] = '"', [PACKED_LIST_SINGLE] = '\'' };

/* What separates lines, up to `enough` times; if that is 1, in front of a line: it may be a part of a name. */
static int count(enum packing kind, const char *line, const char *end, int enough)
{
	int n = 0;
	size_t len;
	for (const char *p = line; n < enough && (p = memchr(p, first_of[kind], (size_t)(end - p))); p++)
		n += separates(kind, p, end, &len) && (enough > 1 || prefix_begins(text_of(p + len, (size_t)(end - p) - len)));
	return n;
}

/* "[Tue Mar  3 04:05:06 2026] ", in any language */
static bool is_date(const char *p, const char *end)
{
	const char *close = memchr(p, ']', end - p < 48 ? (size_t)(end - p) : 48);
	if (!close || close + 1 == end || close[1] != ' ' || memchr(p + 1, '[', (size_t)(close - p) - 1))
		return false;
	for (const char *q = p + 3; q + 5 < close; q++)
		if (q[0] == ':' && q[3] == ':' && is_digit(q[-1]) && is_digit(q[1]) && is_digit(q[2]) && is_digit(q[4]))
			return true;
	return false;
}

/* Where each line that was joined with blanks has the same: a stamp, or the tag before a message. Its first byte at p? */
static bool is_anchor(const char *p, const char *end, bool tag)
{
	if (tag)
		return end - p > 8 && memcmp(p, "kernel: ", 8) == 0;
	if (is_date(p, end))
		return true;
	const char *q = p + 1;
	while (q < end && *q == ' ')
		q++;
	const char *first = q;
	while (q < end && is_digit(*q))
		q++;
	if (q == first || q - first > 9 || q == end || *q++ != '.')
		return false;
	for (first = q; q < end && is_digit(*q);)
		q++;
	return q - first == 6 && end - q > 1 && q[0] == ']' && (q[1] == ' ' || q[1] == '[');
}

/* Is nothing between the one and the other? "[Tue …] [   12.345678] " and "kernel: kernel: " are of one line. */
static bool adjacent(const char *last, const char *p, bool tag)
{
	if (tag)
		return p - last == 8;
	const char *close = memchr(last, ']', (size_t)(p - last));
	return close && close + 2 >= p;
}

/* The next one behind `last`, the one before it. */
static const char *next_anchor(const char *p, const char *last, const char *end, bool tag)
{
	if (last)
		p = last + 1;
	for (; (p = memchr(p, tag ? 'k' : '[', (size_t)(end - p))); p++)
		if (is_anchor(p, end, tag) && !(last && adjacent(last, p, tag)))
			return p;
	return NULL;
}

#define TAG 64	/* is what is looked for where there is one: a stamp may stand behind it */
#define TIGHT 128	/* there may be nothing at all between two lines */

/* The word that ends right before *p, blanks aside; *p moves to its start. */
static struct text word_back(const char *begin, const char **p)
{
	const char *end = *p;
	while (end > begin && end[-1] == ' ')
		end--;
	const char *from = end;
	while (from > begin && from[-1] != ' ' && from[-1] != '\n')
		from--;
	*p = from;
	return text_of(from, (size_t)(end - from));
}

/* The same but for digits? */
static bool alike(struct text a, struct text b)
{
	bool same = text_len(a) && text_len(a) == text_len(b);
	for (size_t i = 0; same && i < text_len(a); i++)
		same = a.p[i] == b.p[i] || (is_digit(a.p[i]) && is_digit(b.p[i]));
	return same;
}

/* How many words before two anchors are alike? */
static int words_alike(const char *line, const char *a, const char *b, int most)
{
	int n = 0;
	while (n < most && alike(word_back(line, &a), word_back(line, &b)))
		n++;
	return n;
}

#define ANCHORS 6	/* by which a line is judged */

/* How many words there are before each anchor, TAG added if that is a tag; -1: the line is not joined of lines. */
static int words_before(const char *line, const char *end)
{
	for (int tag = 1; tag >= 0; tag--) {
		int n = 0, words = 8;
		for (const char *p = line, *last = NULL; n < ANCHORS && (p = next_anchor(p, last, end, tag)); last = p, n++)
			words = last ? words_alike(line, last, p, words) : words;
		if (n >= 4 || (n >= 2 && end - line < PACKED_SHORT))
			return words + (tag ? TAG : !words && n >= 4 ? TIGHT : 0);
	}
	return -1;
}

/* Nothing stands between two lines, not even a blank: the blank behind the stamp at p gives its place. */
static void split_before_stamp(char *p, char *end)
{
	char *close = memchr(p, ']', (size_t)(end - p));
	if (!close || close + 1 == end || close[1] != ' ')
		return;
	memmove(p + 1, p, (size_t)(close + 1 - p));
	*p = '\n';
}

/* Before each anchor, so many words back, a newline takes a blank's place. */
static void split_at_anchors(int words, char *text, char *end)
{
	bool tag = words & TAG;
	for (const char *p = text, *last = NULL; (p = next_anchor(p, last, end, tag)); last = p) {
		const char *at = p;
		for (int left = words & (TAG - 1); left; left--)
			word_back(text, &at);
		if (at > text && at[-1] == ' ')
			text[at - text - 1] = '\n';
		else if (words & TIGHT && at > text && at[-1] != '\n')
			split_before_stamp(text + (p - text), end);
	}
}

/* Does a line of a report begin here, if nothing stands before the lines? The first words of most of them do not stand within
 * another one. */
static bool begins_a_line(const char *begin, const char *p, const char *end)
{
	static const char *const words[] = {
		"CPU: ", "Pid: ", "Hardware name: ", "Call Trace:", "Mem-Info:", "lowmem_reserve[]", "Swap cache stats: ",
		"Free swap ", "Total swap ", "Tasks state (memory", "oom-kill:constraint=", "Out of memory: ",
		"Memory cgroup out of memory: ", "Memory cgroup stats for ", "Task in /", "memory: usage ",
		"memory+swap: usage ", "kmem: usage ", "swap: usage ", "oom_reaper: ", "Kernel panic - not syncing: ",
		"[  pid  ]   uid", "[ pid ]   uid", "[  pid  ] uid", "[ pid ] uid",
	};
	struct text t = text_of(p, (size_t)(end - p) < 400 ? (size_t)(end - p) : 400);
	struct line l = { .kind = LINE_OTHER };
	if (is_digit(*p))
		return line_memory_parse(t, &l) && l.kind == LINE_PAGES && !l.cut;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_starts_n(t, words[i], strlen(words[i])))
			return true;
	if (*p == '[')
		return table_row_is_whole(t);
	if (*p == 'N')
		return text_starts(t, "Node ") && text_len(t) > 8 && is_digit(p[5]) && line_memory_parse(t, &l);
	if (*p == 'a')	/* a node's and a zone's have kB */
		return text_starts(t, "active_anon:") && line_memory_parse(t, &l) && l.kind == LINE_COUNTS;
	return text_starts(t, "Killed process ") && !(p - begin >= 2 && p[-2] == ':');
}

static void split_at_words(char *text, char *end)
{
	for (char *p = text; (p = memchr(p, ' ', (size_t)(end - p))) && p + 1 < end; p++)
		if (p[1] != ' ' && begins_a_line(text, p + 1, end))
			*p = '\n';
}

/* A report in one line, with nothing before its lines: its first line and parts that follow much later. */
static bool is_joined(const char *line, const char *end)
{
	struct text t = text_of(line, (size_t)(end - line));
	const char *first = text_find(t, " invoked oom-killer: gfp_mask=");
	if (!first)
		return false;
	t.p = first;
	return text_find(t, " Mem-Info:") || text_find(t, " pid ] ") || text_find(t, " pid  ] ") || text_find(t, " memory: usage ");
}

enum packing packed_kind(const char *line, size_t len, int *words)
{
	const char *end = line + (len < LOOK ? len : LOOK);
	int enough = len < PACKED_SHORT ? 1 : 4;
	if (len < PACKED_MIN)
		return PACKED_NOT;
	if (len >= PACKED_SHORT && count(PACKED_PAIRS, line, end, 4) == 4)
		return PACKED_PAIRS;
	if (len >= 2048 && count(PACKED_OBJECTS, line, end, 4) == 4)
		return PACKED_OBJECTS;
	/* a string that is no object's is nobody else's to read */
	bool object = memmem(line, (size_t)(end - line), "\":", 2) || memmem(line, (size_t)(end - line), "\" :", 3);
	int strings = len >= STRING_MIN ? 16 : object ? 0 : enough;
	if (strings && count(PACKED_STRING, line, end, strings) == strings)
		return PACKED_STRING;
	while (end > line && line < end && *line == ' ')
		line++;
	if (end - line > 2 && line[0] == '[' && (line[1] == '"' || line[1] == '\'')) {
		enum packing list = line[1] == '"' ? PACKED_LIST : PACKED_LIST_SINGLE;
		if (!object && count(list, line, end, enough) == enough)
			return list;
	}
	if (count(PACKED_TAGS, line, end, enough) == enough)
		return PACKED_TAGS;
	if (count(PACKED_CR, line, end, enough) == enough)
		return PACKED_CR;
	if (object)	/* … nor is what stands in an object's string */
		return PACKED_NOT;
	*words = words_before(line, end);
	return *words >= 0 ? PACKED_BLANKS : is_joined(line, end) ? PACKED_WORDS : PACKED_NOT;
}

/* A \r that stands before \n in the string, and the backslashes of a string in a string. */
static void blank_escapes(char *begin, char *p)
{
	for (; p > begin; p--) {
		if (p[-1] == '\\')
			p[-1] = ' ';
		else if (p - begin >= 2 && p[-1] == 'r' && p[-2] == '\\')
			p[-1] = ' ';
		else
			return;
	}
}

void packed_split(enum packing kind, int words, char *text, size_t len)
{
	char *end = text + len;
	size_t n;
	if (kind == PACKED_BLANKS) {
		split_at_anchors(words, text, end);
		return;
	}
	if (kind == PACKED_WORDS) {
		split_at_words(text, end);
		return;
	}
	for (char *p = text; kind != PACKED_NOT && (p = memchr(p, first_of[kind], (size_t)(end - p))); p++) {
		if (!separates(kind, p, end, &n))
			continue;
		if (kind == PACKED_CR) {
			*p = '\n';
			continue;
		}
		if (kind == PACKED_STRING)
			blank_escapes(text, p);
		memset(p, ' ', n);
		p[n - 2] = PACKED_MARK;
		p[n - 1] = '\n';
		p += n - 1;
	}
}
