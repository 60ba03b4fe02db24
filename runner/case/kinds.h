/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader knows of oomload's kinds. A unit test holds the table against `oomload --list`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct kind_facts {
	const char *name;
	bool keeps;	/* what it fills can't be reclaimed, only swapped: it counts when a scene is checked for room */
	bool many;	/* several processes: NAME/1, NAME/2 … any of which may be the one that asks for memory */
};

/* NULL when there is no such kind. */
const struct kind_facts *kind_facts(const char *name);
/* All names, "stress-ng" among them. */
const char *const *kind_names(size_t *n);
