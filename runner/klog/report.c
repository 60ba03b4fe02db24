// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/util.h"
#include "klog/assemble.h"

struct oom_report *oom_report_new(void)
{
	struct oom_report *r = xcalloc(1, sizeof(*r));
	r->seq_first = r->seq_last = r->usec_first = r->usec_last = OOM_UNKNOWN;
	r->trigger.pid = r->trigger.gfp = r->trigger.order = r->trigger.oom_score_adj = OOM_UNKNOWN;
	for (int i = 0; i < OOM_COUNTERS; i++)
		r->counter[i] = (struct oom_usage){ false, OOM_UNKNOWN, OOM_UNKNOWN, OOM_UNKNOWN };
	struct oom_meminfo *m = &r->mem;
	int64_t *numbers[] = { &m->active_anon, &m->inactive_anon, &m->active_file, &m->inactive_file, &m->unevictable,
			       &m->slab_reclaimable, &m->slab_unreclaimable, &m->mapped, &m->shmem, &m->pagetables,
			       &m->free, &m->free_cma, &m->pagecache, &m->swapcache, &m->ram, &m->reserved, &m->highmem,
			       &m->free_swap_kb, &m->total_swap_kb };
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		*numbers[i] = OOM_UNKNOWN;
	r->min_protection_kb = r->low_protection_kb = OOM_UNKNOWN;
	r->selected.pid = r->selected.uid = OOM_UNKNOWN;
	r->choice.pid = r->choice.uid = r->choice.score = OOM_UNKNOWN;
	r->exiting_pid = r->pinned_pid = OOM_UNKNOWN;
	r->page_size = OOM_UNKNOWN;
	return r;
}

void oom_report_free(struct oom_report *r)
{
	if (!r)
		return;
	char *texts[] = { r->when, r->host, r->kernel, r->trigger.gfp_mask, r->nodemask, r->cpuset, r->mems_allowed,
			  r->oom_memcg, r->task_memcg, r->group_memcg, r->panic, r->policy,
			  r->stats_memcg };
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < r->n_problems; i++)
		free(r->problems[i]);
	free(r->stats);
	free(r->zones);
	free(r->rows);
	free(r->kills);
	free(r->sharing);
	free(r->reaps);
	free(r);
}

void oom_report_problem(struct oom_report *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < r->n_problems; i++)
		if (streq(r->problems[i], text))
			return;
	if (r->n_problems < OOM_MAX_PROBLEMS)
		r->problems[r->n_problems++] = xstrdup(text);
}

struct oom_row *oom_report_add_row(struct oom_report *r)
{
	if (r->n_rows >= OOM_MAX_ROWS)
		return NULL;
	if (r->n_rows == r->cap_rows) {
		r->cap_rows = r->cap_rows ? r->cap_rows * 2 : 64;
		r->rows = xrealloc(r->rows, r->cap_rows, sizeof(*r->rows));
	}
	return &r->rows[r->n_rows++];
}

struct oom_kill *oom_report_add_kill(struct oom_report *r)
{
	if (r->n_kills >= OOM_MAX_KILLS)
		return NULL;
	if (r->n_kills == r->cap_kills) {
		r->cap_kills = r->cap_kills ? r->cap_kills * 2 : 4;
		r->kills = xrealloc(r->kills, r->cap_kills, sizeof(*r->kills));
	}
	return &r->kills[r->n_kills++];
}

void oom_report_stat(struct oom_report *r, struct text name, int64_t value, bool add)
{
	if (!text_len(name) || text_len(name) >= sizeof(r->stats->name))
		return;
	for (size_t i = 0; add && i < r->n_stats; i++)
		if (text_is(name, r->stats[i].name)) {
			if (r->stats[i].value < INT64_MAX / 4 && value < INT64_MAX / 4)
				r->stats[i].value += value;
			return;
		}
	if (r->n_stats >= OOM_MAX_STATS)
		return;
	if (!r->stats)
		r->stats = xcalloc(OOM_MAX_STATS, sizeof(*r->stats));
	text_copy(name, r->stats[r->n_stats].name, sizeof(r->stats->name));
	r->stats[r->n_stats++].value = value;
}

const struct oom_row *oom_report_row(const struct oom_report *r, int64_t pid)
{
	const struct oom_row *by_tgid = NULL;
	for (size_t i = 0; pid != OOM_UNKNOWN && i < r->n_rows; i++) {
		if (r->rows[i].value[OOM_COL_PID] == pid)
			return &r->rows[i];
		if (!by_tgid && r->rows[i].value[OOM_COL_TGID] == pid)
			by_tgid = &r->rows[i];
	}
	return by_tgid;
}

static bool is_page_size(int64_t bytes)
{
	return bytes >= 4096 && bytes <= 262144 && (bytes & (bytes - 1)) == 0;
}

