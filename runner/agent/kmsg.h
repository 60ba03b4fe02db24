/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel log as it grows: /dev/kmsg from the plan's start on. Records are sent as they come. The pids of "Killed
 * process" lines (mm/oom_kill.c:__oom_kill_process) are kept, so that a step can wait until these have ended.
 */
#pragma once

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
};

/* Opens at the end of what is there. */
int kmsg_open(struct agent *a, struct error *err);
void kmsg_close(struct agent *a);

/* Reads all there is and sends it. */
void kmsg_read(struct agent *a);

/* One record as read from /dev/kmsg, taken apart in place: 0, or -1 when it is not one. */
struct kmsg_record {
	int level;
	int64_t seq, t_us;
	char *text;
	size_t len;		/* escapes undone, so it may hold any byte */
};
int kmsg_parse(char *record, size_t len, struct kmsg_record *r);
