/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs that have the newest line first: journalctl -r, a cloud's console, a page of search results. A report begins with its
 * last line there. A line that ends a report nobody began is held with what follows, until that shows which way the log
 * runs; then all are read as they came, or in the opposite order. Nothing is lost by the wait.
 */
#pragma once

#include "klog/line.h"
#include "klog/prefix.h"

#define NEWEST_LINES 40000	/* held at most: a table of as many processes */
#define NEWEST_BYTES (8u << 20)
#define NEWEST_DOUBT 512	/* lines held at most before it is known which way the log runs */

struct held {
	struct prefix p;	/* its texts are in `text`, behind the message */
	uint64_t number;
	size_t len;
	char *text;
};

enum newest_state {
	NEWEST_OFF,
	NEWEST_MAYBE,		/* lines are held, and it is not known why the first has no beginning */
	NEWEST_ON,
};

struct newest {
	enum newest_state state;
	struct held *lines;	/* owned, as they came */
	size_t n, bytes;
	bool chosen;		/* who was chosen stands behind who was killed */
	bool nobody;		/* … or that nobody could be */
	bool rows;		/* … and the table behind that, without its header so far */
	bool memory;		/* … or other lines of a report */
};

enum newest_verdict { NEWEST_HOLD, NEWEST_AS_THEY_CAME, NEWEST_REVERSE };

/* Holds a copy of a line whose kind is known and says what to do with all that are held: nothing yet, or to take them all in
 * one order or the other, and then newest_clear(). */
enum newest_verdict newest_hold(struct newest *n, const struct prefix *p, uint64_t number, struct text t, enum line_kind kind);

/* Drops the lines that are held. A log that ran backwards is taken to go on so. */
void newest_clear(struct newest *n);
