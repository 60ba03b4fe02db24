// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/old_report.h"

#include <inttypes.h>

#include "base/util.h"

static bool since(const struct old_scene *s, unsigned a, unsigned b, unsigned c)
{
	return s->era.version >= KVER(a, b, c);
}

bool old_is_ancient(const struct old_scene *s)
{
	return !since(s, 2, 6, 36);
}

static int64_t total(const struct old_scene *s)
{
	return s->totalram + s->total_swap;
}

int64_t old_points(const struct old_scene *s, const struct old_task *t)
{
	/* up to 3.9 page tables (nr_ptes) were counted too, and up to 3.1 nothing is said of them in the table */
	int64_t points = t->rss + t->swap + t->tables, adj = t->adj;
	if (t->adj == -1000)
		return INT64_MIN;
	if (!since(s, 3, 6, 0)) {
		points = points * 1000 / total(s) - (t->capable ? 30 : 0) + adj;
		return points > 0 ? points : 1;
	}
	bool own_share = since(s, 3, 14, 0) || s->era.vendor == ERA_RHEL;	/* 778c14affaf9 */
	if (t->capable && !since(s, 4, 17, 0)) {
		if (own_share)
			points -= points * 3 / 100;
		else
			adj -= 30;
	}
	points += adj * (total(s) / 1000);
	bool clamped = !since(s, 5, 9, 0) && !s->era.signed_points;
	return clamped && points <= 0 ? 1 : points;
}

int old_choose(const struct old_scene *s, int64_t *margin)
{
	int best = -1;
	int64_t second = INT64_MIN;
	for (int i = 0; i < s->n; i++) {
		int64_t p = old_points(s, &s->tasks[i]), b = best < 0 ? INT64_MIN : old_points(s, &s->tasks[best]);
		if (p == INT64_MIN)
			continue;
		bool wins = best < 0 || p > b || (p == b && since(s, 5, 3, 0));
		int64_t loser = wins ? b : p;
		if (loser > second)
			second = loser;
		if (wins)
			best = i;
	}
	*margin = best < 0 || second == INT64_MIN ? INT64_MAX : old_points(s, &s->tasks[best]) - second;
	return best;
}

static void print_head(FILE *f, const struct old_scene *s, const struct old_task *t)
{
	const char *names = s->era.header_names ? s->memcg ? "(GFP_KERNEL)" : "(GFP_HIGHUSER_MOVABLE|__GFP_ZERO)" : "";
	fprintf(f, "%s invoked oom-killer: gfp_mask=0x%x%s, %sorder=0, ", t->name, s->memcg ? 0xd0 : 0x280da, names,
		s->era.header_nodemask ? "nodemask=(null), " : "");
	if (!since(s, 3, 7, 0))
		fprintf(f, "oom_adj=%d%s", t->adj * 17 / 1000, old_is_ancient(s) ? "\n" : ", ");
	if (!old_is_ancient(s))
		fprintf(f, "oom_score_adj=%d\n", t->adj);
	if (s->era.cpuset_line)
		fprintf(f, "%s cpuset=/ mems_allowed=0\n", t->name);
	if (!since(s, 3, 9, 0))
		fprintf(f, "Pid: %d, comm: %s Not tainted %s #1\n", t->pid, t->name, s->release);
	else
		fprintf(f, "CPU: 1 %sPID: %d Comm: %s Not tainted %s #1\n", s->era.cpu_line_uid ? "UID: 0 " : "",
			t->pid, t->name, s->release);
	fprintf(f, "Hardware name: none\nCall Trace:\n dump_header+0x44/0x18d\n [<ffffffff81122950>] ? "
		   "dump_header+0x90/0x1b0\n"
		   " </TASK>\n");
}

static void print_memcg(FILE *f, const struct old_scene *s)
{
	int64_t kb = s->totalram * (s->page_size / 1024), none = (INT64_MAX / s->page_size * s->page_size) >> 10;
	if (s->era.cpuset_line)
		fprintf(f, "Task in /pods/a killed as a result of limit of /pods\n");
	fprintf(f, "memory: usage %" PRId64 "kB, limit %" PRId64 "kB, failcnt 35\n", kb, kb);
	if (since(s, 5, 3, 0))
		fprintf(f, "swap: usage 0kB, limit 0kB, failcnt 0\n");
	else
		fprintf(f,
			"memory+swap: usage %" PRId64 "kB, limit %" PRId64
			"kB, failcnt 0\nkmem: usage 0kB, limit %" PRId64 "kB, failcnt 0\n",
			kb, kb, none);
	if (s->era.stat_text)
		fprintf(f, "Memory cgroup stats for /pods:\nanon %" PRId64 "\nfile 0\nkernel_stack 16384\n", kb * 1024);
	else
		fprintf(f,
			"Memory cgroup stats for /pods: cache:0KB rss:%" PRId64
			"KB rss_huge:0KB mapped_file:0KB inactive_anon:0KB "
			"active_anon:%" PRId64 "KB inactive_file:0KB active_file:0KB unevictable:0KB\n",
			kb, kb);
	if (s->era.protection_line)
		fprintf(f, "Memory cgroup min protection 0kB -- low protection 0kB\n");
}

