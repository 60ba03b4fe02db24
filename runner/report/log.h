/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log for the page: what kind of line each is, and which of its bytes the parser read.
 */
#pragma once

#include <jansson.h>

/* `kmsg` as an observation has it. Array of [t, level, text, kind or null, [from, to, from, to, …] or null], one for each
 * line of each record; the positions are of bytes, which are characters in a byte string. A log without end is cut in its
 * middle, where an entry has a number (of the lines left out) in place of the text. A new reference. */
json_t *log_story(const json_t *kmsg);

/* Array of {"t", "kind": "oom", "kill" or "panic", "text", "pid"} from the same, and from what the console (NULL: nothing) has
 * behind it: a machine that panics tells only there. A new reference. */
json_t *log_marks(const json_t *kmsg, const char *console);

/* The choice of each report again, from its own table: array of {"t", "comm", "pid", "agrees", "why", "rows": [{"comm",
 * "pid", "points", "adj", "rss"}]}, sizes and points in pages, the worst first. A new reference. */
json_t *log_choices(const json_t *kmsg);
