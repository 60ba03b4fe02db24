/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sentences for people: what was meant, what is allowed.
 */
#pragma once

#include <stddef.h>

/* `did you mean "size"? Allowed: a, b, c`, or `allowed: a, b, c` when no word is near. Writes into buf and returns it; a
 * list too long for it ends with "…". */
char *say_allowed(char *buf, size_t size, const char *word, const char *const *words, size_t n);

/* Checks that text is UTF-8 with only the characters that YAML allows. NULL, or a sentence with the place of the first
 * offence (1-based). */
const char *utf8_fault(const char *text, size_t len, int *line, int *column);

/* `text` in a form that fits on one line of a terminal: control characters as \xNN, cut after 60 bytes. */
char *show_text(char buf[320], const char *text);

/* The whole of a sentence in that form, as much of it as fits into buf. */
void one_line(char *buf, size_t size, const char *sentence);
