/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run as one HTML page that needs nothing else: no network, no other file. The page's parts are files of their own in
 * page/, and are put into the program when it is built (assets.S).
 */
#pragma once

#include <stdio.h>

#include "base/error.h"
#include "results/load.h"

/* Writes the page. Tests whose own files can't be read are told by their results alone, and the page says so; their number
 * goes to *unread. -1: nothing but the beginning may have been written. */
int report_write(FILE *out, const struct past_run *run, size_t *unread, struct error *err);
