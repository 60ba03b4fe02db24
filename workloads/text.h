/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in and out without stdio: the few forms that the control stream needs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* "4096", "5K", "40M", "2G", "1T": the whole string or false. */
bool parse_size(const char *text, uint64_t *bytes);
/* A decimal integer within [min, max]: the whole string or false. */
bool parse_int(const char *text, int64_t min, int64_t max, int64_t *value);
/* "0", "0-1,3": the whole string or false; bits 0 to 63, at least one. */
bool parse_mask(const char *text, uint64_t *mask);

/* Writes the decimal digits of n and a NUL, and returns where that stands. At most 21 bytes. */
char *put_decimal(char *to, uint64_t n);

/* Cuts the next word off *rest; NULL when there is none. */
char *next_word(char **rest);

/* "ENOMEM", "SIGBUS", or "E" and the number for one without a name here; "ok" for 0. The second form is static. */
const char *failure_name(int f);

/* Writes one line: %s a string, %u a uint64_t, %d an int64_t. The newline is added. Other lines are cut at 500 bytes. */
void say(int fd, const char *fmt, ...);
/* "error TEXT" on the control stream. Returns -1. */
int error_say(const char *fmt, ...);
