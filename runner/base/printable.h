/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from kernels and case files on its way to a person: nothing of it may steer a terminal or break a line.
 */
#pragma once

/* A malloced copy: control characters (C0, DEL, C1) and bytes that are not UTF-8 become \xNN, a newline \n. */
char *printable(const char *text);

/* The same for a line of TAP: `#` and `\` are escaped besides. */
char *printable_tap(const char *text);

/* The same for a whole log: newlines and tabs stay. */
char *printable_log(const char *text);
