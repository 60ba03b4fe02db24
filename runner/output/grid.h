/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run on several kernels at one glance: a row a test, a column a kernel. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "judge/verdict.h"

/* `results` are sorted by id. With `all` every test has a row, else those that did not pass on all kernels; what is left
 * out is counted below. */
void grid_print(FILE *out, const struct result *const *results, size_t n, const char *const *kernels, size_t n_kernels,
		unsigned width, bool all);
