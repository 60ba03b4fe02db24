/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data that was written and is never read: pairs of descriptors, [0] to read from and [1] to write to, as many as are needed. */
#pragma once

#include "oomload.h"

/* `pair` makes one more, non-blocking and close-on-exec, or returns -1 with errno. When all there may be take no more,
 * it is EAGAIN. */
int stuffed_open(struct load *l, int (*pair)(int fd[2]), unsigned int pairs_max);
#define STUFFED_PAIRS_MAX (1 << 19)	/* half of fs.nr_open's default */
failure stuffed_add(struct load *l, uint64_t bytes);
failure stuffed_drop(struct load *l, uint64_t bytes);
uint64_t stuffed_touch(struct load *l);
void stuffed_close(struct load *l);
