/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run that is complete, printed again in any form. All that is needed is in its directory: its cases and its kernels may
 * be gone or may have changed, and nothing is written.
 */
#pragma once

#include "judge/record.h"
#include "output/printer.h"
#include "results/load.h"

/* Prints all results in the order in which they came. *tally: how many had each verdict. -1 when one can't be read. */
int replay(const struct past_run *p, struct printer *printer, struct tally *tally, struct error *err);
