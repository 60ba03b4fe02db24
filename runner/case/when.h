/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions: `kernel >= 5.3 and cgroup = v1 and not ties_last`. A condition is decided when a case is expanded, for one
 * kernel and one value of each axis.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct binding {		/* an axis, built-in or the case's own, and its value in this test */
	const char *name, *value;
	const char *const *values;	/* all that it can be in this case */
	size_t n_values;
};

struct when_context {
	const char *release;	/* NULL: the newest kernel */
	const struct binding *bindings;
	size_t n_bindings;
};

/* Evaluates a condition. *at (may be NULL) is the offset in text of what is wrong, in bytes. */
int when_holds(const char *text, const struct when_context *context, bool *holds, size_t *at, struct error *err);

/* Compares a release ("6.1.0-40-cloud-amd64") with a version as far as the version goes: 6.1.5 is equal to 6.1.
 * Less than, equal to or greater than 0. Sets *ok to false when `version` is none. */
int release_compare(const char *release, const char *version, bool *ok);
