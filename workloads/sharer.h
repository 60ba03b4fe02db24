/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "oomload.h"

/*
 * Starts @n other processes with the memory of this one (clone(CLONE_VM)): NAME/@first and those after it, which must
 * come next in the list of procs_add(). @headless: the first thread of each has ended, and another goes on. 0, or -1
 * when it was said what is wrong.
 */
int sharers_add(struct load *l, unsigned int first, unsigned int n, bool headless);
