// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/tsc.h"

#include <poll.h>
#include <stdint.h>

#include "base/util.h"

#ifdef __x86_64__

#define SPAN_MS 20
#define GAP_NS 2000	/* between the two clocks of a reading: 1/10000 of the span, far below what calibration in a guest reaches */
#define TRIES 1000

struct reading {
	int64_t ns;
	uint64_t ticks;
};

/* Both clocks at the same time, or as near as it gets on a busy machine. */
static struct reading read_both(void)
{
	struct reading best = { 0 };
	int64_t gap = INT64_MAX;
	for (int i = 0; i < TRIES && gap > GAP_NS; i++) {
		int64_t before = now_ns();
		uint64_t ticks = __builtin_ia32_rdtsc();
		int64_t after = now_ns();
		if (after - before < gap) {
			gap = after - before;
			best = (struct reading){ before + gap / 2, ticks };
		}
	}
	return best;
}

unsigned long host_tsc_khz(void)
{
	static unsigned long khz;
	if (khz)
		return khz;
	struct reading a = read_both();
	poll(NULL, 0, SPAN_MS);
	struct reading b = read_both();
	if (b.ns > a.ns && b.ticks > a.ticks)
		khz = (unsigned long)((double)(b.ticks - a.ticks) * 1e6 / (double)(b.ns - a.ns));
	return khz;
}

#else

unsigned long host_tsc_khz(void)
{
	return 0;
}

#endif
