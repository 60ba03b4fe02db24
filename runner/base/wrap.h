/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for people in lines that fit. Columns are counted in bytes: a character of several counts as that many, which makes lines too
 * short, never too long.
 */
#pragma once

#include <stdio.h>

#define WIDTH_DEFAULT 80	/* of what is no terminal, or one narrower than 40 columns */

/* Columns of the terminal that `out` is. */
unsigned terminal_width(FILE *out);

/* Prints words, made safe (base/printable.h), from column `at` on, broken before `width`; further lines are indented by `indent`. A
 * word that is longer than a line stays whole. A newline ends it. */
void print_words(FILE *out, const char *text, unsigned at, unsigned indent, unsigned width);

/* The text, which is safe already, in lines of at most `width` bytes with `indent` blanks before each. A word that is longer than a
 * line is cut. No newline ends it. */
void print_lines(FILE *out, const char *text, unsigned indent, unsigned width);
