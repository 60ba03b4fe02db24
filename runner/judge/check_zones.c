// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the zones keep back, where the case has written the sysctl that it is computed from: else it is of the time of
 * boot, when less memory was managed.
 */
#include <string.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"
#include "model/watermarks.h"

#define MANY (INT64_C(1) << 40)	/* pages; no machine has as much */

static const char *written(const struct trial *t, const char *sysctl)
{
	const char *value = NULL;
	for (size_t i = 0; i < t->test->n_sysctls; i++)
		if (streq(t->test->sysctls[i].file, sysctl))
			value = t->test->sysctls[i].value;
	return value;
}

/* Of a zone in the snapshot, in pages; -1: it says nothing that can be. */
static int64_t pages(const json_t *zone, const char *field)
{
	int64_t n = look_int(zone, field, -1);
	return n >= 0 && n < MANY ? n : -1;
}

static bool is_movable(const json_t *zone)
{
	return streq(look_text(zone, "zone"), "Movable");
}

/* What is managed in all zones but the movable ones; -1 where that is not known, or who counts is not. */
static int64_t lowmem(const struct trial *t, const json_t *zones)
{
	int64_t sum = 0;
	size_t i;
	json_t *zone;
	json_array_foreach(zones, i, zone) {
		int64_t managed = pages(zone, "managed");
		if (managed < 0 || (is_movable(zone) && !t->era.movable_watermarks))
			return -1;
		sum += is_movable(zone) ? 0 : managed;
	}
	return sum;
}

static void check_watermarks(struct trial *t, const json_t *snapshot)
{
	const json_t *zones = json_object_get(snapshot, "zones"), *sysctl = json_object_get(snapshot, "sysctl");
	int64_t min_free_kb = look_int(sysctl, "vm.min_free_kbytes", -1), scale = look_int(sysctl, "vm.watermark_scale_factor", -1);
	int64_t all = lowmem(t, zones);
	size_t i;
	json_t *zone;
	if (all <= 0 || min_free_kb < 0 || min_free_kb > MANY || scale < 0 || scale > 10000)
		return;
	json_array_foreach(zones, i, zone) {
		struct model_watermarks m =
			model_watermarks((uint64_t)pages(zone, "managed"), (uint64_t)all,
					 (uint64_t)(min_free_kb / t->page_kb), (uint64_t)scale, is_movable(zone));
		int64_t min = pages(zone, "min"), low = pages(zone, "low"), high = pages(zone, "high");
		/* a boost raises all three, and shows since 5.18 only */
		int64_t shown = pages(zone, "boost"), over = min > (int64_t)m.min ? min - (int64_t)m.min : 0;
		int64_t boost = shown >= 0 ? shown : over;
		CLEANUP_FREE char *want = xasprintf("min %lld, low %lld, high %lld", (long long)m.min, (long long)m.low, (long long)m.high);
		CLEANUP_FREE char *have = xasprintf("min %lld, low %lld, high %lld", (long long)(min - boost), (long long)(low - boost),
						    (long long)(high - boost));
		trial_check_text(t, CHECK_WATERMARKS, look_text(zone, "zone"), NULL, want, have);
	}
}

/* A number of vm.lowmem_reserve_ratio, by the zone's place in its node; -1: there is none. */
static int64_t ratio_of(const char *text, int64_t place)
{
	char *end;
	for (; place >= 0; place--, text = end) {
		int64_t n = strtoll(text, &end, 10);
		if (end == text)
			return -1;
		if (!place)
			return n;
	}
	return -1;
}

/* What the zones of the node have from one place to another. */
static int64_t managed_between(const json_t *zones, int64_t node, int64_t from, int64_t to)
{
	int64_t sum = 0;
	size_t i;
	json_t *zone;
	json_array_foreach(zones, i, zone) {
		int64_t place = look_int(zone, "place", -1);
		if (look_int(zone, "node", -1) == node && place >= from && place <= to)
			sum += pages(zone, "managed");
	}
	return sum;
}

static void check_reserves(struct trial *t, const json_t *snapshot, const char *ratios)
{
	const json_t *zones = json_object_get(snapshot, "zones");
	size_t i, j;
	json_t *zone, *kept;
	json_array_foreach(zones, i, zone) {
		int64_t place = look_int(zone, "place", -1), ratio = ratio_of(ratios, place);
		if (place < 0 || ratio < 0)
			continue;
		json_array_foreach(json_object_get(zone, "protection"), j, kept) {
			if ((int64_t)j <= place || !json_is_integer(kept))
				continue;
			int64_t above = managed_between(zones, look_int(zone, "node", -1), place + 1, (int64_t)j);
			uint64_t want = model_lowmem_reserve((uint64_t)pages(zone, "managed"), (uint64_t)above, ratio);
			trial_check_int(t, CHECK_LOWMEM_RESERVE, look_text(zone, "zone"), NULL, (int64_t)want, json_integer_value(kept));
		}
	}
}

void check_zones(struct trial *t, const struct episode *e)
{
	/* A balloon takes pages out of what is managed, and nothing is computed anew. */
	if (!e->before || t->test->shape.balloon != BALLOON_NONE)
		return;
	const char *ratios = written(t, "vm.lowmem_reserve_ratio");
	if (written(t, "vm.min_free_kbytes") || written(t, "vm.watermark_scale_factor"))
		check_watermarks(t, e->before);
	if (ratios)
		check_reserves(t, e->before, ratios);
}
