/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages inside other formats: journalctl -o export, json, json-pretty, verbose; one JSON object a line as container
 * runtimes, shippers and clouds write it. Decoded leniently: a broken object gives what could be read of it.
 */
#pragma once

#include "klog/klog.h"
#include "klog/text.h"

#define JOURNAL_MESSAGE 16384

struct journal_entry {
	uint64_t line;		/* where its message stood */
	bool kernel;		/* the entry itself says that the kernel spoke */
	bool foreign;		/* … or that somebody else did */
	int64_t usec;		/* _SOURCE_MONOTONIC_TIMESTAMP: the kernel's clock */
	char when[40];		/* __REALTIME_TIMESTAMP or "time" */
	char host[128];
	size_t len;
	char *message;		/* JOURNAL_MESSAGE bytes, allocated with the first entry */
};

struct journal {
	bool inside;		/* an export or pretty entry is open */
	bool pretty;
	bool binary;		/* "MESSAGE" alone: length and bytes follow */
	bool array;		/* an array of bytes goes on in the next line */
	uint64_t left;		/* of those bytes */
	struct journal_entry e;
};

enum journal_verdict {
	JOURNAL_NONE,		/* not of such a format */
	JOURNAL_TAKEN,		/* a part of an entry */
	JOURNAL_ENTRY,		/* this line ended one */
	JOURNAL_ENTRY_AND_LINE,	/* one ended before this line, which is none of it */
};

enum journal_verdict journal_line(struct journal *j, uint64_t number, struct text t, struct journal_entry **e);

/* A JSON object that stands in a line, from its brace on: its message, or NULL if it has none. */
struct journal_entry *journal_object(struct journal *j, uint64_t number, struct text t);

/* The input ended: the entry that was open, or NULL. */
struct journal_entry *journal_end(struct journal *j);

void journal_free(struct journal *j);
