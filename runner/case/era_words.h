/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The named behaviours of the kernel's rules (model/era.h), as conditions see them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Name of the i-th behaviour, or NULL behind the last. */
const char *era_behaviour_name(size_t i);

/* Does the behaviour hold in this kernel (NULL: the newest)? False when there is none of that name. */
bool era_behaves(const char *name, const char *release, bool *holds);

/* A release above all others, for conditions on the version when no kernel is given. */
const char *era_newest_release(void);
