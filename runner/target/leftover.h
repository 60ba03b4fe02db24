/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a killed run of the host target has left on this machine: its agents' journals (agent/journal.h), named after the
 * process that ran them, and the changes that are written there.
 */
#pragma once

#include "base/error.h"

#define LEFTOVER_SUFFIX ".journal"
#define AGENT_END_SECONDS 60	/* what an agent may take to end its tasks, remove its cgroups, swapoff */

/* The directory of the journals. Malloced. */
char *leftover_dir(void);

/* How many journals were done with, and how many belong to runs that are at work and were left alone. */
struct leftovers {
	int undone, at_work;
};

/* Undoes what is written in the journals of agents that are dead, with the agent binary at `agent`; one that is about to
 * end (killed, or its runner was) is waited for first. `l` may be NULL. -1: one or more could not be undone (err tells of the
 * first; the others were tried). */
int leftover_recover(const char *agent, struct leftovers *l, struct error *err);

/* Undoes what is written in one journal. err may be NULL. */
int leftover_undo(const char *agent, const char *journal, struct error *err);
