/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the rest of oomtests is: found from the executable itself (/proc/self/exe), so that a build tree works where it
 * stands and an installed one works where it was moved to. The variables OOMTESTS_LIBDIR (programs) and OOMTESTS_CASES
 * override: then nothing else is looked at.
 *
 *   executable         programs                                 cases (baselines: results/baseline/, baseline/)
 *   TREE/build/        TREE/build/, TREE/ci/ (scripts)          TREE/cases/
 *   PREFIX/bin/        PREFIX/lib/oomtests/                     PREFIX/share/oomtests/cases/
 */
#pragma once

#include "base/error.h"

/* Path of "oomagent", "oomload", "fetch-kernel" (executable). Malloced; NULL with where it was looked for. */
char *find_program(const char *name, struct error *err);

/* The directory of the cases that come with oomtests. Malloced; NULL with where it was looked for. */
char *find_cases(struct error *err);

/* The directory of the baselines that come with oomtests, or NULL. Malloced. */
char *find_baselines(void);

/* The same for an executable in `exedir`: what the two above do after asking the kernel where this program is. */
char *find_program_from(const char *exedir, const char *name, struct error *err);
char *find_cases_from(const char *exedir, struct error *err);
