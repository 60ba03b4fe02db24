// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who the log says was chosen and killed: the oom-kill line (mm/oom_kill.c:dump_oom_victim), the Killed line
 * (__oom_kill_process), the reaper's (oom_reap_task_mm); against the snapshot before and the report's own table.
 */
#include <inttypes.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"
#include "model/model.h"

/* The oom-kill line names the selected task: the leader, where the Killed line may name another thread. */
void check_selected(struct trial *t, struct episode *e, size_t report)
{
	const struct oom_report *r = e->reports[report];
	if (!r->has_selected)
		return;
	/* Before 5.1 a child may have died in its place. */
	for (size_t i = 0; i < e->n_deaths && !t->era.child_sacrifice; i++)
		if (e->deaths[i].report == report && !e->deaths[i].by_group) {
			trial_check_int(t, CHECK_SELECTED_PID, NULL, NULL, e->deaths[i].tgid, r->selected.pid);
			break;
		}
	const json_t *task = look_task_pid(e->before, r->selected.pid);
	if (!task)
		return;	/* born after the snapshot */
	trial_check_comm(t, CHECK_SELECTED, NULL, look_text(task, "comm"), r->selected.comm);
	trial_check_int(t, CHECK_SELECTED_UID, NULL, NULL, look_int(task, "uid", -1), r->selected.uid);
	const char *cgroup = look_text(task, "cgroup");
	if (cgroup && t->test->uses_cgroups)
		trial_check_text(t, CHECK_TASK_MEMCG, NULL, NULL, cgroup, r->task_memcg);
}

static const char *prefix_word(enum oom_kill_prefix p)
{
	switch (p) {
	case OOM_PREFIX_NONE: return "no prefix";
	case OOM_PREFIX_GLOBAL: return "Out of memory";
	case OOM_PREFIX_ALLOCATING_TASK: return "Out of memory (oom_kill_allocating_task)";
	case OOM_PREFIX_MEMCG: return "Memory cgroup out of memory";
	default: return "another prefix";
	}
}

static void check_prefix(struct trial *t, const struct episode *e, const struct death *d)
{
	enum oom_kill_prefix want = e->expect->constraint == CONSTRAINT_MEMCG ? OOM_PREFIX_MEMCG :
				    e->expect->allocating_task ? OOM_PREFIX_ALLOCATING_TASK : OOM_PREFIX_GLOBAL;
	if (e->expect->constraint == CONSTRAINT_ANY)
		return;
	trial_check_text(t, CHECK_PREFIX, NULL, NULL, prefix_word(want), prefix_word(d->line->prefix));
}

/* Bounds of a size in the Killed line, from the snapshot; kB. */
static void check_size(struct trial *t, enum check_id id, const struct death *d, int64_t min, int64_t max, int64_t seen)
{
	trial_check_range(t, id, d->name, NULL, min > 0 ? min : 0, max, seen);
}

/*
 * The line is printed after the signal is sent (mm/oom_kill.c:__oom_kill_process): on another CPU the victim may be on its
 * way out by then, give over what it held back of its counters (kB), and its memory back.
 */
static int64_t given_over(const struct trial *t, const json_t *task)
{
	return t->ncpus > 1 ? model_rss_held(&t->era, (int)look_int(task, "threads", 1)) * t->page_kb : 0;
}

/*
 * Sizes in the Killed line of a task that holds still are those of the snapshot; of one that grows, at least those.
 * Anonymous memory and tmpfs may have gone to swap meanwhile, so their lower end is only held where nothing can be
 * swapped; a file's pages may be dropped, and a quiet task brings none in. Both sides are widened by what the
 * kernel's own counters may be off by (model_rss_error).
 */
