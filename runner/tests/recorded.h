/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Observations of real guests, recorded (runner/tests/observations/, by ci/record), with the test they are of; and
 * changes to them, so that each check of the judge can be seen to turn red.
 */
#pragma once

#include <jansson.h>

#include "case/test.h"
#include "judge/verdict.h"

struct recorded {
	const struct test *test;
	json_t *observation;	/* owned; observation_from_json() reads it */
	char *target;
	void *list;		/* owned: the test lives in it */
};

/* By the file's name without .json. What can't be read is a failure of the test that calls. */
struct recorded *recorded_load(const char *name);
/* The same observation, to be held against the only test of another case, whose text this is. */
struct recorded *recorded_load_as(const char *name, const char *yaml);
void recorded_free(struct recorded *r);

/* All names there are, sorted; static. */
const char *const *recorded_names(size_t *n);

/* The judge's result for the observation as it now is. */
struct result *recorded_judge(const struct recorded *r);

/*
 * One change. `path` leads to a value, its words parted by ">": a member's name, an array's index (from the end: -1),
 * KEY=TEXT for the first object of an array whose member is (or for a number reads) that, KEY~PATTERN for the first
 * whose member contains it. from and to: within a text, the first match of the pattern `from` becomes `to`. In a
 * pattern a # stands for a number and a blank for any blanks; in `to` the n-th # is the n-th number, #+4 and #-4 one
 * more or less by 4, #=4 is 4 in its place. from NULL: the value becomes the JSON `to`, or goes when that is NULL
 * too. from "+": the JSON `to` is appended to the array; "^": put at its front; "copy": a copy of the element that
 * `to` selects is appended.
 */
struct change {
	const char *path, *from, *to;
};

/* A change that does not fit is a failure of the test that calls. */
void recorded_change(struct recorded *r, const struct change *c);

/* Did a check of this kind fail? */
bool result_is_red(const struct result *r, enum check_id id);
/* "pass", or the failed checks with what was expected and seen; or why. In a static buffer. */
const char *result_words(const struct result *r);
