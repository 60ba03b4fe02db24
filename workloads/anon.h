/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kinds need that hold private anonymous memory and are special in something else. */
#pragma once

#include "oomload.h"

int anon_open(struct load *l);
failure anon_add(struct load *l, uint64_t bytes);
