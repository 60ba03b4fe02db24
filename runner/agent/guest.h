/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The duties of PID 1 in a throw-away machine. */
#pragma once

#include "base/error.h"

struct agent;

/* Mounts what programs expect, loads the modules, grows and locks the heap. */
void guest_init(struct agent *a);

/*
 * Writes to all the memory there is, so that nothing of it has to be copied later: each fork, for a task or a helper, leaves
 * it write-protected, and the kernel copies a page at the next write when it can't tell that it is nobody else's
 * (mm/memory.c:do_wp_page). Ahead of steps in which memory may run out.
 */
void guest_own_memory(void);

/* Opens the protocol's port: the kernel's parameter oomtests.port=NAME, or ttyS1. Returns the descriptor or -1. */
int guest_port(struct error *err);

/* Switches the machine off. */
void guest_off(void) __attribute__((noreturn));
