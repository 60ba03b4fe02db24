// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/stream.h"

#include "base/util.h"
#include "klog/packed.h"
#include "klog/pstore.h"
#include "klog/scan.h"

#define MAX_LINE (64u << 10)	/* of a line; what is behind is skipped */
#define HISTORY (8u << 10)	/* bytes kept to look back from a word: the lines before it, a journal entry's start */
#define CHUNK (256u << 10)
#define ATTENTION 64		/* lines read after the last one that belonged to a report */

struct stream {
	struct klog *k;
	struct scanner scanner;
	char *buf;
	size_t have;		/* bytes in buf */
	size_t fed;		/* bytes of it that klog has had: a line's start */
	size_t counted;		/* bytes of it whose newlines are in `lines` */
	size_t scanned;		/* bytes of it that hold no word */
	uint64_t lines;
	bool begun;		/* its first bytes were looked at */
	int attention;
	bool skip;		/* the rest of a line that is too long, or that began before buf */
	enum encoding encoding;
	struct utf16 utf16;
	uint8_t head[4];	/* the first bytes, until the encoding is known */
	size_t n_head;
	enum packing packing;	/* of the line that goes on at `unpacked` */
	int words;		/* … */
	size_t unpacked;	/* bytes of buf whose packed lines were split */
	bool any_packed;
};

struct stream *stream_new(struct klog *k)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	s->k = k;
	scan_init(&s->scanner);
	s->buf = xcalloc(1, MAX_LINE + HISTORY + CHUNK);
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	free(s->buf);
	free(s);
}

/* Newlines, but for those made by packed_split(). */
static uint64_t newlines(const struct stream *s, size_t from, size_t to)
{
	uint64_t n = scan_newlines(s->buf + from, s->buf + to);
	const char *p = s->buf + from, *end = s->buf + to;
	while (s->any_packed && p < end && (p = memchr(p, PACKED_MARK, (size_t)(end - p)))) {
		n -= p + 1 < end && p[1] == '\n';
		p++;
	}
	return n;
}

/* The 1-based number of the line that starts at `at`. */
static uint64_t number(struct stream *s, size_t at)
{
	if (at >= s->counted) {
		s->lines += newlines(s, s->counted, at);
		s->counted = at;
		return s->lines + 1;
	}
	return s->lines - newlines(s, at, s->counted) + 1;
}

static size_t line_start(const struct stream *s, size_t at, size_t limit)
{
	const char *nl = at > limit ? memrchr(s->buf + limit, '\n', at - limit) : NULL;
	return nl ? (size_t)(nl - s->buf) + 1 : limit;
}

/* Where to begin reading for a word at `hit`: two lines before its own, or the start of the journal entry it is in. */
static size_t look_back(const struct stream *s, size_t hit)
{
	size_t limit = s->fed;
	if (hit - limit > HISTORY + MAX_LINE)
		limit = line_start(s, hit - HISTORY, limit);
	size_t own = line_start(s, hit, limit), at = own;
	const char *p = s->buf + own;
	bool entry = own - limit >= 8 && memcmp(p - 8, "MESSAGE\n", 8) == 0;	/* its length and bytes */
	for (size_t i = 0; i < 3 && own + i < s->have; i++)
		entry |= s->have - own - i >= 7 && memcmp(p + i, "MESSAGE", 7) == 0;
	for (int lines = entry ? 60 : 2; lines > 0 && at > limit; lines--) {
		size_t before = line_start(s, at - 1, limit);
		if (entry && (at - before <= 2 || memcmp(s->buf + before, "__CURSOR", 8) == 0)) {
			at = before;
			break;
		}
		at = before;
	}
	return at;
}

/* More bytes of a line that is known to be packed. What separates its lines may be cut at the end of the bytes. */
static void unpack_more(struct stream *s)
{
	char *from = s->buf + s->unpacked, *nl = memchr(from, '\n', s->have - s->unpacked);
	packed_split(s->packing, s->words, from, nl ? (size_t)(nl - from) : s->have - s->unpacked);
	if (nl)
		s->packing = PACKED_NOT;
	s->unpacked = nl ? (size_t)(nl - s->buf) + 1 : s->have > 256 ? s->have - 256 : 0;
	if (s->unpacked < (size_t)(from - s->buf))
		s->unpacked = (size_t)(from - s->buf);
}

