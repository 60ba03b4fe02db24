/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arguments of `oomtests run`: from the command line, and into run.json and back for one that goes on with a run.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "output/printer.h"
#include "run/shard.h"

struct run_args {
	const char *const *kernels;	/* the array is owned */
	size_t n_kernels;
	const char *const *tags;	/* the array is owned */
	size_t n_tags;
	const char **collect;		/* ended by NULL; the array is owned */
	size_t n_collect;
	const char *target, *dir, *resume;
	const struct printer_form *form;	/* NULL: for people */
	unsigned workers;		/* 0: as many as processors */
	double timeout_scale;
	struct shard shard;
	bool destructive, fresh_boot, force, fail_fast;
	int verbose;
	const char *const *cases;
	size_t n_cases;
	const char **asked_cases;	/* owned; what `cases` points to when it came from run.json */
};

/* Parses; exits on bad usage. */
void run_args_parse(struct run_args *args, int argc, char **argv);

/* What another start needs to do the same, for run.json. A new reference. */
json_t *run_args_asked(const struct run_args *args);

/* The reverse, from the whole of run.json; the strings stay its own. */
int run_args_take(struct run_args *args, const json_t *run, struct error *err);

void run_args_free(struct run_args *args);
