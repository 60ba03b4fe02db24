/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How kinds with several holders divide what is asked of them: holder 0 is the parent itself. */
#pragma once

#include "worker.h"

#define SHARES_MAX 256

struct shares {
	unsigned int n;			/* workers */
	bool whole;			/* each holds all of it (the same memory), instead of a share */
	struct load own;		/* what the parent holds itself, by weight[0] */
	uint16_t weight[SHARES_MAX + 1];
	struct worker worker[SHARES_MAX];
};

/* Takes n= (default `n`) or weights=; l->priv becomes the shares. Says what is wrong and returns -1. */
int shares_open(struct load *l, unsigned int n, const struct kind *own_kind);
failure shares_resize(struct load *l, uint64_t target);
uint64_t shares_touch(struct load *l);
#define SHARES_ARGS(what)                                                                                    \
	{ "n", "how many " what ", default 4" },                                                             \
	{ "weights", "W0:W1:...: shares of the parent and each of the " what ", instead of n=; default 0:1:1..." }
