// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/pack.h"

#include <zlib.h>

#include "base/util.h"

static char *dump(const json_t *value, size_t *len)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
	if (!text)
		text = xstrdup("null");
	*len = strlen(text);
	return text;
}

void pack_plain(FILE *out, const json_t *value)
{
	size_t len;
	CLEANUP_FREE char *text = dump(value, &len);
	for (const char *p = text; *p; p++) {
		if (*p == '<')	/* in JSON it only stands in strings */
			fputs("\\u003c", out);
		else
			fputc(*p, out);
	}
}

static void put_base64(FILE *out, const unsigned char *p, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t three = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0u);
		for (size_t k = 0; k < 4; k++)
			fputc(k <= n ? digits[three >> (18 - 6 * k) & 63] : '=', out);
	}
}

void pack_small(FILE *out, const json_t *value)
{
	size_t len;
	CLEANUP_FREE char *text = dump(value, &len);
	z_stream z = { .next_in = (Bytef *)text, .avail_in = (uInt)len };
	/* 16: a gzip header, which DecompressionStream("gzip") wants. None of these can fail with enough room. */
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	uLong room = deflateBound(&z, (uLong)len);
	CLEANUP_FREE unsigned char *packed = xcalloc(room, 1);
	z.next_out = packed;
	z.avail_out = (uInt)room;
	deflate(&z, Z_FINISH);
	put_base64(out, packed, z.total_out);
	deflateEnd(&z);
}
