/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shape of a case file, checked node by node with libyaml before libcyaml loads it: libcyaml's messages have
 * no file name, no list of what is allowed, and the position of the event before. What is kept is where each part stands.
 */
#pragma once

#include <cyaml/cyaml.h>
#include <stddef.h>

#include "base/error.h"
#include "case/test.h"

struct mark {
	char *path;		/* "tasks[1].size"; "" is the whole file */
	int line, column;	/* 1-based; columns count characters */
	int text_column;	/* of the first character of a scalar on one line (behind a quote), else 0 */
};

struct tree {
	struct mark *marks;	/* sorted by path */
	size_t n;
};

/* Checks text against the schema. `file`, and `what` it should be ("case"), are for messages. Outputs are untouched on failure. */
int tree_check(const char *file, const char *what, const char *text, size_t len, const cyaml_schema_value_t *schema, struct tree *tree,
	       struct error *err);
void tree_free(struct tree *tree);

/* The mark of a path, or of the nearest part around it. Never NULL for a tree that tree_check() made. */
const struct mark *tree_find(const struct tree *tree, const char *path);