static void print_memory(FILE *f, const struct old_scene *s)
{
	int kb = s->page_size / 1024;
	fprintf(f, "Mem-Info:\n");
	if (!since(s, 4, 0, 0))
		fprintf(f, "Node 0 DMA per-cpu:\nCPU    0: hi:    0, btch:   1 usd:   0\n");
	fprintf(f,
		"active_anon:%" PRId64
		" inactive_anon:4 isolated_anon:0\n active_file:1 inactive_file:2 isolated_file:0\n"
		" unevictable:0 dirty:0 writeback:0\n free:1200 free_pcp:0 free_cma:0\n",
		s->totalram / 2);
	fprintf(f, "Node 0 DMA free:%dkB min:40kB low:48kB high:60kB active_anon:0kB present:15996kB managed:15908kB\n"
		"lowmem_reserve[]: 0 0 0 0\nNode 0 DMA: 1*%dkB (U) 0*%dkB = %dkB\n", 1200 * kb, kb, 2 * kb, kb);
	fprintf(f, "3 total pagecache pages\n0 pages in swap cache\nSwap cache stats: add 0, delete 0, find 0/0\n"
		"Free swap  = 0kB\nTotal swap = %" PRId64 "kB\n", s->total_swap * kb);
	fprintf(f, "%" PRId64 " pages RAM\n0 pages HighMem/MovableOnly\n2000 pages reserved\n", s->totalram + 2000);
	if (s->era.protection_line)
		fprintf(f, "Memory cgroup min protection 0kB -- low protection 0kB\n");
}

static void print_table(FILE *f, const struct old_scene *s)
{
	bool wide = s->era.summary_line;
	if (wide)
		fprintf(f, "Tasks state (memory values in pages):\n");
	fprintf(f, "%s   uid  tgid total_vm      rss ", wide ? "[  pid  ]" : "[ pid ]");
	if (!since(s, 3, 6, 0))
		fprintf(f, "cpu oom_adj %sname\n", old_is_ancient(s) ? "" : "oom_score_adj ");
	else
		fprintf(f, "%s%sswapents oom_score_adj name\n",
			s->era.table_rss_kinds ? "rss_anon rss_file rss_shmem " : "",
			s->era.pgtables_bytes  ? "pgtables_bytes "
			: s->era.pgtables_pmds ? "nr_ptes nr_pmds "
					       : "nr_ptes ");
	for (int i = 0; i < s->n; i++) {
		const struct old_task *t = &s->tasks[i];
		fprintf(f,
			wide ? "[%7d] %5d %5d %8" PRId64 " %8" PRId64 " " : "[%5d] %5d %5d %8" PRId64 " %8" PRId64 " ",
			t->pid, t->uid, t->pid, t->vm, t->rss);
		if (!since(s, 3, 6, 0)) {
			fprintf(f, "%3d     %3d ", 0, t->adj * 17 / 1000);
			if (!old_is_ancient(s))
				fprintf(f, "        %5d ", t->adj);
		} else {
			if (s->era.table_rss_kinds)
				fprintf(f, "%8" PRId64 " %8d %9d ", t->rss, 0, 0);
			if (s->era.pgtables_bytes)
				fprintf(f, "%8" PRId64 " ", t->tables * s->page_size);
			else if (s->era.pgtables_pmds)
				fprintf(f, "%7" PRId64 " %7d ", t->tables - 1, 1);
			else
				fprintf(f, "%7" PRId64 " ", t->tables);
			fprintf(f, "%8" PRId64 "         %5d ", t->swap, t->adj);
		}
		fprintf(f, "%s\n", t->name);
	}
}

static void print_end(FILE *f, const struct old_scene *s, const struct old_task *t)
{
	const char *why = s->memcg ? "Memory cgroup out of memory" : "Out of memory";
	int kb = s->page_size / 1024;
	if (s->era.summary_line)
		fprintf(f,
			"oom-kill:constraint=%s,nodemask=(null),cpuset=/,mems_allowed=0,%s,task_memcg=/pods/"
			"a,task=%s,pid=%d,uid=%d\n",
			s->memcg ? "CONSTRAINT_MEMCG" : "CONSTRAINT_NONE", s->memcg ? "oom_memcg=/pods" : "global_oom",
			t->name, t->pid, t->uid);
	if (s->era.kill_process_line) {
		int64_t points = old_points(s, t);
		fprintf(f, "%s: Kill process %d (%s) score %" PRId64 " or sacrifice child\n", why, t->pid, t->name,
			since(s, 3, 6, 0) ? points * 1000 / total(s) : points);
	}
	if (s->era.killed_reason)
		fprintf(f, "%s: ", why);
	fprintf(f, "Killed process %d%s (%s) total-vm:%" PRId64 "kB, anon-rss:%" PRId64 "kB, file-rss:0kB", t->pid, "",
		t->name, t->vm * kb, t->rss * kb);
	if (s->era.shmem_counter)
		fprintf(f, ", shmem-rss:0kB");
	if (s->era.killed_details)
		fprintf(f, ", UID:%d pgtables:%" PRId64 "kB oom_score_adj:%d", t->uid,
			s->era.killed_pgtables_bytes ? t->tables * s->page_size : t->tables * kb, t->adj);
	fprintf(f, "\n");
}

void old_print(FILE *f, const struct old_scene *s, int chosen)
{
	print_head(f, s, &s->tasks[0]);
	if (s->memcg)
		print_memcg(f, s);
	else
		print_memory(f, s);
	print_table(f, s);
	print_end(f, s, &s->tasks[chosen]);
}
