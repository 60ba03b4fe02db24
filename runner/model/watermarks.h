/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the zones keep back: the watermarks, and the reserve against requests that a higher zone could serve. Exact to
 * the page, but they are of the time when they were computed last: at boot, when memory is plugged in or taken out, and
 * when the sysctl is written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct model_watermarks {
	uint64_t min, low, high;	/* pages, without watermark_boost */
};

/*
 * mm/page_alloc.c:__setup_per_zone_wmarks, of a zone with @managed pages; all zones that are neither high memory nor
 * @movable have @lowmem, which is not 0. @pages_min: vm.min_free_kbytes in pages; @scale: vm.watermark_scale_factor,
 * ten-thousandths. Before era movable_watermarks movable zones are as others.
 */
struct model_watermarks model_watermarks(uint64_t managed, uint64_t lowmem, uint64_t pages_min, uint64_t scale, bool movable);

/*
 * mm/page_alloc.c:setup_per_zone_lowmem_reserve: what a zone with @managed pages keeps from requests up to a zone above
 * it; it and those between have @above pages. @ratio: the zone's number in vm.lowmem_reserve_ratio.
 */
uint64_t model_lowmem_reserve(uint64_t managed, uint64_t above, int64_t ratio);
