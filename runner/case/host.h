/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host of a machine can be told to do to it: the words of a `host` step (docs/case-format.md).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum host_deed {
	HOST_PLUG,		/* a memory module of `bytes` on a node */
	HOST_UNPLUG,		/* takes the last one out, if the guest lets go of it */
	HOST_BALLOON,		/* the guest is to give memory up until it has only `bytes` */
	HOST_BALLOON_SHOWS,	/* has the guest told that it has `bytes` or more? ERANGE: less */
	HOST_DISK_SLOW,		/* the swap disk moves `bytes` a second */
	HOST_DISK_FAIL,		/* it answers with EIO */
	HOST_DISK_OK,		/* it is as it was: undoes both */
	HOST_NMI,		/* a non-maskable interrupt on every CPU */
};

enum host_io { HOST_READS = 1, HOST_WRITES = 2 };

struct host_order {
	enum host_deed deed;
	uint64_t bytes;
	int node;		/* HOST_PLUG */
	unsigned io;		/* of enum host_io: HOST_DISK_FAIL */
};

#define HOST_MODULE ((uint64_t)128 << 20)	/* memory comes and goes in blocks of this (x86: arch/x86/mm/init_64.c:probe_memory_block_size) */
#define HOST_SLOTS 4	/* for memory modules */
#define HOST_NODES 8	/* that a machine may have (struct shape) */

/* "plug 128M", "disk fail read", …. -1 with a sentence that says what is allowed. */
int host_order_parse(const char *text, struct host_order *order, struct error *err);

/* "plug SIZE [on NODE]", "unplug", …: what is understood; *n of them. Static. */
const char *const *host_orders(size_t *n);
