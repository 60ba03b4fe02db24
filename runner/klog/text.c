// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog/text.h"

#include "base/util.h"

bool text_int(struct text *t, int64_t *value)
{
	const char *p = t->p;
	bool minus = p < t->end && *p == '-';
	if (minus)
		p++;
	const char *first = p;
	uint64_t n = 0;
	while (p < t->end && is_digit(*p)) {
		if (p - first >= 18)	/* 10^18 fits; what is longer is no number of a kernel log */
			return false;
		n = n * 10 + (uint64_t)(*p++ - '0');
	}
	if (p == first)
		return false;
	*value = minus ? -(int64_t)n : (int64_t)n;
	t->p = p;
	return true;
}

bool text_uid(struct text *t, int64_t *uid)
{
	int64_t n;
	if (!text_int(t, &n))
		return false;
	*uid = uid_of_number(n);
	return true;
}

bool text_hex(struct text *t, int64_t *value)
{
	const char *p = t->p;
	if (t->end - p > 2 && p[0] == '0' && p[1] == 'x')
		p += 2;
	const char *first = p;
	uint64_t n = 0;
	for (; p < t->end; p++) {
		unsigned digit;
		if (is_digit(*p))
			digit = (unsigned)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			digit = (unsigned)(*p - 'a' + 10);
		else
			break;
		if (p - first >= 15)
			return false;
		n = n << 4 | digit;
	}
	if (p == first)
		return false;
	*value = (int64_t)n;
	t->p = p;
	return true;
}

const char *text_rfind(struct text t, const char *lit)
{
	size_t n = strlen(lit);
	if (text_len(t) < n)
		return NULL;
	for (const char *p = t.end - n; p >= t.p; p--) {
		p = memrchr(t.p, lit[0], (size_t)(p - t.p) + 1);
		if (!p)
			return NULL;
		if (memcmp(p, lit, n) == 0)
			return p;
	}
	return NULL;
}

void text_trim_end(struct text *t)
{
	while (t->end > t->p && (t->end[-1] == ' ' || t->end[-1] == '\t' || t->end[-1] == '\r' || t->end[-1] == '\n' ||
				 t->end[-1] == '\0'))
		t->end--;
}

bool text_copy(struct text t, char *buf, size_t size)
{
	size_t n = text_len(t);
	bool fits = n < size;
	if (!fits)
		n = size - 1;
	for (size_t i = 0; i < n; i++)
		buf[i] = t.p[i] ? t.p[i] : ' ';
	buf[n] = '\0';
	return fits;
}

char *text_dup(struct text t, size_t max)
{
	size_t n = text_len(t) < max ? text_len(t) : max;
	char *s = xcalloc(1, n + 1);
	text_copy(text_of(t.p, n), s, n + 1);
	return s;
}
