/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge: a test, what the model says, and what was seen, to checks and a verdict. No I/O.
 */
#pragma once

#include "case/test.h"
#include "judge/observation.h"
#include "judge/verdict.h"

/* Fills r (made by result_new) with checks, victims, prediction and verdict. `kernel_release` is used when the
 * observation has no hello; may be NULL. */
void judge(const struct test *test, const struct observation *seen, const char *kernel_release, struct result *r);