/* Is the line that begins at `own` a whole log without newlines? Then it gets them. */
static bool unpack(struct stream *s, size_t own)
{
	char *line = s->buf + own, *nl = memchr(line, '\n', s->have - own);
	size_t len = nl ? (size_t)(nl - line) : s->have - own;
	enum packing kind = len < PACKED_MIN || s->packing != PACKED_NOT || own < s->unpacked ?
				    PACKED_NOT :
				    packed_kind(line, len, &s->words);
	if (kind == PACKED_NOT)
		return false;
	s->packing = kind;
	s->any_packed |= kind < PACKED_CR;
	s->unpacked = own;
	number(s, own);		/* what is counted was counted before */
	unpack_more(s);
	return true;
}

/* Reads lines from `fed` on while there is attention, and at least up to `must`. False: more bytes are needed. */
static bool read_lines(struct stream *s, size_t must, bool end)
{
	uint64_t n = number(s, s->fed);
	while (s->fed < s->have) {
		const char *line = s->buf + s->fed, *nl = memchr(line, '\n', s->have - s->fed);
		size_t len = nl ? (size_t)(nl - line) : s->have - s->fed;
		if (len >= PACKED_SHORT && unpack(s, s->fed))
			continue;
		if (!nl && !end && len < MAX_LINE)
			return false;
		if (klog_line(s->k, n, line, len))
			s->attention = ATTENTION;
		else
			s->attention--;
		if (!nl) {
			s->fed = s->have;
			s->skip = !end;
			return false;
		}
		s->fed += len + 1;
		if (!s->any_packed || !len || nl[-1] != PACKED_MARK)
			s->lines = n++;
		s->counted = s->fed;
		if (s->attention <= 0 && s->fed > must)
			return true;
	}
	return false;
}

static void process(struct stream *s, bool end)
{
	if (!s->begun && (end || s->have >= PSTORE_BEGIN)) {
		s->begun = true;
		s->attention = pstore_begins(text_of(s->buf, s->have)) ? 2 : s->attention;
	}
	if (s->packing != PACKED_NOT)
		unpack_more(s);
	while (s->fed < s->have || s->scanned < s->have) {
		if (s->skip) {
			const char *nl = memchr(s->buf + s->fed, '\n', s->have - s->fed);
			s->fed = nl ? (size_t)(nl - s->buf) + 1 : s->have;
			s->scanned = s->fed;
			s->skip = !nl;
			if (!nl)
				return;
			continue;
		}
		if (s->attention > 0) {
			if (!read_lines(s, 0, end)) {
				if (s->scanned < s->fed)
					s->scanned = s->fed;
				return;
			}
			s->attention = 0;
			s->scanned = s->fed;
			continue;
		}
		size_t from = s->scanned > s->fed ? s->scanned : s->fed;
		const char *hit = scan_find(&s->scanner, s->buf + s->fed, s->buf + from, s->buf + s->have);
		if (!hit) {
			/* a word may begin in the last bytes */
			size_t back = s->have > 32 ? s->have - 32 : 0;
			s->scanned = back > from ? back : from;
			return;
		}
		size_t at = (size_t)(hit - s->buf), own = line_start(s, at, s->fed);
		/* a short line is judged whole, whatever the pieces it comes in */
		if (!end && s->have - own < PACKED_SHORT && !memchr(s->buf + at, '\n', s->have - at)) {
			s->scanned = from;
			return;
		}
		if (unpack(s, own)) {
			s->scanned = s->fed;
			continue;
		}
		size_t start = look_back(s, at);
		number(s, start);
		s->fed = start;
		s->attention = 1;
		if (!read_lines(s, at, end)) {
			/* its line is not whole yet: come back with attention */
			if (s->attention <= 0)
				s->attention = 1;
			s->scanned = s->fed > from ? s->fed : from;
			return;
		}
		s->attention = s->attention > 0 ? s->attention : 0;
		s->scanned = s->fed;
	}
}

