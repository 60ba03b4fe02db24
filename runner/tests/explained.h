/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `oomtests explain` says of a text, for the tests that look at it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct explainer;

/* An array of the reports in the text, read as `file`. x, if it is not NULL, is left as the reading left it. Free the array. */
json_t *explained(const char *file, const char *text, size_t len, struct explainer *x);

/* The same as it is printed, for people or as JSON. Free it. */
char *explained_words(const char *file, const char *text, size_t len, bool json, struct explainer *x);
