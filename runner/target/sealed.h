/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that makes processes of its own, and leaves none behind: it runs under a small keeper, as the first process
 * of a PID namespace where the system allows (the kernel then ends all of them with the keeper), else (and
 * with OOMTESTS_SEAL=session) as a session whose members the keeper ends and reaps. The keeper ends when the program
 * does, when `lifeline` is closed, or when the process that holds it dies.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "target/process.h"

struct sealed {
	pid_t pid;		/* the keeper; exits with the program's status, or 128 + its signal */
	int lifeline;
};

/* As process_spawn(). */
int sealed_spawn(struct sealed *s, const struct argv *a, const int *keep, size_t n_keep, int output_fd, struct error *err);

/* Ends the program if it still runs at the deadline (of now_ns(); 0: at once), and waits. *ended tells whether it had ended
 * by itself. Returns the status of the keeper as from waitpid(). */
int sealed_end(struct sealed *s, int64_t deadline_ns, bool *ended);
