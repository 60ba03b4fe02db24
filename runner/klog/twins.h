/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log that two ways led to (a console and a syslog, a journal and its forwarding) has each line twice, a little apart
 * and with other prefixes. The second one is told by what the kernel wrote: the same text with the same time stamp; without
 * a time stamp only right behind the first, of the same second.
 */
#pragma once

#include "klog/prefix.h"

#define TWINS_APART 16		/* messages that may stand between the two */
#define TWINS_TEXT 512		/* bytes that are compared */

struct twins {
	struct told {
		int64_t usec, seq;
		int second;	/* within the hour, by the wall clock; -1: not said */
		size_t len;
		char text[TWINS_TEXT];
	} told[TWINS_APART];
	unsigned next;		/* where the next one goes */
	unsigned after;		/* the one behind what was dropped last: a piece of it, if it was wrapped; `next`: none */
};

enum twin {
	TWIN_NOT,
	TWIN_SURE,		/* the kernel's clock says so */
	TWIN_LIKELY,		/* it may be the first line of two alike reports */
};

/* Was this message here just before? Remembers it if not. */
enum twin twins_look(struct twins *t, const struct prefix *p, struct text message);
