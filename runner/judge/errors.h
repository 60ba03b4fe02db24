/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the suite could not do, or not see: an error, and nothing that the kernel is blamed for. Private to the judge. */
#pragma once

#include <stdbool.h>

struct trial;

/* Is so much missing, or interfered with, that no check can tell anything? */
bool judge_setup_failed(const struct trial *t);

/* Is a part of the log missing that a verdict needs? Then nothing can be held against the kernel but what was counted. */
bool judge_log_lost(const struct trial *t);

/* The text of a record of an episode, on the wire, that others' records tore and whose rest was not found: nobody knows
 * what it said. NULL: none. */
const char *judge_log_torn(const struct trial *t);

/* Was the scene not built, because the machine ran out of memory before? To be asked after check_outside(). */
bool judge_scene_lost(const struct trial *t);

/* Says what is missing. To be asked when no check has failed on evidence. */
void judge_errors(struct trial *t);
