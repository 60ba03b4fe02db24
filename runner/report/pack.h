/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON in an HTML page. What comes out can hold nothing that ends a script element or begins a tag, whatever is in it.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* As plain text: every '<' in it is written \u003c. */
void pack_plain(FILE *out, const json_t *value);

/* Compressed (gzip) and in base64: a browser unpacks it when it is wanted. */
void pack_small(FILE *out, const json_t *value);
