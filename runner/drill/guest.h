/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine's stand-ins in a guest: what the model is told of them. For guest.c and part.c. */
#pragma once

#include "drill/drill.h"

#define KERNEL_TAKES (UINT64_C(28) << 20)	/* bytes of the guest's memory, before MemTotal: at least, */
#define KERNEL_TAKES_MORE (UINT64_C(64) << 20)	/* and at most so much more, and a thirty-second of all (its struct pages, by kernel and page size) */

/* Pages of the guest that oom_score_adj weighs by, at least (0) and at most (1): before it is booted nobody knows better. */
uint64_t guest_pages(const struct drill *d, int most);

/*
 * By how many pages what the kernel reads of a stand-in may be less than its size, and more. It has one thread, on one
 * CPU, and what is not alike in two of them is anonymous memory only, one of the four counters; it only grows, so that
 * a counter is behind, if anything.
 */
int64_t stand_in_less(const struct drill *d);
#define STAND_IN_MORE 4		/* page tables at a boundary */

/* Pages of its page tables, but for those that every process has. */
int64_t stand_in_tables(const struct drill_task *t);

/*
 * Lets each stand-in stand out from the next to die, in the order in which the originals die: from the first on, as far
 * as the growth fits into `room` bytes. Adds a note.
 */
void part_neighbours(struct drill *d, uint64_t room);
