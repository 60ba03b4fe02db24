/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every change to the machine, written down before it is made and undone in the reverse order. On a host the journal
 * is a file, synced entry by entry, so that `oomagent undo FILE` can clean up behind a run that was killed. In a guest
 * it is kept in memory only.
 *
 * The file: one JSON object a line. The first names the boot and the agent: after a reboot nothing is left to undo,
 * and while the agent lives its journal is not touched. A torn last line was never acted upon.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

struct journal {
	int fd;			/* -1: in memory only */
	char *path;
	json_t *entries;	/* array of {"cgroup"|"sysctl"|"file"|"swap"|"zram"|"mount": …} */
};

int journal_open(struct journal *j, const char *path, struct error *err);	/* path NULL: in memory */

/* To be called before the change is made:
 *   cgroup PATH         rmdir it, after its processes were killed
 *   file PATH, VALUE    write VALUE
 *   swap PATH           swapoff
 *   zram PATH           reset the zram device, VALUE "remove" takes it out too
 *   mount PATH          umount, VALUE "rmdir" removes the mount point too */
int journal_add(struct journal *j, const char *what, const char *path, const char *value, struct error *err);

/* Undoes all entries, newest first; those that failed are kept. Paths of cgroups that could not be removed go to
 * `left`, sentences about other failures to `notes` (arrays, either may be NULL). True when nothing is left. An empty
 * journal's file is removed by journal_close(). */
bool journal_undo(struct journal *j, int64_t deadline, json_t *left, json_t *notes);

void journal_close(struct journal *j);

/* `oomagent undo FILE`: 0 all undone, else -1. */
int journal_undo_file(const char *path, struct error *err);
