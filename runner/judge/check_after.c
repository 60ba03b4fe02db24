// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold when all is over: the memory came back, the cgroups can be removed, the kernel complained of nothing.
 */
#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

/*
 * What the tasks held, by the kinds that the kernel reports apart, in kB. /proc/meminfo sums per-CPU deltas lazily:
 * each CPU may hold back up to the node's stat_threshold, at most 125 pages (mm/vmstat.c:calculate_normal_threshold),
 * in each of the two readings. On top 64 pages for the agent itself: its memory is locked before the first snapshot,
 * and its message buffers grow by less; what the tables of a thousand processes take it is seen to have.
 */
static int64_t agent_growth(const struct trial *t, const json_t *begin, const json_t *end)
{
	int64_t pid = look_int(t->seen->hello, "pid", -1);
	int64_t was = look_int(look_task_pid(begin, pid), "anon_kb", -1), is = look_int(look_task_pid(end, pid), "anon_kb", -1);
	return was >= 0 && is > was ? is - was : 0;
}

static void check_memory_back(struct trial *t, const json_t *begin, const json_t *end)
{
	static const char *const kinds[] = { "AnonPages", "Shmem", "Mlocked" };
	int64_t k = look_int(t->seen->hello, "page_size", 4096) / 1024;
	int64_t slack = (2 * 125 * t->ncpus * (t->test->shape.nodes > 1 ? t->test->shape.nodes : 1) + 64) * k;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int64_t was = look_int(json_object_get(begin, "meminfo"), kinds[i], -1);
		int64_t is = look_int(json_object_get(end, "meminfo"), kinds[i], -1);
		if (was >= 0 && is >= 0)
			trial_check_range(t, CHECK_MEMORY_BACK, kinds[i], NULL, 0, was + slack + agent_growth(t, begin, end), is);
	}
}

/*
 * Nobody's pages are in swap any more. What is the machine's own may be: its tmpfs with the programs on it, and what
 * each CPU holds ready of slots (mm/swap_slots.c: two caches of 64). And what a task that dies has under writeback keeps its slot,
 * in the swap cache, until reclaim comes by (mm/swapfile.c:__try_to_reclaim_swap): on a slow disk that is a lot.
 */
static void check_swap_back(struct trial *t, const json_t *begin, const json_t *end)
{
	const json_t *was = json_object_get(begin, "meminfo"), *is = json_object_get(end, "meminfo");
	int64_t total = look_int(is, "SwapTotal", 0), used = total - look_int(is, "SwapFree", total);
	int64_t had = look_int(was, "SwapTotal", 0) - look_int(was, "SwapFree", 0);
	if (total)
		trial_check_range(t, CHECK_SWAP_BACK, NULL, NULL, 0,
				  look_int(is, "SwapCached", 0) + had + look_int(was, "Shmem", 0) + 2 * 64 * t->ncpus * t->page_kb, used);
}

static void check_removed(struct trial *t)
{
	if (!t->test->uses_cgroups)
		return;
	const json_t *left = json_object_get(t->seen->end, "left");
	char *text = json_array_size(left) ? json_dumps(left, JSON_COMPACT) : NULL;
	trial_check_text(t, CHECK_REMOVED, NULL, NULL, "all", text ? text : "all");
	free(text);
}

/* The first record of which that is true, or NULL. */
static const char *first_record(const struct trial *t, bool (*is_so)(const char *text))
{
	size_t i;
	json_t *record;
	json_array_foreach(t->seen->kmsg, i, record) {
		const char *text = look_text(record, "text");
		if (text && is_so(text))
			return text;
	}
	return NULL;
}

static bool is_splat(const char *text)
{
	return klog_splat(text, strlen(text));
}

static void check_splats(struct trial *t)
{
	const char *splat = first_record(t, is_splat);
	/* on a machine in use it may be about anything */
	if (splat && !trial_own_machine(t))
		t->disturbed = xasprintf("the kernel complains: %s", splat);
	else
		trial_check_text(t, CHECK_SPLAT, NULL, NULL, "none", splat ? splat : "none");
}

/*
 * Who says __GFP_NOWARN has another way, and is not told of (mm/page_alloc.c:warn_alloc). The flags stand behind the
 * words; what stands before them is a name that a process gave itself.
 */
static bool is_unwanted(const char *text)
{
	const char *said = strstr(text, ": page allocation failure: order:"), *mode = said ? strstr(said, ", mode:") : NULL;
	return mode && strstr(mode, "__GFP_NOWARN");
}

static void check_unwanted(struct trial *t)
{
	const char *unwanted = first_record(t, is_unwanted);
	if (trial_own_machine(t))
		trial_check_text(t, CHECK_UNWANTED, NULL, NULL, "none", unwanted ? unwanted : "none");
}

void check_after(struct trial *t)
{
	check_splats(t);
	check_unwanted(t);
	if (t->seen->fate != FATE_ENDED)
		return;
	const json_t *begin = look_snapshot(t->seen, "begin"), *end = look_snapshot(t->seen, "end");
	if (begin && end && trial_own_machine(t)) {
		check_memory_back(t, begin, end);
		check_swap_back(t, begin, end);
	}
	check_removed(t);
}
