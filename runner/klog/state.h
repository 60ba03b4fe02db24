/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a log is being read. Private to klog.c and message.c. */
#pragma once

#include "klog/assemble.h"
#include "klog/cont.h"
#include "klog/csv.h"
#include "klog/fragment.h"
#include "klog/journal.h"
#include "klog/klog.h"
#include "klog/markup.h"
#include "klog/newest.h"
#include "klog/pstore.h"
#include "klog/twins.h"
#include "klog/undo.h"

#define MAX_LINE 32768		/* of a line; the rest is dropped */
#define MAX_PENDING 8192	/* of a line that is being joined */

#define TORN_MAX 256		/* of a line that ends in its prefix */

/* What the next line begins with if this one was broken in its prefix: the message, or the tag. */
enum torn { TORN_NOT, TORN_MESSAGE, TORN_TAG };

struct klog {
	struct assembly a;
	struct journal journal, inner;	/* inner: an object within a line, or within an object's message */
	bool within;		/* … is being read */
	size_t raw;		/* bytes of the line in work, with all that stands before the message */
	size_t indent;		/* blanks that the line in work begins with */
	bool indented;		/* … are more than those of the line that it may go on from, or its message has one more than its prefix */
	bool torn;		/* … ends with a backslash */
	bool backslashes;	/* lines end with one, as a shell's that go on do */
	bool restamped;		/* each piece of a line that was wrapped has a syslog's prefix of its own */
	size_t hard_width;	/* lines of so many bytes were cut in the middle of a word; 0: none was */
	/* a line that may go on in the next one */
	struct {
		bool on;
		bool again;		/* was held before */
		bool gap;		/* a blank line was behind it */
		bool bare;		/* nothing but a short word: a comm, perhaps */
		size_t raw;		/* of its last piece */
		size_t indent;		/* of its first */
		bool blank;		/* … which ended with one */
		bool torn;		/* … or with a backslash */
		struct prefix_kept kept;
		uint64_t number;
		struct line l;
		size_t len;
		int joins;
		char text[MAX_PENDING];
	} pending;
	struct conts conts;	/* lines whose rest comes in a later record */
	struct newest newest;
	bool again;		/* the line in work was held before, and is not held again */
	bool held;		/* one that says something, by the line in work */
	struct oom_row row;
	struct {
		char text[48];
		size_t len;
	} before;		/* words that were seen before every line */
	struct undo undo;
	struct csv csv;
	struct twins twins;
	struct {
		enum torn torn;
		bool backslash;	/* a shell's, right where it was broken */
		uint64_t number;
		size_t len, raw;
		char text[TORN_MAX];
	} torn_head;		/* a line that ends within its prefix, or right behind it */
	struct pstore pstore;
	bool parts_come;	/* … gives the lines of a dump that is over */
	struct prefix_memory prefixes;
	struct fragment fragment;
	char caret[MAX_LINE + 1], scratch[MAX_LINE + 1], rejoined[MAX_LINE + 1];
};

/* One message, whose line had this prefix and number. */
void message(struct klog *k, const struct prefix *p, uint64_t number, struct text t);

/* What is held for want of the next line goes on to the reports. */
void message_flush(struct klog *k);

/* No more comes of the lines that were torn. */
void message_end_conts(struct klog *k);

/* What was held, in the order that the log turned out to have. */
void message_release(struct klog *k, bool reversed);
