// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include "oomload.h"

static bool parse_digits(const char **text, uint64_t *value)
{
	uint64_t n = 0;
	const char *p = *text;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	if (p == *text)
		return false;
	*text = p;
	*value = n;
	return true;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	uint64_t n;
	if (!parse_digits(&text, &n))
		return false;
	if (*text) {
		const char *unit = strchr(units, *text);
		if (!unit || text[1])
			return false;
		if (__builtin_mul_overflow(n, UINT64_C(1) << (10 * (unit - units + 1)), &n))
			return false;
	}
	*bytes = n;
	return true;
}

bool parse_int(const char *text, int64_t min, int64_t max, int64_t *value)
{
	bool negative = *text == '-';
	uint64_t n;
	text += negative;
	if (!parse_digits(&text, &n) || *text || n > INT64_MAX)
		return false;
	int64_t v = negative ? -(int64_t)n : (int64_t)n;
	if (v < min || v > max)
		return false;
	*value = v;
	return true;
}

bool parse_mask(const char *text, uint64_t *mask)
{
	uint64_t m = 0;
	do {
		uint64_t from, to;
		if (!parse_digits(&text, &from))
			return false;
		to = from;
		if (*text == '-' && (text++, !parse_digits(&text, &to)))
			return false;
		if (from > to || to > 63)
			return false;
		for (; from <= to; from++)
			m |= UINT64_C(1) << from;
	} while (*text == ',' && *++text);
	if (*text || text[-1] == ',')
		return false;
	*mask = m;
	return true;
}

char *next_word(char **rest)
{
	char *p = *rest;
	while (*p == ' ')
		p++;
	if (!*p)
		return NULL;
	char *word = p;
	while (*p && *p != ' ')
		p++;
	if (*p)
		*p++ = '\0';
	*rest = p;
	return word;
}

static const struct {
	int number;
	const char *name;
} failures[] = {
#define NAME(n) { n, #n }
	NAME(EPERM),
	NAME(ENOENT),
	NAME(ESRCH),
	NAME(EINTR),
	NAME(EIO),
	NAME(ENXIO),
	NAME(E2BIG),
	NAME(ENOEXEC),
	NAME(EBADF),
	NAME(ECHILD),
	NAME(EAGAIN),
	NAME(ENOMEM),
	NAME(EACCES),
	NAME(EFAULT),
	NAME(EBUSY),
	NAME(EEXIST),
	NAME(EXDEV),
	NAME(ENODEV),
	NAME(ENOTDIR),
	NAME(EISDIR),
	NAME(EINVAL),
	NAME(ENFILE),
	NAME(EMFILE),
	NAME(ETXTBSY),
	NAME(EFBIG),
	NAME(ENOSPC),
	NAME(ESPIPE),
	NAME(EROFS),
	NAME(EPIPE),
	NAME(ERANGE),
	NAME(ENAMETOOLONG),
	NAME(ENOSYS),
	NAME(ELOOP),
	NAME(EOVERFLOW),
	NAME(EOPNOTSUPP),
	NAME(ENOBUFS),
	NAME(ETIMEDOUT),
	NAME(EDQUOT),
	NAME(EUSERS),
	NAME(EIDRM),
	NAME(ENODATA),
	NAME(EOWNERDEAD),
#undef NAME
	{ FAILED_BY_SIGNAL + SIGBUS, "SIGBUS" },
	{ FAILED_BY_SIGNAL + SIGSEGV, "SIGSEGV" },
};

struct line {
	char text[512];
	size_t len;
};

static void put(struct line *line, const char *s)
{
	while (*s && line->len < 500)
		line->text[line->len++] = *s++;
}

char *put_decimal(char *to, uint64_t n)
{
	char digits[20];
	size_t len = 0;
	do
		digits[len++] = (char)('0' + n % 10);
	while (n /= 10);
	while (len)
		*to++ = digits[--len];
	*to = '\0';
	return to;
}

static void put_number(struct line *line, uint64_t n, bool negative)
{
	char digits[21];
	put_decimal(digits, n);
	if (negative)
		put(line, "-");
	put(line, digits);
}

static void put_format(struct line *line, const char *fmt, va_list ap)
{
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(line, (char[]){ *fmt, '\0' });
			continue;
		}
		switch (*++fmt) {
		case 's':
			put(line, va_arg(ap, const char *));
			break;
		case 'u':
			put_number(line, va_arg(ap, uint64_t), false);
			break;
		case 'd': {
			int64_t n = va_arg(ap, int64_t);
			put_number(line, n < 0 ? -(uint64_t)n : (uint64_t)n, n < 0);
			break;
		}
		}
	}
}

static void send_line(int fd, struct line *line)
{
	line->text[line->len++] = '\n';
	for (size_t sent = 0; sent < line->len;) {
		ssize_t n = write(fd, line->text + sent, line->len - sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;	/* the other end is gone; the next read says so */
		sent += (size_t)n;
	}
}

void say(int fd, const char *fmt, ...)
{
	struct line line = { .len = 0 };
	va_list ap;
	va_start(ap, fmt);
	put_format(&line, fmt, ap);
	va_end(ap);
	send_line(fd, &line);
}

int error_say(const char *fmt, ...)
{
	struct line line = { .len = 0 };
	va_list ap;
	put(&line, "error ");
	va_start(ap, fmt);
	put_format(&line, fmt, ap);
	va_end(ap);
	send_line(control_out, &line);
	return -1;
}

const char *failure_name(int f)
{
	static struct line unknown;
	if (!f)
		return "ok";
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (failures[i].number == f)
			return failures[i].name;
	unknown.len = 0;
	put(&unknown, "E");
	put_number(&unknown, (uint64_t)f, false);
	unknown.text[unknown.len] = '\0';
	return unknown.text;
}
