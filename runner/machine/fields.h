/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The members of a saved snapshot, in one table for writing and reading. For the module's own files. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

enum field_type { FIELD_INT, FIELD_I64, FIELD_U64, FIELD_U32, FIELD_BOOL, FIELD_COMM, FIELD_TEXT };

struct field {
	const char *name;
	enum field_type type;
	size_t at;
	int64_t usual;		/* the value that is not written */
};

extern const struct field machine_fields[], task_fields[], cgroup_fields[], node_fields[];	/* end with a NULL name */

/* The members of a struct as a JSON object; a new reference. */
json_t *fields_to_json(const struct field *fields, const void *from);

/* The other way, into a zeroed struct; members that are not there have their usual value. -1: a member has another type,
 * or is out of its type's range; what was allocated stays in the struct. */
int fields_from_json(const struct field *fields, const json_t *o, void *to, struct error *err);
