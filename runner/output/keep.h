/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of a run, as docs/results.md describes it: run.json (what was to be done, and where), results.jsonl (a line
 * per result as it comes, and a summary when all is done), and per kept test ID.json (the result and all that was seen),
 * ID.log (the kernel's log, as dmesg prints it) and ID.console. With several kernels each has a subdirectory that is such a
 * directory of its own, and the one above has a run.json that names them. Whenever the runner dies, what is there is whole
 * but for at most one last line.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "judge/record.h"
#include "judge/verdict.h"

#define RUN_SCHEMA 1	/* of run.json, and of all that lies beside it */

struct keeper;

enum keep_how {
	KEEP_ALL,	/* `dir` is made at once, everything is kept; one that is not empty is refused */
	KEEP_FORCE,	/* the same, but what is in it does not matter */
	KEEP_RESUME,	/* the directory of a run that was cut short is gone on with */
	KEEP_RESULTS,	/* `dir` is made at once, but files are kept of failed tests only */
	KEEP_FAILED,	/* the same, and it is made when the first failed test has to be kept */
};

/* `dir`: as the user named it; NULL: results/runs/TIME-KERNEL below the current directory. `run` is run.json (see
 * run/facts.h): its "kernels" tell the kernels' names. */
struct keeper *keeper_new(const char *dir, enum keep_how how, const json_t *run, struct error *err);

/* Does it want what was seen of a test with this verdict? */
bool keeper_wants(const struct keeper *k, enum verdict v);

/* What a kernel said of itself (the agent's hello) goes into run.json; only the first one of a kernel does. */
int keeper_hello(struct keeper *k, const char *kernel, const json_t *hello, struct error *err);

/* Keeps a result; `evidence` is an object with "observation" and more, or NULL. Sets r->kept when files were written. */
int keeper_keep(struct keeper *k, struct result *r, const json_t *evidence, struct error *err);

/* Writes what ends results.jsonl; not to be called for a run that was interrupted. */
int keeper_finish(struct keeper *k, double seconds, struct error *err);

/* DIR/[KERNEL/]ID: where the files of a result go, without suffix. Malloced. */
char *keeper_base(const struct keeper *k, const char *kernel, const char *id);

/* The directory, or NULL when there is none (yet). */
const char *keeper_dir(const struct keeper *k);

void keeper_free(struct keeper *k);
