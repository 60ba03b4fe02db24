/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the judge says of a test: checks with what was expected and what was seen, and the verdict they add up to.
 * The printers read nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/checks.h"

enum verdict { VERDICT_ERROR, VERDICT_FAIL, VERDICT_PASS, VERDICT_SKIP, VERDICT_XFAIL };

struct check {
	enum check_id id;	/* which of the judge's list; CHECK_NONE when read from a file */
	char *name;		/* "victims", "memory.events oom_kill of box rises by": stable words */
	bool ok;
	char *expected, *seen;	/* text; numbers in decimal */
	char *where;		/* "cases/memcg/x.yaml:12:5", or NULL: a check every test makes */
};

/* Named task and pid, as died or as predicted. */
struct named_pid {
	char *task;		/* name in the case, or the comm */
	int pid;
};

/* A candidate as the model ranked it before the OOM. */
struct ranked {
	char *task;
	int pid, adj;
	int64_t points;		/* pages: what badness compares */
	bool possible;		/* may be the victim under every size and order that the snapshot leaves open */
};

struct result {
	char *id, *title, *kernel, *target;
	enum verdict verdict;	/* a new result is an error until proven otherwise */
	char *why;		/* for skip, error, xfail: one or more sentences; else NULL */
	struct check *checks;
	size_t n_checks;
	struct named_pid *victims;	/* in the order of the kernel's log */
	size_t n_victims;
	char *predicted;	/* task that the model says, or NULL */
	int64_t margin_pages;	/* by how much; meaningless without predicted */
	struct ranked *ranking;	/* at the first prediction, the worst first */
	size_t n_ranking;
	double seconds;		/* wall clock, from machine start to verdict */
	char *kept;		/* directory or file where log and observation were kept, or NULL */
};

const char *verdict_name(enum verdict v);	/* "pass", "fail", "skip", "error", "xfail" */

struct result *result_new(const char *id, const char *title, const char *kernel, const char *target);
void result_free(struct result *r);

/* Appends a check; the texts are copied. Returns ok. */
bool result_check(struct result *r, const char *name, bool ok, const char *where,
		  const char *expected, const char *seen);

/* Appends a victim. */
void result_victim(struct result *r, const char *task, int pid);

/* Appends a candidate. */
void result_rank(struct result *r, const struct ranked *candidate);

/* How many checks failed. */
size_t result_failed_checks(const struct result *r);

/* Sets the verdict and the sentence ("" for none); an error does not replace a fail that a failed check stands for. */
void result_say(struct result *r, enum verdict v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
