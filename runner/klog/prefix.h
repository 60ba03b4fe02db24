/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands before the kernel's words in a line of a text log, whoever wrote it: kernel time stamps, callers, levels,
 * /dev/kmsg heads, syslog, ISO and dmesg -T dates in any language, host, tag, container and cloud prefixes, quotes,
 * list marks, line numbers, colours. Nothing is configured: the line is eaten piece by piece until a message begins.
 */
#pragma once

#include "klog/klog.h"
#include "klog/text.h"

struct prefix {
	struct text message;
	bool foreign;		/* a program's line, not the kernel's: its tag says so */
	bool written;		/* … that wrote to /dev/kmsg: the facility says so, no doubt is possible */
	bool echo;		/* an event that repeats the kernel's words */
	bool stamped; /* a date, a time stamp, a tag or a record head was there: a line of its own, no continuation */
	bool quoted;		/* in quote marks, as in source code: some stand behind the message too */
	bool barred;		/* a cell of a table in Markdown: a bar may stand behind the message too */
	int level;		/* -1 unknown */
	int64_t usec, seq;	/* OOM_UNKNOWN */
	struct text when, host, caller;
	size_t piece_at, piece_of;	/* a part of a record of so many bytes, from this one on; piece_of 0: all of it */
	uint32_t context;	/* hash of host and caller, 0 if neither */
	enum klog_continues continues;
};

/* A prefix that outlives its line. Not to be copied: its texts are of its own. */
struct prefix_kept {
	struct prefix p;	/* without a message */
	char caller[16], when[64], host[128];	/* what is longer is cut */
};

void prefix_keep(struct prefix_kept *to, const struct prefix *p);

/* Lines of one second have the same date, host and tag: what the last one's said. */
struct prefix_memory {
	size_t n;		/* bytes up to the tag's colon; 0: nothing is remembered */
	char bytes[96];
	size_t when, when_len, host, host_len;	/* in bytes */
};

/* memory: of the same log, or NULL. */
void prefix_strip(struct text line, struct prefix *out, struct prefix_memory *memory);

/* FNV-1a, chained. */
uint32_t hash_text(uint32_t h, struct text t);

/* stamp.c: each eats what it finds at the start; false, and nothing eaten, if it is not there. */
struct text stamp_word(struct text t);	/* up to the next blank; eats nothing */
bool stamp_date(struct text *t, struct text *when);
bool stamp_seconds(struct text *t, int64_t *usec);
