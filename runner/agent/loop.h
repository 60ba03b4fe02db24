/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place where the agent waits. Everything that can happen is a descriptor with a callback; a step waits by
 * turning the loop until its condition holds, its deadline passes, or the plan is called off (end of input, SIGTERM).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent;

typedef void source_fn(struct agent *a, int fd, void *data);

struct source {
	int fd;			/* -1: a free place */
	short events;
	source_fn *ready;
	void *data;
};

struct loop {
	struct source *sources;
	size_t n, room;
};

void loop_add(struct agent *a, int fd, short events, source_fn *ready, void *data);
void loop_remove(struct agent *a, int fd);	/* does not close */

enum wait_end { WAIT_DONE, WAIT_TIMEOUT, WAIT_ABORT };

typedef bool wait_fn(struct agent *a, void *arg);

/* Serves events until done() is true. deadline: CLOCK_MONOTONIC in ns. tick_ms > 0: done() is also asked that often,
 * for things the kernel sends no event for; 0: only after events. */
enum wait_end loop_wait(struct agent *a, wait_fn *done, void *arg, int64_t deadline, int tick_ms);

/* Serves what is there now, without waiting. */
void loop_serve(struct agent *a);
