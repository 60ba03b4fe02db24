/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a dying kernel leaves in firmware (fs/pstore/platform.c:pstore_dump) comes in parts, each behind a line "Panic#2
 * Part1": the last one is the first, as it is the newest that must not be lost. Files of it, one behind the other, tell
 * the end before the beginning. Here the lines of a dump are kept until it is over, and then come from its highest part
 * on.
 */
#pragma once

#include "klog/text.h"

#define PSTORE_BYTES (1u << 20)	/* kept of a dump; what is beyond comes as it stands */
#define PSTORE_LINES 32768
#define PSTORE_PARTS 4096	/* firmware has a few dozen, of 1 KiB */
#define PSTORE_MARK 40		/* bytes of the line before a part, at most */

struct pstore_line {
	uint64_t number;
	int64_t part;
	size_t at, len, order;
};

struct pstore {
	bool on;		/* a dump is being read */
	char reason[16];	/* "Panic" */
	int64_t count, part;	/* 2, 1 */
	uint64_t seen[PSTORE_PARTS / 64];	/* a bit for each part that has begun */
	size_t n, bytes, next;	/* lines that are kept, their bytes; the next to come */
	struct pstore_line *lines;	/* owned, as is text */
	char *text;
	bool ready;		/* all that is kept is to come */
};

#define PSTORE_BEGIN 16		/* bytes that tell */

/* Does a file begin so? Also with ramoops' line before that (fs/pstore/ram.c:ramoops_write_kmsg_hdr). */
bool pstore_begins(struct text file);

/* Is the line one of a dump, so that it is kept? False: it is none, or more than is kept; pstore_next() first. */
bool pstore_take(struct pstore *s, uint64_t number, struct text t);

/* The next line of a dump that is over, valid until pstore_take(); false: there is none. */
bool pstore_next(struct pstore *s, uint64_t *number, struct text *t);

/* The input ended. */
void pstore_end(struct pstore *s);

void pstore_free(struct pstore *s);
