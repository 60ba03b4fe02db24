// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/zones.h"

#include <fcntl.h>
#include <string.h>

#include "base/util.h"

#define FILE_LIMIT (1 << 20)

/* "(0, 943, 943, 943)", pages by the place of the zone that is asked for. */
static json_t *protection(const char *text)
{
	json_t *list = json_array();
	char *end;
	for (const char *p = text; *p == '(' || *p == ','; p = end) {
		long long n = strtoll(p + 1, &end, 10);
		if (end == p + 1)
			break;
		json_array_append_new(list, json_integer(n));
	}
	return list;
}

/*
 * /proc/zoneinfo: "Node 0, zone   DMA32", then lines "pages free N", "min N", …, "managed N", "protection: (N, …)" (mm/vmstat.c). A zone's
 * place is that in its node, also behind zones that have no memory.
 */
json_t *zones_read(void)
{
	int last_node = -1, place = 0;
	json_t *list = json_array(), *zone = NULL;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "/proc/zoneinfo", FILE_LIMIT, NULL);
	for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		int node;
		char word[32];
		long long n;
		if (sscanf(line, "Node %d, zone %31s", &node, word) == 2) {
			place = node == last_node ? place + 1 : 0;
			last_node = node;
			zone = json_pack("{si ss si}", "node", node, "zone", word, "place", place);
			json_array_append_new(list, zone);
		} else if (zone && sscanf(line, " pages free %lld", &n) == 1) {
			json_object_set_new(zone, "free", json_integer(n));
		} else if (zone && sscanf(line, " %31s %lld", word, &n) == 2 &&
			   (streq(word, "min") || streq(word, "low") || streq(word, "high") ||
			    streq(word, "boost") || streq(word, "present") || streq(word, "managed"))) {
			json_object_set_new(zone, word, json_integer(n));
		} else if (zone && strstr(line, " protection: ")) {
			json_object_set_new(zone, "protection", protection(strchr(line, ':') + 2));
		}
	}
	for (size_t i = json_array_size(list); i-- > 0;)
		if (json_integer_value(json_object_get(json_array_get(list, i), "managed")) == 0)
			json_array_remove(list, i);
	return list;
}