static void check_sizes(struct trial *t, const struct episode *e, const struct death *d, const json_t *task)
{
	if (trial_sizes_move(t, e, look_text(task, "name")))
		return;
	const int64_t k = t->page_kb;
	int64_t error = model_rss_error(&t->era, SOURCE_STATUS, t->ncpus, (int)look_int(task, "threads", 1)) * k;
	int64_t most = error + given_over(t, task);
	bool grows = trial_grows(t, e, look_text(task, "name"));
	bool swaps = look_int(json_object_get(e->before, "meminfo"), "SwapTotal", 0) > 0;
	int64_t vm = look_int(task, "vm_kb", 0), anon = look_int(task, "anon_kb", 0);
	int64_t swap = look_int(task, "swap_kb", 0);
	int64_t file = look_int(task, "file_kb", 0), shmem = look_int(task, "shmem_kb", 0);
	const struct oom_kill *line = d->line;
	/* The second line of a group's first victim may come when its memory is going already. */
	bool least = !swaps && !d->again && t->ncpus == 1;
	check_size(t, CHECK_TOTAL_VM, d, vm, grows ? INT64_MAX : vm, line->total_vm_kb);
	check_size(t, CHECK_ANON_RSS, d, least ? anon - error : 0, grows ? INT64_MAX : anon + swap + most,
		   line->anon_rss_kb);
	check_size(t, CHECK_FILE_RSS, d, 0, grows ? INT64_MAX : file + most, line->file_rss_kb);
	if (line->shmem_rss_kb != OOM_UNKNOWN)
		check_size(t, CHECK_SHMEM_RSS, d, least ? shmem - error : 0, grows ? INT64_MAX : shmem + most,
			   line->shmem_rss_kb);
	if (t->era.killed_details && !t->era.killed_pgtables_bytes && !d->again && line->pgtables_kb != OOM_UNKNOWN) {
		int64_t ptes = look_int(task, "pte_kb", 0);
		check_size(t, CHECK_PGTABLES, d, t->ncpus == 1 ? ptes : 0, grows ? INT64_MAX : ptes, line->pgtables_kb);
	}
}

/*
 * The table and the Killed line are of the same mm, moments apart, and whoever asked for memory is inside the kernel
 * meanwhile; so is a task that holds still. Pages may go between the two by the hand of others (kswapd), never come:
 * but on several CPUs the victim has its SIGKILL before the line is printed (mm/oom_kill.c:__oom_kill_process), and may
 * have back from swap what it touches on its way out (kernel/fork.c:mm_release).
 */
static void check_as_listed(struct trial *t, const struct episode *e, const struct death *d, const json_t *task)
{
	const struct oom_report *r = e->reports[d->report];
	const struct oom_row *row = oom_report_row(r, d->pid);
	if (!row || row->cut || d->again || d->by_group || !r->has_table)
		return;
	bool asked = r->trigger.pid == d->pid, single = look_int(task, "threads", 1) == 1;
	if (!single || (!asked && trial_grows(t, e, look_text(task, "name"))))
		return;
	const int64_t most = INT64_C(1) << 44;	/* pages; no machine has as much, and a cut line says less than none */
	int64_t vm = row->value[OOM_COL_TOTAL_VM];
	if (row->value[OOM_COL_RSS] < 0 || row->value[OOM_COL_RSS] > most || vm < 0 || vm > most ||
	    d->line->anon_rss_kb < 0 || d->line->anon_rss_kb > most || d->line->file_rss_kb < 0 ||
	    d->line->file_rss_kb > most || d->line->shmem_rss_kb > most)
		return;
	int64_t rss = row->value[OOM_COL_RSS] * t->page_kb, bytes = row->value[OOM_COL_PGTABLES_BYTES];
	const struct oom_kill *line = d->line;
	int64_t shmem = line->shmem_rss_kb == OOM_UNKNOWN ? 0 : line->shmem_rss_kb;
	int64_t all = line->anon_rss_kb + line->file_rss_kb + shmem;
	int64_t swapped = row->value[OOM_COL_SWAPENTS],
		back = t->ncpus > 1 && swapped > 0 && swapped <= most ? swapped * t->page_kb : 0;
	bool ok = vm * t->page_kb == line->total_vm_kb && all <= rss + back + given_over(t, task);
	if (bytes != OOM_UNKNOWN && line->pgtables_kb != OOM_UNKNOWN && !t->era.killed_pgtables_bytes)
		ok &= bytes / 1024 == line->pgtables_kb || (t->ncpus > 1 && line->pgtables_kb < bytes / 1024);
	char want[128], have[128];
	snprintf(want, sizeof(want), "vm %" PRId64 " rss <= %" PRId64 " page tables %" PRId64 " kB",
		 vm * t->page_kb, rss + back, bytes == OOM_UNKNOWN ? -1 : bytes / 1024);
	snprintf(have, sizeof(have), "vm %" PRId64 " rss %" PRId64 " page tables %" PRId64 " kB", line->total_vm_kb,
		 all, line->pgtables_kb == OOM_UNKNOWN ? -1 : line->pgtables_kb);
	trial_check(t, CHECK_AS_LISTED, d->name, NULL, want, have, ok);
}

