/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making one test from a loaded case: readers of single values that replace `$name`, parse, and know the place to
 * complain of. The first error wins and stays; after it the readers return harmless values, so that a builder can run to
 * its end and look at `failed` once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "case/load.h"
#include "case/when.h"

#define N_BUILTIN_AXES 4	/* cgroup, swap, cpus, memory */
#define MAX_BINDINGS (N_BUILTIN_AXES + 16)

struct build {
	const struct case_file *c;
	const struct raw_case *raw;
	struct when_context context;	/* kernel, axes */
	struct test *t;
	bool skipped_steps;	/* a `when` took a step out */
	struct error *err;
	bool failed;
	char at[128];		/* path of the part that is being read: "tasks[3]", or "" */
};

/* Sets the path of the part that keys are relative to. */
void at(struct build *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Complains of b->at and key ("size", "victims[2]", or NULL: the part itself). */
void bad(struct build *b, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same for something that has its place already. */
void bad_at(struct build *b, const struct where *where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "key: "x" is not a KIND; did you mean …? Allowed: …" */
void bad_word(struct build *b, const char *key, const char *kind, const char *word, const char *const *words, size_t n);

struct where where_of(const struct build *b, const char *key);

/* Text with `$name` replaced; a new string. NULL stays NULL. */
char *text_or_null(struct build *b, const char *key, const char *raw);
/* The same, but "" for NULL. */
char *text_of(struct build *b, const char *key, const char *raw);
/* What is written to a file; a complaint when it is empty, for then nothing is. */
char *written_of(struct build *b, const char *key, const char *raw);
char **text_list(struct build *b, const char *key, char *const *raw, size_t n);

/* Bytes. `whole` is what a percentage is of (0: percentages are refused); "max" is NO_LIMIT where max_allowed. */
uint64_t size_of(struct build *b, const char *key, const char *raw, uint64_t unset, uint64_t whole, bool max_allowed);
int64_t number_of(struct build *b, const char *key, const char *raw, int64_t unset, int64_t min, int64_t max);
bool flag_of(struct build *b, const char *key, const char *raw, bool unset);
/* Index into words. */
int choice_of(struct build *b, const char *key, const char *raw, int unset, const char *const *words, size_t n);
/* A list of CPUs or nodes. */
uint64_t mask_of(struct build *b, const char *key, const char *text);
/* NULL holds. */
bool condition_of(struct build *b, const char *key, const char *raw);

/* The index of a cgroup or task of the test, or -1 after a complaint. */
int cgroup_named(struct build *b, const char *key, const char *name);
int task_named(struct build *b, const char *key, const char *name);
/* Task whose process this is: "forker" for "forker/2". -1 without a complaint. */
int find_task(const struct test *t, const char *name);
/* Says so when one of these is neither a task nor the child of one, or stands twice. */
void check_names(struct build *b, const char *key, char *const *names, size_t n);

/* Frees what a step owns. */
void step_clear(struct step *s);

/* The parts, in this order. */
void build_scene(struct build *b);		/* scene.c: machine, sysctls, cgroups, needs */
void build_tasks(struct build *b);		/* tasks.c */
void build_steps(struct build *b);		/* script.c */
void build_expectation(struct build *b, const struct raw_expect *raw, struct expectation *e);	/* expect.c */
void complete_expectations(struct build *b);	/* expect.c: what follows from the scene */
void check_test(struct build *b);		/* check.c: what only the whole can show */