/* include/linux/page_counter.h: an unlimited counter is PAGE_COUNTER_MAX pages: LONG_MAX / PAGE_SIZE, on 32 bits
 * LONG_MAX. (Before 3.19 counters were bytes: …991kB and 18014398509481983kB say nothing of pages.) */
static int64_t page_size_of_limit(int64_t kb)
{
	for (int64_t size = 4096; size <= 262144; size *= 2)
		if (kb == (INT64_MAX / size * size) >> 10 || kb == (int64_t)INT32_MAX * (size >> 10))
			return size;
	return OOM_UNKNOWN;
}

/* The same process in pages in the table and in kB in its Killed line. */
static int64_t page_size_of_kill(const struct oom_report *r)
{
	for (size_t i = 0; i < r->n_kills && i < 4; i++) {
		const struct oom_row *row = oom_report_row(r, r->kills[i].pid);
		int64_t kb = r->kills[i].total_vm_kb;
		if (!row || row->value[OOM_COL_TOTAL_VM] <= 0 || kb <= 0 || kb > INT64_MAX / 1024)
			continue;
		int64_t pages = row->value[OOM_COL_TOTAL_VM];
		if (kb * 1024 % pages == 0 && is_page_size(kb * 1024 / pages))
			return kb * 1024 / pages;
	}
	return OOM_UNKNOWN;
}

/* A node's active_anon in kB and the machine's in pages (one node only) are compared by memory.c, which sets page_size,
 * as does the first column of a buddy list ("1*4kB"). Here what is left. */
static void derive_page_size(struct oom_report *r)
{
	for (int i = 0; r->page_size == OOM_UNKNOWN && i < OOM_COUNTERS; i++)
		if (r->counter[i].present)
			r->page_size = page_size_of_limit(r->counter[i].limit_kb);
	if (r->page_size == OOM_UNKNOWN)
		r->page_size = page_size_of_kill(r);
}

static bool any_memory(const struct oom_report *r)
{
	if (r->mem.present)
		return true;
	for (int i = 0; i < OOM_COUNTERS; i++)
		if (r->counter[i].present)
			return true;
	return false;
}

static int64_t digits(int64_t pid)
{
	return snprintf(NULL, 0, "%" PRId64, pid);
}

/* A pid at the end of a line that was cut may lack its last digits. Not if it is that of a row, and no pid of the table
 * has more digits: the pid in full would be none of a candidate. */
static void complete_pid(const struct oom_report *r, struct oom_kill *k)
{
	const struct oom_row *row = oom_report_row(r, k->pid_begins);
	for (size_t i = 0; row && i < r->n_rows; i++)
		if (digits(r->rows[i].value[OOM_COL_PID]) > digits(k->pid_begins))
			return;
	if (!row)
		return;
	k->pid = k->pid_begins;
	memcpy(k->comm, row->name, OOM_COMM);
}

void oom_report_finish(struct oom_report *r)
{
	if (r->n_kills && r->kills[r->n_kills - 1].pid_begins != OOM_UNKNOWN && !r->table_cut)
		complete_pid(r, &r->kills[r->n_kills - 1]);
	derive_page_size(r);
	if (r->trigger.order == -1)
		r->sysrq = true;
	int64_t victim = r->selected.pid != OOM_UNKNOWN ? r->selected.pid : r->choice.pid;
	bool named = r->has_selected || r->choice.present;
	bool ended = r->n_kills || r->no_killable || r->panic || r->exiting_pid != OOM_UNKNOWN;

	if (!r->has_header)
		oom_report_problem(r, "the \"invoked oom-killer\" line is missing");
	if (!any_memory(r))
		oom_report_problem(r, "the memory block is missing");
	if (!r->has_table && !r->n_rows)
		oom_report_problem(r, "no task table (lost, or vm.oom_dump_tasks is 0)");
	else if (!r->has_table)
		oom_report_problem(r, "the header of the task table is missing");
	else if (!r->n_rows)
		oom_report_problem(r, "the task table has no rows");
	if (r->table_cut)
		oom_report_problem(r, "the task table is cut");
	if (r->n_rows && victim != OOM_UNKNOWN && !oom_report_row(r, victim) &&
	    !(r->n_kills && oom_report_row(r, r->kills[0].pid))) {
		oom_report_problem(r, "the chosen process %lld is not in the task table", (long long)victim);
		r->table_cut = true;
	}
	if (!ended)
		oom_report_problem(r, "no line says who was killed");
	else if (r->n_kills && !named && r->kills[0].prefix == OOM_PREFIX_NONE)
		oom_report_problem(r, "the \"Kill process\" line is missing");
	r->complete = r->has_header && any_memory(r) && r->has_table && r->n_rows && !r->table_cut && ended &&
		      (named || r->no_killable || r->panic || (r->n_kills && r->kills[0].prefix != OOM_PREFIX_NONE &&
							       r->kills[0].pgtables_kb == OOM_UNKNOWN));
}
