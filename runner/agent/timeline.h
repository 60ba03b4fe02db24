/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How memory went while the plan ran: a row of numbers at intervals, short ones around a trigger, long ones else.
 *
 * The looking must not change what is looked at. All files are opened, and read once, before something grows, because an
 * open and a seq_file's first read allocate and later reads do not (fs/seq_file.c:seq_read_iter keeps its buffer); rows are
 * numbers in room that was touched before; they are told ahead of steps that may end the machine, and when all is over.
 * No task's mm is held while others run; so tasks are looked at on one CPU only. The CPU time that it takes is measured,
 * and the intervals stretched so that it stays below TIMELINE_SHARE of the time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent;
struct task;

#define TIMELINE_COLUMNS 96
#define TIMELINE_SOURCES 80
#define TIMELINE_SHARE 0.009	/* of one CPU; with the waking up, which is not measured, below 1 % */

enum timeline_kind { TIMELINE_MACHINE, TIMELINE_PSI, TIMELINE_CGROUP, TIMELINE_EVENTS, TIMELINE_FAILCNT, TIMELINE_TASK };

struct timeline_column {
	const char *of;		/* "free", "current", "rss", … */
	const char *cgroup, *task;	/* whose; both NULL: the machine's. Not owned */
};

struct timeline_source {	/* one file, from which come one or more columns */
	enum timeline_kind kind;
	int fd;			/* -1: none, or gone */
	size_t column;		/* the first */
};

struct timeline {
	bool on;
	int timer;
	struct timeline_column columns[TIMELINE_COLUMNS];
	size_t n_columns, told_columns;
	struct timeline_source sources[TIMELINE_SOURCES];
	size_t n_sources;
	int64_t *cells;		/* rows, one after the other: number of values, time in us, values */
	size_t used;
	int64_t begin_ns, hurry_ns;
	int64_t cpu_ns, usual_ns;	/* of all looks, of one */
	size_t rows;		/* taken, told or not */
	bool thinned;
};

/* The scene stands: opens its files and begins. */
void timeline_begin(struct agent *a);

/* A task runs: it is what it will be, no longer a copy of the agent. */
void timeline_watch(struct agent *a, const struct task *t);

/* Something is about to happen: look now, and often. */
void timeline_hurry(struct agent *a);

/* The steps are done: a last look. */
void timeline_stop(struct agent *a);

/* Sends {"timeline": …} with the rows that are not told yet. */
void timeline_tell(struct agent *a);

/* Closes what timeline_begin() and timeline_watch() opened. */
void timeline_end(struct agent *a);
