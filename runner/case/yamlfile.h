/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML files that people write, by a libcyaml schema: read, checked with exact positions, loaded.
 */
#pragma once

#include "case/tree.h"

/* The text of a regular file of at most 1 MiB; `what` it should be ("case", "policy") is for messages. Malloced, or NULL. */
char *yamlfile_read(const char *path, const char *what, size_t *len, struct error *err);

/* Loads text by a schema whose value is a pointer; `what` as above. *tree tells where each part stands (tree_free()); *raw is to be freed by
 * yamlfile_free(). Both are untouched on failure. */
int yamlfile_parse(const char *path, const char *what, const char *text, size_t len, const cyaml_schema_value_t *schema, struct tree *tree,
	       void **raw, struct error *err);
void yamlfile_free(const cyaml_schema_value_t *schema, void *raw);
