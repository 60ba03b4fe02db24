/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device under test, over ssh: the agent is copied into a new directory there and speaks over ssh's pipe. As on the host,
 * tests stay within cgroups of their own. Nothing is left behind: the device's shell that started the agent undoes what the
 * agent did not (by its journal) and removes the directory when the agent ends, which it does when the stream ends, however
 * this side ends.
 *
 * The command is $OOMTESTS_SSH (words between blanks), or "ssh"; it must ask for nothing. The user there must be root.
 */
#pragma once

#include "target/target.h"

extern const struct target_ops target_ssh;

/* "[USER@]HOST", or "" : before anything else is asked of this target. */
void ssh_to(const char *destination);
