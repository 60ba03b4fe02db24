/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "oomload.h"

/* Fills private memory that nobody has touched yet, from the front; returns how many bytes it could, maybe none.
 * `next` gives the source of the next pages: *len is how many bytes are still wanted, and becomes how many there are
 * (whole pages). */
uint64_t fill_copy(char *p, uint64_t len, const void *(*next)(void *arg, uint64_t *len), void *arg);
