/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong in a test, as plain text for reports of other systems. */
#pragma once

#include "judge/verdict.h"

/* Why, each failed check with what was expected and seen, and where the rest is kept. Lines end in newlines; nothing is
 * escaped. Malloced; "" when all is well. */
char *story_of(const struct result *r);

/* In a line: why, or the failed checks' names. Malloced; "" when all is well. */
char *story_line(const struct result *r);
