// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/scan.h"

#include <stdbool.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "klog/text.h"

/* A word, and where in it the four bytes stand that are looked for: rare ones in log text. Words of one bucket share
 * nibbles, so that few other texts match by mixing them. */
static const struct word {
	const char *text;
	uint8_t len, at, bucket;
} words[] = {
#define WORD(text, at, bucket) { text, sizeof(text) - 1, at, bucket }
	WORD("oom-kill", 2, 0), WORD("oom_reaper: ", 1, 0), WORD("oom_kill_process: ", 1, 0), WORD("total_vm", 3, 0),
	WORD("Show Memory", 0, 0),
	WORD("ill process ", 1, 1), WORD("illed process ", 1, 1), WORD("Manual OOM", 0, 1),
	WORD("ut of memory", 4, 2), WORD("ut of Memory: ", 4, 2), WORD("a result of limit of", 10, 2),
	WORD("active_anon:", 4, 2),
	WORD("pagecache pages", 2, 3),
	/* a mail's part in which no word can be seen */
	WORD("ncoding: base64", 11, 3),
	WORD("Mem-Info:", 0, 4), WORD("Mem-info:", 0, 4), WORD(": usage ", 0, 4), WORD(" invoked ", 0, 4),
	WORD("Normal free:", 0, 4),
	WORD("Memory cgroup ", 5, 5), WORD("page allocation ", 6, 5), WORD("is deadlocked on", 6, 5),
	WORD("Free swap ", 0, 6), WORD(" to be killed", 3, 6),
	/* a journal's message as an array of bytes, in which no other word can be seen */
	WORD("MESSAGE\":[", 5, 6), WORD("MESSAGE\" : [", 6, 6), WORD("MESSAGE\": [", 5, 6),
	WORD("]   ", 0, 7),
#undef WORD
};

/* "[ 123]   " of a table's row, not "[  12.345678]   " */
static bool is_row(const char *begin, const char *p)
{
	const char *q = p;
	while (q > begin && is_digit(q[-1]))
		q--;
	if (q == p)
		return false;
	while (q > begin && q[-1] == ' ')
		q--;
	return q > begin && q[-1] == '[';
}

static bool whole_word(const struct scanner *s, const char *begin, const char *p, const char *end, unsigned buckets)
{
	for (; buckets; buckets &= buckets - 1) {
		unsigned bucket = (unsigned)__builtin_ctz(buckets);
		for (size_t i = s->first[bucket]; i < s->first[bucket + 1]; i++) {
			const struct word *w = &words[i];
			if (p - begin < w->at || end - p < w->len - w->at || memcmp(p - w->at, w->text, w->len) != 0)
				continue;
			if (*w->text != ']' || is_row(begin, p))
				return true;
		}
	}
	return false;
}

static const char *find_bytes(const struct scanner *s, const char *begin, const char *from, const char *end)
{
	for (const char *p = from; end - p >= 4; p++) {
		const uint8_t *b = (const uint8_t *)p;
		unsigned m = s->byte[0][b[0]] & s->byte[1][b[1]] & s->byte[2][b[2]] & s->byte[3][b[3]];
		if (m && whole_word(s, begin, p, end, m))
			return p;
	}
	return NULL;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static __m256i table(const uint8_t t[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)t));
}

/* The buckets that each of 32 bytes may be of, by its nibbles. */
__attribute__((target("avx2"), always_inline)) static inline __m256i buckets_of(const char *p, __m256i low, __m256i high)
{
	const __m256i nibble = _mm256_set1_epi8(15);
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	return _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(v, nibble)),
				_mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble)));
}

__attribute__((target("avx2"))) static const char *find_avx2(const struct scanner *s, const char *begin,
							     const char *from, const char *end)
{
	const __m256i l0 = table(s->low[0]), l1 = table(s->low[1]), l2 = table(s->low[2]), l3 = table(s->low[3]);
	const __m256i h0 = table(s->high[0]), h1 = table(s->high[1]), h2 = table(s->high[2]), h3 = table(s->high[3]);
	const char *p = from;
	for (; end - p >= 35; p += 32) {
		__m256i m = _mm256_and_si256(_mm256_and_si256(buckets_of(p, l0, h0), buckets_of(p + 1, l1, h1)),
					     _mm256_and_si256(buckets_of(p + 2, l2, h2), buckets_of(p + 3, l3, h3)));
		if (_mm256_testz_si256(m, m))
			continue;
		uint32_t hits = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(m, _mm256_setzero_si256()));
		while (hits) {
			const uint8_t *b = (const uint8_t *)p + __builtin_ctz(hits);
			unsigned buckets = s->byte[0][b[0]] & s->byte[1][b[1]] & s->byte[2][b[2]] & s->byte[3][b[3]];
			if (buckets && whole_word(s, begin, (const char *)b, end, buckets))
				return (const char *)b;
			hits &= hits - 1;
		}
	}
	return find_bytes(s, begin, p, end);
}