/* pr_err() (mm/oom_kill.c:__oom_kill_process): it is to be seen where others are not. */
static void check_level(struct trial *t, const struct death *d)
{
	size_t i;
	json_t *record;
	json_array_foreach(t->seen->kmsg, i, record)
		if (look_int(record, "seq", -1) == d->line->seq)
			trial_check_int(t, CHECK_LEVEL, NULL, NULL, 3, look_int(record, "level", -1));
}

void check_death_line(struct trial *t, const struct episode *e, const struct death *d)
{
	check_prefix(t, e, d);
	check_level(t, d);
	const json_t *task = look_task_pid(e->before, d->tgid);
	if (!task || !d->ours)
		return;
	const json_t *shown = look_shown(task);
	if (shown && json_object_get(task, "thread"))
		trial_check_int(t, CHECK_KILLED_PID, d->name, NULL, look_int(shown, "pid", -1), d->pid);
	if (d->pid == look_int(shown ? shown : task, "pid", -1))
		trial_check_comm(t, CHECK_KILLED_COMM, NULL, look_text(shown ? shown : task, "comm"), d->line->comm);
	if (d->line->uid != OOM_UNKNOWN)
		trial_check_int(t, CHECK_KILLED_UID, NULL, NULL, look_int(task, "uid", -1), d->line->uid);
	if (d->line->oom_score_adj != OOM_UNKNOWN)
		trial_check_int(t, CHECK_KILLED_ADJ, NULL, NULL, look_int(task, "adj", 0), d->line->oom_score_adj);
	check_sizes(t, e, d, task);
	check_as_listed(t, e, d, task);
}

/* The last Killed line of a pid up to this episode, or NULL. */
static const struct death *death_of(const struct trial *t, const struct episode *e, int64_t pid)
{
	for (size_t k = e->k + 1; k-- > 0;)
		for (size_t i = 0; i < t->episodes[k].n_deaths; i++)
			if (t->episodes[k].deaths[i].pid == pid || t->episodes[k].deaths[i].tgid == pid)
				return &t->episodes[k].deaths[i];
	return NULL;
}

/* The longest time in us that the agent had no turn between two moments, by its rows of numbers; to - from when it made none. */
static int64_t longest_pause(const struct trial *t, int64_t from, int64_t to)
{
	int64_t last = from, longest = 0;
	size_t i, k;
	json_t *part, *row;
	json_array_foreach(t->seen->timeline, i, part)
		json_array_foreach(json_object_get(part, "rows"), k, row) {
			int64_t now = look_number(json_array_get(row, 0), 0);
			if (now <= last || now >= to)
				continue;
			longest = now - last > longest ? now - last : longest;
			last = now;
		}
	return to - last > longest ? to - last : longest;
}

#define AROUND_US 500000	/* before and after a kill */

/*
 * The victim has two seconds to end by itself (mm/oom_kill.c:queue_oom_reaper, since 5.18 and e4a38402c36e), less a tick. Then the
 * reaper tries for a second at most. On one CPU its timer and it get their turns as the agent does, which has to wait no less
 * than they: a machine that stood still is not blamed. Of several CPUs one alone counts the ticks (kernel/time/tick-sched.c:
 * tick_do_timer_cpu): where that one stood still, the two seconds begin in the past of the log's clock, so nothing is said there.
 * So they do on one CPU whose tick came late around the kill, where an emulator had no turn to make it (seen: 26 ms); the agent's
 * timer came as late then.
 * @when: the time of the reaper's line in us; below 0: it has none. @gave_up: it tried ten times, with a tenth of a second, give or take
 * a tick, behind each (oom_reap_task), and may get each turn late.
 */
