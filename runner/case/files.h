/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of cgroup files. Cases, tests and the judge use cgroup v2's names; what v1 calls them is a table here.
 */
#pragma once

#include <stdbool.h>

#include "case/test.h"

/* What the file (and its keyed line; NULL: the whole file) is called in the hierarchy. The outputs point to static
 * text or to the arguments. Names the table doesn't know are raw names and stay as they are. False when the hierarchy
 * has nothing that means the same: *why then is a sentence. Any output may be NULL. */
bool cgroup_file_name(enum hierarchy h, const char *file, const char *field, const char **file_out,
		      const char **field_out, const char **why);

/* Every memory cgroup of every kernel has this file: it needs no need. */
bool cgroup_file_is_basic(const char *file);

/* Is it a limit at which the killer is asked? */
bool cgroup_file_is_limit(const char *file);

/* Can writing this file start an OOM (a limit, memory.reclaim)? */
bool cgroup_file_can_oom(const char *file);