/* A character's mark is what the entries of its two nibbles share. */
__attribute__((target("avx2"))) static unsigned marks_avx2(const char *from, const char *end)
{
	static const uint8_t low[16] = { [2] = MARK_LATIN, [3] = MARK_HASH_AND, [6] = MARK_HASH_AND, [10] = MARK_NEWLINE,
					 [11] = MARK_ESCAPE | MARK_BRACE, [12] = MARK_BACKSLASH | MARK_LESS_EQUALS,
					 [13] = MARK_LESS_EQUALS };
	static const uint8_t high[16] = { [0] = MARK_NEWLINE, [1] = MARK_ESCAPE, [2] = MARK_HASH_AND, [3] = MARK_LESS_EQUALS,
					  [5] = MARK_BACKSLASH, [7] = MARK_BRACE, [12] = MARK_LATIN };
	const __m256i nibble = _mm256_set1_epi8(15), l = table(low), h = table(high);
	__m256i m = _mm256_setzero_si256();
	for (const char *p = from;; p += 32) {
		if (p > end - 32)
			p = end - 32;
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
		__m256i a = _mm256_shuffle_epi8(l, _mm256_and_si256(v, nibble));
		__m256i b = _mm256_shuffle_epi8(h, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble));
		m = _mm256_or_si256(m, _mm256_and_si256(a, b));
		if (p == end - 32)
			break;
	}
	__m128i half = _mm_or_si128(_mm256_castsi256_si128(m), _mm256_extracti128_si256(m, 1));
	uint64_t all = (uint64_t)_mm_cvtsi128_si64(_mm_or_si128(half, _mm_srli_si128(half, 8)));
	all |= all >> 32;
	all |= all >> 16;
	return (all | all >> 8) & 0xff;
}

__attribute__((target("avx2,popcnt"))) static uint64_t newlines_avx2(const char *p, const char *end)
{
	const __m256i nl = _mm256_set1_epi8('\n');
	uint64_t n = 0;
	for (; end - p >= 32; p += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
		n += (unsigned)__builtin_popcount((unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, nl)));
	}
	for (; p < end; p++)
		n += *p == '\n';
	return n;
}
#endif

void scan_init(struct scanner *s)
{
	size_t n = sizeof(words) / sizeof(words[0]);
	*s = (struct scanner){ .find = find_bytes };
	for (size_t i = n, bucket = 9; bucket-- > 0;) {	/* the words stand in the order of their buckets */
		while (i > 0 && words[i - 1].bucket >= bucket)
			i--;
		s->first[bucket] = (uint8_t)(bucket == 8 ? n : i);
	}
	for (size_t i = 0; i < n; i++)
		for (int b = 0; b < 4; b++) {
			uint8_t c = (uint8_t)words[i].text[words[i].at + b], bit = (uint8_t)(1u << words[i].bucket);
			s->low[b][c & 15] |= bit;
			s->high[b][c >> 4] |= bit;
			s->byte[b][c] |= bit;
		}
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		s->find = find_avx2;
#endif
}

const char *scan_find(const struct scanner *s, const char *begin, const char *from, const char *end)
{
	return s->find(s, begin, from, end);
}

unsigned scan_marks(const char *from, const char *end)
{
	static const uint8_t marks[256] = {
		['\033'] = MARK_ESCAPE, [0xc2] = MARK_LATIN, ['#'] = MARK_HASH_AND, ['&'] = MARK_HASH_AND,
		['\\'] = MARK_BACKSLASH, ['{'] = MARK_BRACE, ['<'] = MARK_LESS_EQUALS, ['='] = MARK_LESS_EQUALS,
		['\n'] = MARK_NEWLINE,
	};
#ifdef __x86_64__
	if (end - from >= 32 && __builtin_cpu_supports("avx2"))
		return marks_avx2(from, end);
#endif
	unsigned m = 0;
	for (const char *p = from; p < end; p++)
		m |= marks[(uint8_t)*p];
	return m;
}

uint64_t scan_newlines(const char *from, const char *end)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return newlines_avx2(from, end);
#endif
	uint64_t n = 0;
	for (const char *p = from; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	return n;
}
