/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netconsole's extended records that are too long for a packet come in pieces: "4,416,1758426,-,ncfrag=0/33;the first",
 * "4,416,1758426,-,ncfrag=9/33; the second" (Documentation/networking/netconsole.rst). A listener writes each to a line of its
 * own, or one behind the other.
 */
#pragma once

#include "klog/prefix.h"

#define FRAGMENT_MAX 8192	/* bytes of a record; drivers/net/netconsole.c has less */

struct fragment {
	bool open;
	uint64_t number;	/* line of the first piece */
	struct prefix p;
	size_t len, total;
	char text[FRAGMENT_MAX];
};

/* A piece, by what its head said: p->piece_at and p->piece_of. True: the record is whole, and what is kept is it. What was
 * kept of a record whose rest is lost is dropped by the first piece of another: ask fragment_lost() before. */
bool fragment_add(struct fragment *f, const struct prefix *p, uint64_t number, struct text piece);

/* Is something kept that a line with this head does not go on with? */
bool fragment_lost(const struct fragment *f, const struct prefix *p);
