/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The extended regular expressions of a case. */
#pragma once

#include <stdbool.h>

/*
 * May this be compiled and run with the memory and time that a log is worth? False, and a sentence in why, where it is
 * none, longer than 1000 bytes, or one whose repetitions stand within each other: a library that writes them out takes
 * all memory for `(((a{99}){99}){99})`.
 */
bool pattern_fits(const char *text, char why[200]);

/* The pattern of a `log` entry, which begins behind a "!~". none: no record may match it. */
const char *pattern_of_log(const char *text, bool *none);

/*
 * The next `<pid TASK>` of the text, which stands for that task's pid: where it begins, or NULL. name: the task, malloced;
 * end: what follows.
 */
const char *pattern_pid(const char *text, char **name, const char **end);
