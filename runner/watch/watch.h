/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory pressure and OOM events as they come. Everything waits in one epoll: PSI triggers, inotify on cgroups' files, v1's
 * eventfds, /dev/kmsg, pidfds, signals; and one slow tick, for what the kernel sends no event for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "audit/audit.h"
#include "base/error.h"

#define WATCH_LEVELS 8

struct watch_options {
	bool json;
	int levels[WATCH_LEVELS];	/* percent, rising: warnings at so much of memory, and of a cgroup's limit */
	size_t n_levels;
	int tick_s;		/* seconds between looks that no event asked for */
	const char *exec;	/* shell command for each event from `warning` on, or NULL */
	const char *metrics;	/* file for node_exporter's textfile collector, or NULL */
	const char *const *cgroups;	/* watch only these and what is below; none: all */
	size_t n_cgroups;
	const char *const *processes;	/* names of processes whose end is told */
	size_t n_processes;
	FILE *out;
};

/* Runs until SIGINT or SIGTERM (0) or an error (-1). */
int watch_run(const struct watch_options *options, struct error *err);
