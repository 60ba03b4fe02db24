/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes whose worker is gone: machines that die with it, an agent that is still cleaning up. The runner is their
 * subreaper, so they are its children now.
 */
#pragma once

#include <stdint.h>

/* Waits until this process has no child left; those that are there at the deadline are killed. `signal_fd` is a
 * non-blocking signalfd that has SIGCHLD. */
void orphans_end(int signal_fd, int64_t deadline_ns);
