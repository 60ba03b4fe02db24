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
	WORD("oom-kill", 2, 0), WORD(" invoked ", 3, 6), WORD("oom_reaper: ", 1, 0), WORD("oom_kill_process: ", 1, 0),
	WORD("ill process ", 1, 1), WORD("illed process ", 3, 1),
	WORD("ut of memory", 4, 2), WORD("ut of Memory: ", 4, 2), WORD("a result of limit of", 10, 2),
	WORD("total_vm", 4, 3), WORD("active_anon:", 4, 3), WORD("pagecache pages", 2, 3),
	WORD("Mem-Info:", 0, 4), WORD("Mem-info:", 0, 4), WORD("Manual OOM", 5, 4), WORD("Show Memory", 2, 4),
	WORD("Memory cgroup ", 5, 5), WORD("page allocation ", 6, 5), WORD("is deadlocked on", 6, 5),
	WORD(": usage ", 0, 6), WORD("Free swap ", 3, 6), WORD(" to be killed", 3, 6),
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

static bool whole_word(const char *begin, const char *p, const char *end, unsigned buckets)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct word *w = &words[i];
		if (!(buckets >> w->bucket & 1) || p - begin < w->at || end - p < w->len - w->at ||
		    memcmp(p - w->at, w->text, w->len) != 0)
			continue;
		if (w->bucket != 7 || is_row(begin, p))
			return true;
	}
	return false;
}

static const char *find_bytes(const struct scanner *s, const char *begin, const char *from, const char *end)
{
	for (const char *p = from; end - p >= 4; p++) {
		const uint8_t *b = (const uint8_t *)p;
		unsigned m = s->byte[0][b[0]] & s->byte[1][b[1]] & s->byte[2][b[2]] & s->byte[3][b[3]];
		if (m && whole_word(begin, p, end, m))
			return p;
	}
	return NULL;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static __m256i table(const uint8_t t[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)t));
}

__attribute__((target("avx2"))) static const char *find_avx2(const struct scanner *s, const char *begin,
							     const char *from, const char *end)
{
	const __m256i nibble = _mm256_set1_epi8(15);
	__m256i low[4], high[4];
	for (int i = 0; i < 4; i++) {
		low[i] = table(s->low[i]);
		high[i] = table(s->high[i]);
	}
	const char *p = from;
	for (; end - p >= 35; p += 32) {
		__m256i m = _mm256_set1_epi8(-1);
		for (int i = 0; i < 4; i++) {
			__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
			__m256i a = _mm256_shuffle_epi8(low[i], _mm256_and_si256(v, nibble));
			__m256i b = _mm256_shuffle_epi8(high[i], _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble));
			m = _mm256_and_si256(m, _mm256_and_si256(a, b));
		}
		uint32_t hits = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(m, _mm256_setzero_si256()));
		while (hits) {
			const uint8_t *b = (const uint8_t *)p + __builtin_ctz(hits);
			unsigned buckets = s->byte[0][b[0]] & s->byte[1][b[1]] & s->byte[2][b[2]] & s->byte[3][b[3]];
			if (buckets && whole_word(begin, (const char *)b, end, buckets))
				return (const char *)b;
			hits &= hits - 1;
		}
	}
	return find_bytes(s, begin, p, end);
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
	*s = (struct scanner){ .find = find_bytes };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
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
