/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that was seen of one test, uninterpreted: the agent's messages gathered by kind (docs/agent-protocol.md), the
 * console, and how the machine ended. The session fills it, the judge reads it, and it is what is kept of a failed test.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum fate {
	FATE_ENDED,		/* the agent said end */
	FATE_PANIC,		/* the console has a panic text */
	FATE_SILENT,		/* the whole test's deadline passed without an end: hang, lockup */
	FATE_DIED,		/* the machine's process or the stream ended without end or panic */
	FATE_NOT_STARTED,	/* no agent ever answered: fate_text says why */
};

struct observation {
	json_t *hello;		/* object or NULL */
	json_t *missing;	/* array or NULL */
	json_t *steps;		/* array of the step messages' values, in order */
	json_t *snapshots;	/* array */
	json_t *kmsg;		/* array of records, in order of arrival */
	json_t *exits;		/* array */
	json_t *answers;	/* array */
	json_t *events;		/* array of {"eventfd":…} / {"inotify":…} messages, whole */
	json_t *notes;		/* array of strings */
	json_t *errors;		/* array of the agent's error messages */
	json_t *timeline;	/* array of the timeline messages' values; the judge looks at the times only */
	json_t *begin, *end;	/* object or NULL */
	bool kmsg_lost;
	json_t *kmsg_gaps;	/* array: seq of the record behind each loss, as far as one came */
	bool gap_open;		/* and none has come yet */
	char *console;		/* text of the kernel console during the test, bytes as they came */
	enum fate fate;
	char *fate_text;	/* for people: "QEMU exited with status 1: …", or NULL */
};

struct observation *observation_new(void);
void observation_free(struct observation *o);

/* Files one line (without newline) under its kind. Lines that are not a message of the protocol go to notes, whole.
 * Returns the message's name as a static string ("hello", "step", "end", …), or NULL. Never fails on hostile input. */
const char *observation_feed(struct observation *o, const char *line, size_t len);

/* For keeping and for tests. The caller owns what is returned. */
json_t *observation_to_json(const struct observation *o);
struct observation *observation_from_json(const json_t *root, struct error *err);

/* What a skip says: each missing need, why it is missing and how to meet it. `missing` is an array as in the agent's
 * message. Malloced. */
char *missing_sentences(const json_t *missing);

/* Does this console text hold a kernel panic? Returns a pointer to "Kernel panic - not syncing", or NULL. */
const char *console_panic(const char *console);
