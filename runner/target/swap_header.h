/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that swapon accepts, without mkswap.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* Writes the header of a swap area (include/linux/swap.h:union swap_header) for 4 KiB pages that fills `bytes`. */
int swap_header_write(int fd, uint64_t bytes, struct error *err);
