// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has to wait at a limit because the kernel may not kill there: v1's oom_kill_disable (mm/memcontrol-v1.c). */
#include <string.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

int64_t trial_stock_kb(const struct trial *t)
{
	return 64 * t->ncpus * t->page_kb;
}

/* A v1 cgroup where who meets the limit has to wait: it may not kill, and there is no room but what each CPU has in stock. */
static bool must_wait(const struct trial *t, const json_t *snapshot, const json_t *cgroup)
{
	static const char *const kinds[] = { "memory", "memory.memsw" };
	const char *name = look_text(cgroup, "name");
	int64_t disable, used, limit;
	if (!name || !look_counter(snapshot, name, "memory.oom_control", "oom_kill_disable", &disable) || !disable)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char usage[64], max[64];
		snprintf(usage, sizeof(usage), "%s.usage_in_bytes", kinds[i]);
		snprintf(max, sizeof(max), "%s.limit_in_bytes", kinds[i]);
		if (look_counter(snapshot, name, usage, NULL, &used) && look_counter(snapshot, name, max, NULL, &limit) &&
		    limit - used <= trial_stock_kb(t) * 1024)
			return true;
	}
	return false;
}

bool trial_is_above(const char *cgroup, const char *path)
{
	size_t len = strlen(cgroup);
	return strncmp(cgroup, path, len) == 0 && (!path[len] || path[len] == '/');
}

const json_t *trial_waits_for(const struct trial *t, const json_t *snapshot, const char *path)
{
	size_t i;
	json_t *cgroup;
	json_array_foreach(json_object_get(snapshot, "cgroups"), i, cgroup) {
		const char *own = look_text(cgroup, "path");
		if (own && path && trial_is_above(own, path) && must_wait(t, snapshot, cgroup))
			return cgroup;
	}
	return NULL;
}
