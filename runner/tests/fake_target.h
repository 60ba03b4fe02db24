/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target whose machine is a forked function that speaks the agent's protocol, well or badly: what the session and the
 * scheduler make of each way to go wrong is tested with it, in milliseconds. The test's id names the behaviour; the
 * kernel's name that of the template.
 */
#pragma once

#include "target/target.h"

/* Counted in memory that all processes share. */
struct fake_counts {
	int reserved, prepared, released, started, stopped;
	pid_t runner;		/* gets SIGINT from the agent "interrupts" */
	int alive_fd;		/* write end of a pipe that machines hold open; -1: none */
};

extern struct fake_counts *fake_counts;
extern const struct target_ops fake_target;

/* Maps fresh counts. */
void fake_reset(void);
