/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This very kernel: the agent as a child, as root. It writes each change to a journal before it makes it
 * (/var/lib/oomtests/PID-N.journal, removed when all is undone), and undoes them when its stream ends: when a test is over,
 * and when the runner dies. What a killed agent left is undone from its journal.
 */
#pragma once

#include "target/target.h"

extern const struct target_ops target_host;

/* Undoes what is written in the journals of agents that are dead, with the agent binary at `agent`. *undone is how many
 * journals are done with. -1: one or more could not be undone (err tells of the first; the others were tried). */
int host_recover(const char *agent, int *undone, struct error *err);

/* The directory of the journals. Malloced. */
char *host_journal_dir(void);