/* Makes room: what was read goes, but for what a later word may look back to. */
static void compact(struct stream *s)
{
	size_t keep = s->fed;
	if (s->attention <= 0 && !s->skip && s->have > HISTORY && s->have - HISTORY > keep) {
		keep = line_start(s, s->have - HISTORY, s->fed);
		size_t last = line_start(s, s->have, s->fed);
		if (last > keep && s->have - keep > HISTORY + MAX_LINE)
			keep = last;
		if (s->have - keep > MAX_LINE && unpack(s, keep)) {
			s->scanned = s->fed;
			process(s, false);
			compact(s);
			return;
		}
		if (s->have - keep > MAX_LINE) {
			/* one line, longer than any is read */
			keep = s->have;
			s->skip = true;
		}
	}
	if (keep > s->counted)
		number(s, keep);
	memmove(s->buf, s->buf + keep, s->have - keep);
	s->have -= keep;
	s->fed = s->fed > keep ? s->fed - keep : 0;
	s->counted = s->counted > keep ? s->counted - keep : 0;
	s->scanned = s->scanned > keep ? s->scanned - keep : 0;
	s->unpacked = s->unpacked > keep ? s->unpacked - keep : 0;
}

static void feed_bytes(struct stream *s, const char *bytes, size_t len)
{
	while (len) {
		size_t room = MAX_LINE + HISTORY + CHUNK - s->have, n = len < room ? len : room;
		memcpy(s->buf + s->have, bytes, n);
		s->have += n;
		bytes += n;
		len -= n;
		process(s, false);
		compact(s);
	}
}

static void feed_utf16(struct stream *s, const char *bytes, size_t len)
{
	char out[UTF16_ROOM(4096)];
	for (size_t n; len; bytes += n, len -= n) {
		n = len < 4096 ? len : 4096;
		feed_bytes(s, out, utf16_decode(&s->utf16, (const uint8_t *)bytes, n, out));
	}
}

static void decide_encoding(struct stream *s)
{
	s->encoding = s->utf16.encoding = encoding_of(s->head, s->n_head);
	stream_feed(s, (const char *)s->head, s->n_head);
}

void stream_feed(struct stream *s, const char *bytes, size_t len)
{
	while (s->encoding == ENCODING_UNKNOWN && len) {
		s->head[s->n_head++] = (uint8_t)*bytes++;
		len--;
		if (s->n_head == sizeof(s->head))
			decide_encoding(s);
	}
	if (s->encoding == ENCODING_BYTES)
		feed_bytes(s, bytes, len);
	else
		feed_utf16(s, bytes, len);
}

void stream_end(struct stream *s)
{
	if (s->encoding == ENCODING_UNKNOWN)
		decide_encoding(s);
	process(s, true);
	klog_flush(s->k);
	s->have = s->fed = s->counted = s->scanned = s->unpacked = 0;
}

int stream_read(struct stream *s, struct reader *r, struct error *err)
{
	char head[sizeof(s->head)], *wide = NULL;
	ssize_t n = 0;
	while (s->encoding == ENCODING_UNKNOWN && (n = reader_read(r, head, sizeof(head) - s->n_head, err)) > 0)
		stream_feed(s, head, (size_t)n);
	if (s->encoding == ENCODING_BYTES) {
		while ((n = reader_read(r, s->buf + s->have, CHUNK, err)) > 0) {
			s->have += (size_t)n;
			process(s, false);
			compact(s);
		}
	} else if (s->encoding != ENCODING_UNKNOWN) {
		wide = xcalloc(1, CHUNK);
		while ((n = reader_read(r, wide, CHUNK, err)) > 0)
			stream_feed(s, wide, (size_t)n);
		free(wide);
	}
	stream_end(s);
	return n < 0 ? -1 : 0;
}
