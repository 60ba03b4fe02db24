/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What systemd does when a process of a unit is killed: OOMPolicy=, Restart=, and whom it tells. The unit's properties
 * are given to a transient service of stand-ins, which runs out of memory within a limit of its own. systemd itself
 * ends it, whatever becomes of us (RuntimeMaxSec=).
 */
#pragma once

#include "drill/drill.h"

struct service {		/* of the original */
	char *name;		/* "postgresql.service" */
	char *policy;		/* OOMPolicy=: "stop", "continue", "kill" */
	char *restart;		/* Restart=: "no", "on-failure", … */
	char *on_failure;	/* OnFailure=: units, or "" */
	int main_pid;
	uint64_t restart_usec;
};

/* Asks systemd for the unit of that cgroup or name. 1: here it is; 0: no systemd here, or no service of that name. */
int service_read(const char *what, struct service *s, struct error *err);
void service_free(struct service *s);

struct service_seen {
	char *killed;		/* by the kernel, names joined by ", " */
	char *ended;		/* by systemd */
	char *left;		/* still alive */
	char *result, *state;	/* Result= and ActiveState= */
	int restarts;
	bool main_killed;	/* the main process is one of the killed */
	bool told;		/* the journal has systemd's word of it */
};

/* Starts the stand-ins, lets the leak grow to the limit, and looks until systemd is done. -1: it could not be set up,
 * and is undone. */
int service_drill(const struct drill *d, const struct service *s, struct service_seen *seen, struct error *err);
void service_seen_free(struct service_seen *seen);

/* Is what was seen what systemd promises for these settings? NULL, or a sentence. */
const char *service_judge(const struct service *s, const struct service_seen *seen);

/* Stops what drills that are dead have left; how many. */
int service_recover(void);

/* play.c: the processes of that service. Words are NAME:BYTES:ADJ, the main process first; the one that leaks begins with "+", and does it
 * upon SIGUSR1. Returns an exit status. */
int service_play(char **words, size_t n);
