/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cases of this tree, for tests that hold something against all of them. */
#pragma once

#include "case/case.h"
#include "case/test.h"

/* All tests on a kernel of this release; NULL: the newest. test_list_free(). */
struct test_list catalogue_tests(const char *release);
