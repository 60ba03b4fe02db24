/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of a case, in each of the ways in which it can be written. */
#pragma once

#include "case/build.h"

/* The next step of the test, of that kind, at the place that is being read. Into what b->t->steps has room for. */
struct step *step_add(struct build *b, enum step_op op);

/* Reads the step at b->at. One whose `when` does not hold is read too, and left out. */
void build_step(struct build *b, const struct raw_step *raw);
