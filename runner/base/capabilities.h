/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of capabilities, as capabilities(7) has them, without CAP_ and in small letters. */
#pragma once

#include <stddef.h>

extern const char *const capability_names[];	/* by number, that is by bit */
extern const size_t n_capability_names;

/* The number of one, in letters of any case and with or without CAP_ in front; -1: there is none of that name. */
int capability_number(const char *name);
