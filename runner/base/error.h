/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors as values. A function that can fail takes a `struct error *` last, returns a negative number (or NULL)
 * and fills it with one sentence: what was attempted, on what, why it failed, and where it helps, what to do next.
 * Outputs are untouched on failure. Libraries never print and never exit. A NULL error pointer is allowed: the
 * sentence is then dropped. Callers add context outward with error_wrap().
 */
#pragma once

#include <stdbool.h>

struct error {
	int errnum;		/* errno of the failed call, or 0 */
	bool input;		/* what the user named or gave is wrong, not what is there: error_is_input() */
	char text[1024];	/* one sentence, no newline */
};

/* Fills err; errnum != 0 appends ": strerror". Always returns -1, so that `return error_set(...)` reads well. */
int error_set(struct error *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of what err already says. Always returns -1. */
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Marks what err already says as the fault of what was named or given, where a caller tells that from other trouble. Always
 * returns -1. */
int error_is_input(struct error *err);
