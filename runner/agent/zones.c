// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/zones.h"

#include <fcntl.h>

#include "base/util.h"

#define FILE_LIMIT (1 << 20)

/* /proc/zoneinfo: "Node 0, zone   DMA32", then lines "pages free N", "min N", …, "managed N" (mm/vmstat.c). */
json_t *zones_read(void)
{
	json_t *list = json_array(), *zone = NULL;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "/proc/zoneinfo", FILE_LIMIT, NULL);
	for (char *save = NULL, *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		int node;
		char word[32];
		long long n;
		if (sscanf(line, "Node %d, zone %31s", &node, word) == 2) {
			zone = json_pack("{si ss}", "node", node, "zone", word);
			json_array_append_new(list, zone);
		} else if (zone && sscanf(line, " pages free %lld", &n) == 1) {
			json_object_set_new(zone, "free", json_integer(n));
		} else if (zone && sscanf(line, " %31s %lld", word, &n) == 2 &&
			   (streq(word, "min") || streq(word, "low") || streq(word, "high") ||
			    streq(word, "present") || streq(word, "managed"))) {
			json_object_set_new(zone, word, json_integer(n));
		}
	}
	for (size_t i = json_array_size(list); i-- > 0;)
		if (json_integer_value(json_object_get(json_array_get(list, i), "managed")) == 0)
			json_array_remove(list, i);
	return list;
}
