/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the names in /proc/vmstat say of themselves (mm/vmstat.c:vmstat_text). */
#pragma once

#include <stdbool.h>

/* Is it how much there is at the moment, which rises and falls, and not a count of what has happened? */
bool vmstat_is_level(const char *field);
