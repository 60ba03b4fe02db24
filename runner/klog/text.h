/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stretch of bytes that is eaten from the front. No function reads at or behind `end`, none needs a NUL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	const char *p, *end;
};

static inline struct text text_of(const char *s, size_t len)
{
	return (struct text){ s, s + len };
}

static inline size_t text_len(struct text t)
{
	return (size_t)(t.end - t.p);
}

/* With the literal's length known at compile time this is a few instructions. */
static inline bool text_starts_n(struct text t, const char *lit, size_t n)
{
	return text_len(t) >= n && memcmp(t.p, lit, n) == 0;
}

#define text_starts(t, lit) text_starts_n((t), "" lit, sizeof(lit) - 1)
#define text_eat(t, lit) (text_starts(*(t), lit) ? ((t)->p += sizeof(lit) - 1, true) : false)

static inline bool text_is(struct text t, const char *s)
{
	size_t n = strlen(s);
	return text_len(t) == n && memcmp(t.p, s, n) == 0;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline void text_blanks(struct text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\t'))
		t->p++;
}

/* Eats an optional minus and digits. False, and nothing eaten, when there is no digit or the number overflows. */
bool text_int(struct text *t, int64_t *value);

/* The uid that a number stands for: from 2^31 up "%d" prints it less 2^32, where "%u" does not (mm/oom_kill.c:dump_task,
 * __oom_kill_process). */
static inline int64_t uid_of_number(int64_t n)
{
	return n < 0 && n >= INT32_MIN ? n + (INT64_C(1) << 32) : n;
}

/* A uid, by text_int(). */
bool text_uid(struct text *t, int64_t *uid);

/* Eats "0x…" or bare hexadecimal digits. */
bool text_hex(struct text *t, int64_t *value);

/* Where a string first or last stands, or NULL. */
const char *text_rfind(struct text t, const char *s);
static inline const char *text_find(struct text t, const char *s)
{
	return memmem(t.p, text_len(t), s, strlen(s));
}

/* Drops blanks, CR, LF and NUL at the end. */
void text_trim_end(struct text *t);

/* Copies at most size - 1 bytes; a NUL inside becomes a blank. Returns whether all fitted. */
bool text_copy(struct text t, char *buf, size_t size);

/* A malloced copy of at most max bytes. */
char *text_dup(struct text t, size_t max);
