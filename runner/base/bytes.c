// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int too_large(const char *text, struct error *err)
{
	error_set(err, 0, "size \"%s\" is too large", text);
	if (err)
		err->errnum = ERANGE;
	return -1;
}

int parse_size(const char *text, uint64_t *bytes, struct error *err)
{
	static const char units[] = "KMGT";
	const char *p = text;
	uint64_t value = 0;
	if (!isdigit((unsigned char)*p))
		return error_set(err, 0, "\"%s\" is not a size: expected a whole number and K, M, G or T, like 40M", text);
	for (; isdigit((unsigned char)*p); p++) {
		unsigned digit = (unsigned)(*p - '0');
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
			return too_large(text, err);
	}
	if (*p) {
		const char *unit = memchr(units, toupper((unsigned char)*p), sizeof(units) - 1);
		if (!unit || (p[1] && strcmp(p + 1, "iB") != 0))
			return error_set(err, 0, "\"%s\" is not a size: expected a whole number and K, M, G or T, like 40M",
					 text);
		unsigned shift = 10 * (unsigned)(unit - units + 1);
		if (value >> (64 - shift))
			return too_large(text, err);
		value <<= shift;
	}
	*bytes = value;
	return 0;
}

int parse_int(const char *text, int64_t min, int64_t max, int64_t *value, struct error *err)
{
	char *end;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (end == text || *end || isspace((unsigned char)*text) || *text == '+')
		return error_set(err, 0, "\"%s\" is not a whole number", text);
	if (errno || v < min || v > max)
		return error_set(err, 0, "%s is outside %lld to %lld", text, (long long)min, (long long)max);
	*value = v;
	return 0;
}

int parse_mask(const char *text, uint64_t *mask, struct error *err)
{
	uint64_t result = 0;
	const char *p = text;
	while (*p && *p != '\n') {
		char *end;
		if (!isdigit((unsigned char)*p))
			return error_set(err, 0, "\"%s\" is not a list like 0-1,3", text);
		unsigned long from = strtoul(p, &end, 10), to = from;
		if (*end == '-') {
			if (!isdigit((unsigned char)end[1]))
				return error_set(err, 0, "\"%s\" is not a list like 0-1,3", text);
			to = strtoul(end + 1, &end, 10);
		}
		if (from > to || to > 63)
			return error_set(err, 0, "\"%s\": numbers must rise and be below 64", text);
		for (unsigned long i = from; i <= to; i++)
			result |= UINT64_C(1) << i;
		if (*end == ',' && end[1])
			end++;
		else if (*end && *end != '\n')
			return error_set(err, 0, "\"%s\" is not a list like 0-1,3", text);
		p = end;
	}
	*mask = result;
	return 0;
}

char *format_mask(uint64_t mask, char buf[256])
{
	char *p = buf;
	*p = '\0';
	for (unsigned i = 0; i < 64; i++) {
		if (!(mask >> i & 1))
			continue;
		unsigned last = i;
		while (last < 63 && (mask >> (last + 1) & 1))
			last++;
		p += sprintf(p, last > i ? "%s%u-%u" : "%s%u", p == buf ? "" : ",", i, last);
		i = last;
	}
	return buf;
}

char *format_size(uint64_t bytes, char buf[32])
{
	static const char *const units[] = { "B", "kB", "MiB", "GiB", "TiB" };
	unsigned unit = 0;
	double value = (double)bytes;
	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, 32, value >= 100 || value == (double)(uint64_t)value ? "%.0f %s" : "%.1f %s", value, units[unit]);
	return buf;
}
