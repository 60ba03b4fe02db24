/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How each kind of change is undone (journal.h). */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

/* Undoes one entry. What is already gone counts as undone. */
int undo_change(const json_t *entry, int64_t deadline, struct error *err);

/* Writes a value into a /proc or /sys file. */
int write_file(const char *path, const char *value, struct error *err);
