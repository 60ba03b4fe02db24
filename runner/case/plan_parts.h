/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The planner's own files share this. */
#pragma once

#include "base/jbytes.h"
#include "case/plan.h"

/* Texts travel as bytes. NULL gives null. */
json_t *plan_text(const char *text);
/* The name a cgroup's file has in the test's hierarchy (the test was checked: there is one, or the name is raw). */
const char *plan_file(const struct test *t, const char *file, const char *field);

json_t *plan_needs(const struct test *t);	/* plan_needs.c */
json_t *plan_steps(const struct test *t);	/* plan_steps.c */
