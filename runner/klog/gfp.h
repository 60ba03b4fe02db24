/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bits of gfp_mask, as the first line of a report prints it (include/linux/gfp_types.h). Those of the zones have stayed what they are since
 * 2.6.2x, the others since 5.3.
 */
#pragma once

#define GFP_DMA 0x1
#define GFP_HIGHMEM 0x2
#define GFP_DMA32 0x4
#define GFP_MOVABLE 0x8
#define GFP_FS 0x80
#define GFP_DIRECT_RECLAIM 0x400
#define GFP_RETRY_MAYFAIL 0x4000
#define GFP_NORETRY 0x10000
