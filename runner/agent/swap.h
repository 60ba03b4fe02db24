/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Swap for a plan: the disk that the machine was given (with a swap header on it), or a zram device. */
#pragma once

#include <jansson.h>

#include "base/error.h"

struct agent;

/* kind: "disk" or "zram". */
void swap_need(struct agent *a, const char *kind, json_t *missing);

/* {"kind","size"}: switches it on, journaled. */
int swap_on(struct agent *a, const json_t *swap, struct error *err);
