// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/watermarks.h"

#define MOVABLE_LEAST 32	/* include/linux/swap.h:SWAP_CLUSTER_MAX */
#define MOVABLE_MOST  128

static uint64_t movable_min(uint64_t managed)
{
	uint64_t min = managed / 1024;
	return min < MOVABLE_LEAST ? MOVABLE_LEAST : min > MOVABLE_MOST ? MOVABLE_MOST : min;
}

struct model_watermarks model_watermarks(uint64_t managed, uint64_t lowmem, uint64_t pages_min, uint64_t scale, bool movable)
{
	uint64_t share = pages_min * managed / lowmem, min = movable ? movable_min(managed) : share;
	/* include/linux/math.h:mult_frac: the quotient first, so that nothing overflows */
	uint64_t scaled = managed / 10000 * scale + managed % 10000 * scale / 10000;
	uint64_t step = share >> 2 > scaled ? share >> 2 : scaled;
	return (struct model_watermarks){ min, min + step, min + 2 * step };
}

uint64_t model_lowmem_reserve(uint64_t managed, uint64_t above, int64_t ratio)
{
	return managed && ratio > 0 ? above / (uint64_t)ratio : 0;
}
