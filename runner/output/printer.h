/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a run is shown while it goes on and when it is over: for people, and in the forms that other programs read. A printer
 * gets each result once, in the order of their ends; results stay valid until after end().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "judge/record.h"
#include "judge/verdict.h"

struct planned_test {
	const char *id, *title, *kernel;
};

struct run_facts {		/* known before the first test starts; valid until after end() */
	size_t n_tests;
	const struct planned_test *planned;	/* all of them; NULL where no run can end early */
	const char *const *kernels;
	size_t n_kernels;
	const char *target;
};

struct progress {
	size_t done, running, booting;
	const char *latest;	/* id of the test that started last and still runs, or NULL */
};

struct printer;

struct printer_ops {
	void (*begin)(struct printer *p, const struct run_facts *facts);
	void (*progress)(struct printer *p, const struct progress *now);	/* NULL: shows none */
	void (*result)(struct printer *p, const struct result *r);
	void (*end)(struct printer *p, const struct tally *t, double seconds, size_t not_run);	/* not_run: the run ended early */
	void (*free)(struct printer *p);
};

struct printer {
	const struct printer_ops *ops;
	FILE *out;		/* not owned */
};

/* Progress and colour only where `out` is a terminal (no colour with NO_COLOR set); `width` 0 finds the terminal's,
 * or takes 80. `verbose` prints passed tests as they end, and their checks. */
struct printer *printer_human(FILE *out, unsigned width, bool verbose);
struct printer *printer_tap(FILE *out);
struct printer *printer_ktap(FILE *out);
struct printer *printer_json(FILE *out);
struct printer *printer_junit(FILE *out);
struct printer *printer_kcidb(FILE *out);

/* What the environment says of KCIDB (output/kcidb.c) is as it must be. */
int kcidb_check(struct error *err);

/* Annotations for GitHub Actions on `out`, and all that `inner` (taken) prints. */
struct printer *printer_github(FILE *out, struct printer *inner);

struct printer_form {		/* what --format names */
	const char *name;
	struct printer *(*make)(FILE *out);
	int (*check)(struct error *err);	/* can it be made? NULL: it can */
};

/* NULL with err set when there is none of this name, or it can't be made. */
const struct printer_form *printer_form_find(const char *name, struct error *err);

void printer_free(struct printer *p);
