/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of a run: results.jsonl (what --json prints), and per kept test ID.json (the result and all that was
 * seen), ID.log (the kernel's log, as dmesg prints it) and ID.console. With several kernels each has its own subdirectory.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "judge/record.h"
#include "judge/verdict.h"

struct keeper;

/* `dir`: as the user named it; it is made at once, everything is kept, and one that is not empty is refused without
 * `force`. NULL: results/runs/TIME-KERNEL below the current directory, made when the first failed test has to be kept. */
struct keeper *keeper_new(const char *dir, bool force, const char *const *kernels, size_t n_kernels, struct error *err);

/* Does it want what was seen of a test with this verdict? */
bool keeper_wants(const struct keeper *k, enum verdict v);

/* Keeps a result; `evidence` is an object with "observation" and more, or NULL. Sets r->kept when files were written. */
int keeper_keep(struct keeper *k, struct result *r, const json_t *evidence, struct error *err);

/* Writes what ends results.jsonl. */
int keeper_finish(struct keeper *k, const struct tally *t, double seconds, struct error *err);

/* The directory, or NULL when there is none (yet). */
const char *keeper_dir(const struct keeper *k);

void keeper_free(struct keeper *k);
