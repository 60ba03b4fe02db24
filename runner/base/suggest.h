/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Did you mean": the nearest of some known words to a word that is not known.
 */
#pragma once

#include <stddef.h>

/* The known word that is nearest to `word` (edits: insert, delete, replace, swap of neighbours; case counts half), or NULL
 * when none is near enough to be what was meant. `known` has n entries. */
const char *suggest(const char *word, const char *const *known, size_t n);
