/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel log as it grows: /dev/kmsg from the plan's start on. Records are sent as they come. The pids of "Killed
 * process" lines (mm/oom_kill.c:__oom_kill_process) are kept, so that a step can wait until these have ended.
 *
 * A page fault that finds nobody to kill asks again at once, and each time there is a report (out_of_memory()): more than can be
 * sent, or than the ring holds meanwhile. After some of them in a row, the next ones are only counted.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct agent;

struct kmsg {
	int fd;			/* -1: not open */
	int64_t seq;		/* of the last record seen, -1: none */
	int64_t last_ns;	/* when it was read */
	pid_t *killed;
	size_t n_killed, room;
	json_t *held;		/* records of a report that may be one more that found nobody; owned, or NULL */
	unsigned nobody;	/* reports in a row that found nobody to kill */
	unsigned left_out;	/* of them not sent */
	int64_t nobody_ns;	/* when the first of them was read */
};

/* Opens at the end of what is there. */
int kmsg_open(struct agent *a, struct error *err);
void kmsg_close(struct agent *a);

/* Reads what there is, up to a number of records, and sends it. Is there more? */
bool kmsg_read(struct agent *a);

/* Has the kernel said for long that it finds nobody to kill, and has nobody been killed or ended since @start_ns? */
bool kmsg_in_vain(const struct agent *a, int64_t start_ns);

/* Sends what was held back, and says how much was left out. */
void kmsg_flush(struct agent *a);

/* One record as read from /dev/kmsg, taken apart in place: 0, or -1 when it is not one. */
struct kmsg_record {
	int level;
	int64_t seq, t_us;
	char *text;
	size_t len;		/* escapes undone, so it may hold any byte */
	bool cont;		/* goes on with an earlier one (kernel/printk/printk.c:LOG_CONT) */
};
int kmsg_parse(char *record, size_t len, struct kmsg_record *r);