static void check_delay(struct trial *t, const struct death *d, int64_t when, bool gave_up)
{
	const int64_t least = gave_up ? 2880 : 1980, most = gave_up ? 3200 : 3020, turns = gave_up ? 11 : 3;
	size_t i;
	json_t *record;
	if (t->era.version < KVER(5, 18, 0) || t->ncpus != 1)
		return;
	json_array_foreach(t->seen->kmsg, i, record) {
		const char *text = look_text(record, "text"), *p = text ? strstr(text, "Killed process ") : NULL;
		int64_t killed = look_int(record, "t", -1);
		if (!p || killed < 0 || when < 0 || strtoll(p + strlen("Killed process "), NULL, 10) != d->line->pid)
			continue;
		int64_t behind = longest_pause(t, killed - AROUND_US, killed + AROUND_US) / 1000;
		trial_check_range(t, CHECK_REAP_DELAY, NULL, NULL, least - behind,
				  most + longest_pause(t, killed, when) / 1000 * turns, (when - killed) / 1000);
		return;
	}
}

/* One that the case itself had killed, and that dies in the episode. */
static const json_t *dying_of_the_plan(const struct episode *e, int64_t pid)
{
	const json_t *task = look_task_pid(e->before, pid);
	for (size_t i = 0; i < e->expect->n_also_die; i++)
		if (look_same(e->expect->also_die[i], look_text(task, "name")))
			return task;
	return NULL;
}

/*
 * "oom_reaper: reaped process 7 (big), now anon-rss:0kB, …": a victim, and of its memory no more than there was; or who was chosen
 * while it was dying already, of whom nothing is said before (mm/oom_kill.c:oom_kill_process).
 */
static void check_reaped(struct trial *t, const struct episode *e, const char *text, int64_t when)
{
	long long pid, anon;
	const char *close = strrchr(text, ')'), *open = strchr(text, '(');
	if (sscanf(text, "oom_reaper: reaped process %lld (", &pid) != 1 || !close || !open || close < open ||
	    sscanf(close, "), now anon-rss:%lldkB", &anon) != 1)
		return;
	const struct death *d = death_of(t, e, pid);
	CLEANUP_FREE char *comm = strndup(open + 1, (size_t)(close - open - 1));
	char want[128] = "a victim";
	if (d)
		snprintf(want, sizeof(want), "%" PRId64 " (%s) anon-rss <= %" PRId64 " kB", d->line->pid, d->line->comm,
			 d->line->anon_rss_kb);
	const json_t *dying = d ? NULL : dying_of_the_plan(e, pid);
	bool ok = d ? streq(d->line->comm, comm) && anon <= d->line->anon_rss_kb :
		  dying && look_same(comm, look_text(dying, "comm")) && anon <= look_int(dying, "anon_kb", 0);
	trial_check(t, CHECK_REAPED, NULL, NULL, want, text, ok);
	if (d)
		check_delay(t, d, when, false);
}

static void check_given_up(struct trial *t, const struct episode *e, const char *text, int64_t when)
{
	long long pid;
	if (sscanf(text, "oom_reaper: unable to reap pid:%lld (", &pid) != 1)
		return;
	const struct death *d = death_of(t, e, pid);
	if (d)
		check_delay(t, d, when, true);
}

void check_reaper(struct trial *t, const struct episode *e)
{
	for (size_t i = e->first_record; i < e->last_record; i++) {
		CLEANUP_FREE char *text = look_bytes(look_text(json_array_get(t->seen->kmsg, i), "text"));
		if (!text || !starts_with(text, "oom_reaper: "))
			continue;
		check_reaped(t, e, text, look_int(json_array_get(t->seen->kmsg, i), "t", -1));
		check_given_up(t, e, text, look_int(json_array_get(t->seen->kmsg, i), "t", -1));
	}
}
