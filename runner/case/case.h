/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Case files: load, validate, expand the matrix into tests. The format is docs/case-format.md.
 *
 * case_load() or case_set_find() → case_expand() once per kernel → struct test → plan_make() (case/plan.h).
 * Errors read "file:line:column: what is wrong; what is allowed". A case file is hostile input: nothing in it makes
 * these functions crash, recurse without bound or take memory out of proportion to the file.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "case/test.h"

struct case_file;		/* one loaded file; opaque */

/* Reads and checks the shape of a file (keys, types). Returns NULL with err set. */
struct case_file *case_load(const char *path, struct error *err);
/* The same for text that is already in memory; `path` is for messages and the id. */
struct case_file *case_parse(const char *path, const char *text, size_t len, struct error *err);
void case_free(struct case_file *c);

/* The id without axes: "memcg/largest-dies". Owned by the case. */
const char *case_id(const struct case_file *c);
const char *case_path(const struct case_file *c);

struct test_list {
	struct test **tests;	/* owned */
	size_t n;
};

/* Appends one test per combination of the axes, the first axis slowest. Conditions are evaluated for the kernel
 * `release` ("6.1.0-40-cloud-amd64"); NULL stands for the newest kernel the rules know. On error the list is as before.
 * The tests don't refer to the case file afterwards. */
int case_expand(const struct case_file *c, const char *release, struct test_list *list, struct error *err);
void test_list_free(struct test_list *list);

/* Of the tests from `from` on, leaves those that have every one of the tags (a commit that the case guards is a tag, too).
 * That none has them is an error, and the list stays as it was. */
int test_list_keep_tagged(struct test_list *list, size_t from, const char *const *tags, size_t n, struct error *err);

struct case_set;		/* what the arguments of a command name; opaque */

/* Each argument is a file, a directory (all *.yaml below it, sorted) or a glob (only `*` and `?` are special) on the
 * ids of the cases below cases_dir, with or without their axes. No arguments: all of cases_dir. An argument that
 * names nothing is an error with the nearest id; two files with the same id are an error naming both. */
struct case_set *case_set_find(const char *const *args, size_t n_args, const char *cases_dir, struct error *err);
/* Expands all cases of the set for a kernel and keeps the tests the arguments name. */
int case_set_expand(const struct case_set *s, const char *release, struct test_list *list, struct error *err);
void case_set_free(struct case_set *s);

/* The needs that can be decided without the machine: kernel versions, eras, targets, a throw-away machine. Returns a new
 * array of {"need", "why", "how"} as in the agent's `missing` message; empty when all are met. The test's other needs are
 * in its plan. `release` may be NULL: then what depends on it counts as met. */
json_t *test_unmet_needs(const struct test *t, const char *release, bool throw_away, const char *target);

/* All needs of a test in words as in a case file, each once: those stated, and those that follow from the scene (hierarchy,
 * files, swap, nodes, a guest for what is dangerous). A new array of strings. */
json_t *test_needs(const struct test *t);
