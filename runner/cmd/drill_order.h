/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After a rehearsal: who was to die, and who did. */
#pragma once

#include <stdio.h>

#include "drill/drill.h"

/* Prints both orders, side by side, and where they part. `dir` is what `oomtests run -o` kept of it. -1: no result is there. */
int drill_print_order(const struct drill *d, const char *dir, FILE *out, struct error *err);
