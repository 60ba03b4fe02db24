// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold when all is over: the memory came back, the cgroups can be removed, the kernel complained of nothing.
 */
#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

/*
 * Pages that may stay charged to an empty cgroup: each CPU keeps a stock of up to MEMCG_CHARGE_BATCH pages charged
 * ahead (mm/memcontrol.c: 32 up to 6.0, 64 since 6.1), for each cgroup that charged last on it. Kernel objects
 * (dentries, the cgroup's own percpu data) are freed later, by RCU, and are charged too: they are not anonymous, so the
 * check is made on what oomload held, by the kinds the kernel reports apart.
 */
static void check_memory_back(struct trial *t, const json_t *begin, const json_t *end)
{
	static const char *const kinds[] = { "nr_anon_pages", "nr_shmem", "nr_mlock" };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int64_t was = look_int(json_object_get(begin, "vmstat"), kinds[i], -1);
		int64_t is = look_int(json_object_get(end, "vmstat"), kinds[i], -1);
		if (was < 0 || is < 0)
			continue;
		/*
		 * /proc/vmstat sums per-CPU deltas lazily: each CPU may hold back up to the zone's or node's
		 * stat_threshold, at most 125 (mm/vmstat.c: calculate_normal_threshold), per node. On top, what
		 * the agent itself took in between: it locks its memory before "begin", and 64 pages is more
		 * than its message buffers grow by.
		 */
		int64_t slack = 125 * t->ncpus * (t->test->shape.nodes > 1 ? t->test->shape.nodes : 1) + 64;
		char name[64];
		snprintf(name, sizeof(name), "memory came back: %s", kinds[i]);
		trial_check_range(t, name, NULL, 0, was + slack, is);
	}
}

static void check_removed(struct trial *t)
{
	if (!t->test->uses_cgroups)
		return;
	const json_t *left = json_object_get(t->seen->end, "left");
	char *text = json_array_size(left) ? json_dumps(left, JSON_COMPACT) : NULL;
	trial_check_text(t, "cgroups removed", NULL, "all", text ? text : "all");
	free(text);
}

static void check_splats(struct trial *t)
{
	size_t i;
	json_t *record;
	const char *splat = NULL;
	json_array_foreach(t->seen->kmsg, i, record) {
		const char *text = look_text(record, "text");
		if (text && klog_splat(text, strlen(text))) {
			splat = text;
			break;
		}
	}
	trial_check_text(t, "no WARNING, BUG, lockup or hung task", NULL, "none", splat ? splat : "none");
}

void check_after(struct trial *t)
{
	check_splats(t);
	if (t->seen->fate != FATE_ENDED)
		return;
	const json_t *begin = look_snapshot(t->seen, "begin"), *end = look_snapshot(t->seen, "end");
	/* On a shared host others come and go: only a machine of our own can be held to account. */
	if (begin && end && !streq(t->r->target, "host"))
		check_memory_back(t, begin, end);
	check_removed(t);
}
