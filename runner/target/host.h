/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This very kernel: the agent as a child, as root. It writes each change to a journal before it makes it
 * (/var/lib/oomtests/PID-N.journal, removed when all is undone), and undoes them when its stream ends: when a test is over,
 * and when the runner dies. What a killed agent left is undone from its journal (target/leftover.h).
 */
#pragma once

#include "target/target.h"

extern const struct target_ops target_host;
