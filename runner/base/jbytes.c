// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/jbytes.h"

#include <stdint.h>

#include "base/util.h"

json_t *json_bytes(const char *data, size_t len)
{
	if (len > SIZE_MAX / 2 - 1)
		len = SIZE_MAX / 2 - 1;
	CLEANUP_FREE char *utf8 = xcalloc(2 * len + 1, 1);
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];
		if (c < 0x80) {
			utf8[n++] = (char)c;
		} else {
			utf8[n++] = (char)(0xc0 | c >> 6);
			utf8[n++] = (char)(0x80 | (c & 0x3f));
		}
	}
	json_t *value = json_stringn_nocheck(utf8, n);
	if (!value)	/* only when memory is out: the text is valid UTF-8 by construction */
		return json_null();
	return value;
}

char *json_bytes_get(const json_t *value, size_t *len)
{
	if (!json_is_string(value))
		return NULL;
	const unsigned char *p = (const unsigned char *)json_string_value(value);
	const unsigned char *end = p + json_string_length(value);
	char *bytes = xcalloc((size_t)(end - p) + 1, 1);
	size_t n = 0;
	while (p < end) {
		unsigned char c = *p++;
		if (c >= 0x80) {
			/* U+0080..U+00FF start with c2 or c3; jansson lets only whole sequences in */
			bool small = (c == 0xc2 || c == 0xc3) && p < end;
			c = small ? (unsigned char)((c & 0x03) << 6 | (*p & 0x3f)) : '?';
			while (p < end && (*p & 0xc0) == 0x80)
				p++;
		}
		bytes[n++] = (char)c;
	}
	bytes[n] = '\0';
	if (len)
		*len = n;
	return bytes;
}
