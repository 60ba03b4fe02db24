// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "Node 0 DMA32: 2*4kB (UM) 1*8kB (M) … = 1608kB": the zone's free pages by their blocks' size, and the sum of them
 * (mm/show_mem.c:show_free_areas).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

/* The sum of "N*SIZEkB", of this size and its doubles in turn; the rest goes to *end. -1: it is not of that form. */
static int64_t sum_of(const char *text, int64_t size, const char **end)
{
	int64_t sum = 0;
	long long n, kb;
	int len;
	for (; sscanf(text, " %lld*%lldkB%n", &n, &kb, &len) == 2; size *= 2) {
		if (kb != size || n < 0 || n > LOOK_MOST / size || sum > LOOK_MOST)
			return -1;
		sum += n * kb;
		text += len;
		len = 0;
		sscanf(text, " (%*[A-Z])%n", &len);
		text += len;
	}
	*end = text;
	return sum;
}

void check_free_lists(struct trial *t, const struct episode *e)
{
	for (size_t i = e->first_record; i < e->last_record; i++) {
		const char *text = look_text(json_array_get(t->seen->kmsg, i), "text"), *end;
		char zone[48];
		long long total;
		int node, len = 0;
		if (!text || sscanf(text, "Node %d %31[A-Za-z0-9]:%n", &node, zone, &len) != 2 || !len)
			continue;
		int64_t sum = sum_of(text + len, t->page_kb, &end);
		if (sum < 0 || sscanf(end, " = %lldkB", &total) != 1)
			continue;	/* another's line, or a part of one */
		char what[64];
		snprintf(what, sizeof(what), "node %d %s", node, zone);
		trial_check_int(t, CHECK_FREE_LIST, what, NULL, sum, total);
	}
}
