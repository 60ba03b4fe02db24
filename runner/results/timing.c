// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/timing.h"

#include <math.h>

#include "base/util.h"

#define RESOLUTION 0.05		/* seconds are rounded to 0.1 */
#define SHORTEST 0.1		/* below that a duration is nearly all rounding */
#define CHANCE 0.05		/* false alarms per comparison */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static bool counts(const struct timing *t)
{
	return t->a >= SHORTEST && t->b >= SHORTEST;
}

void timing_judge(struct timing *t, size_t n)
{
	CLEANUP_FREE double *ratios = xcalloc(n + 1, sizeof(*ratios));
	size_t used = 0;
	for (size_t i = 0; i < n; i++) {
		t[i].changed = false;
		t[i].usual = t[i].b;
		if (counts(&t[i]))
			ratios[used++] = log(t[i].b / t[i].a);
	}
	if (used < TIMING_LEAST)
		return;
	double middle = median(ratios, used);
	for (size_t i = 0; i < used; i++)
		ratios[i] = fabs(ratios[i] - middle);
	double bound = median(ratios, used) / M_LN2 * log((double)used / CHANCE);
	for (size_t i = 0; i < n; i++) {
		t[i].usual = t[i].a * exp(middle);
		if (!counts(&t[i]))
			continue;
		double rounding = RESOLUTION / t[i].a + RESOLUTION / t[i].b;
		t[i].changed = fabs(log(t[i].b / t[i].usual)) > bound + rounding;
	}
}
