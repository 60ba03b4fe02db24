/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel log to OOM reports. Three ways in: records (from /dev/kmsg or an agent: klog_record()), lines of any text log
 * (klog_line()), and whole files of any size (klog/reader.h, klog/stream.h). One way out: each report is handed to the
 * sink once it is known to be over.
 *
 * Nothing in a log is trusted: names may hold anything, numbers may overflow (they are then unknown), lines may be
 * lost, wrapped, repeated or of another process. What the log does not say is OOM_UNKNOWN or NULL, never a guess.
 * Memory is bounded whatever is fed: see the OOM_MAX_* limits; what goes over them is dropped and said in `problems`.
 *
 * Formats: mm/oom_kill.c (dump_header, dump_tasks, __oom_kill_process), mm/memcontrol.c (mem_cgroup_print_oom_*),
 * mm/show_mem.c (lib/show_mem.c before 6.?), of Linux 2.6.2x to 7.x.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OOM_UNKNOWN INT64_MIN	/* a number that the log does not say */
#define OOM_COMM 64		/* 15 bytes of a comm, each perhaps written as \xNN, and a NUL */

#define OOM_MAX_ROWS 65536	/* rows of one table that are kept */
#define OOM_MAX_KILLS 4096	/* "Killed process" lines of one report */
#define OOM_MAX_STATS 96	/* memory.stat lines */
#define OOM_MAX_ZONES 96
#define OOM_MAX_SLABS 16	/* the largest */
#define OOM_MAX_PROBLEMS 32

enum oom_constraint {
	OOM_CONSTRAINT_UNKNOWN,
	OOM_CONSTRAINT_NONE,
	OOM_CONSTRAINT_CPUSET,
	OOM_CONSTRAINT_MEMORY_POLICY,
	OOM_CONSTRAINT_MEMCG,
};

/* "CONSTRAINT_MEMCG", as the kernel prints it; NULL for unknown. */
const char *oom_constraint_name(enum oom_constraint c);

/* What stands before "Kill process" / "Killed process". */
enum oom_kill_prefix {
	OOM_PREFIX_NONE,		/* nothing: the Killed line up to 5.0 */
	OOM_PREFIX_GLOBAL,		/* "Out of memory: " */
	OOM_PREFIX_ALLOCATING_TASK,	/* "Out of memory (oom_kill_allocating_task): " */
	OOM_PREFIX_MEMCG,		/* "Memory cgroup out of memory: " */
	OOM_PREFIX_OTHER,		/* another text and ": " (a BPF policy, a vendor's patch) */
};

/* One row of the task table, by column. Sizes are in pages, page tables in bytes (4.15+) or pages (before). */
enum oom_column {
	OOM_COL_PID,		/* a thread that still has the mm */
	OOM_COL_UID,
	OOM_COL_TGID,		/* the process */
	OOM_COL_TOTAL_VM,
	OOM_COL_RSS,
	OOM_COL_RSS_ANON,	/* 6.8+ */
	OOM_COL_RSS_FILE,
	OOM_COL_RSS_SHMEM,
	OOM_COL_NR_PTES,	/* 3.10-4.14 */
	OOM_COL_NR_PMDS,	/* 4.0-4.14 */
	OOM_COL_NR_PUDS,
	OOM_COL_PGTABLES_BYTES,	/* 4.15+ */
	OOM_COL_SWAPENTS,	/* 3.? and later; absent in 2.6.x and 3.0 */
	OOM_COL_CPU,		/* up to 3.7 */
	OOM_COL_OOM_ADJ,
	OOM_COL_OOM_SCORE_ADJ,
	OOM_COL_COUNT,
	OOM_COL_NAME = OOM_COL_COUNT,
	OOM_COL_OTHER,		/* a column this code has no name for: skipped */
};

/* "pgtables_bytes", as in the table's header. */
const char *oom_column_name(enum oom_column c);

/* A uid is the user's, from 0 to 2^32 - 1, also where the kernel prints it with "%d". */
struct oom_row {
	int64_t value[OOM_COL_COUNT];	/* OOM_UNKNOWN where the table has no such column */
	char name[OOM_COMM];
	bool cut;			/* the line was cut: the columns behind are unknown */
};

struct oom_kill {
	int64_t pid, uid;
	char comm[OOM_COMM];
	int64_t total_vm_kb, anon_rss_kb, file_rss_kb, shmem_rss_kb, pgtables_kb;
	int64_t oom_score_adj;		/* 5.4+ */
	int64_t score;			/* of the "Kill process … score" line before it (up to 5.0) */
	enum oom_kill_prefix prefix;
	uint64_t line;			/* 1-based, 0 for records */
	int64_t seq, usec;
	bool more;			/* it is cut behind a comma */
	int64_t pid_begins;		/* the digits that the line ends with, where more of the pid may have followed */
};

/* "Kill process %d (%s) score %u or sacrifice child" (up to 5.0): the chosen one; a child may be killed instead. */
struct oom_choice {
	bool present;
	int64_t pid, uid, score;
	char comm[OOM_COMM];
	enum oom_kill_prefix prefix;
};

/* "oom_reaper: reaped process …" or "oom_reaper: unable to reap pid:…". */
struct oom_reap {
	int64_t pid;
	char comm[OOM_COMM];
	int64_t anon_rss_kb, file_rss_kb, shmem_rss_kb;
	bool unable;
};

/* "memory: usage …kB, limit …kB, failcnt …". `present` false: no such line. */
struct oom_usage {
	bool present;
	int64_t usage_kb, limit_kb, failcnt;
};

enum oom_counter { OOM_COUNTER_MEMORY, OOM_COUNTER_MEMSW, OOM_COUNTER_KMEM, OOM_COUNTER_SWAP, OOM_COUNTERS };

/* memory.stat of the OOM memcg, by the kernel's names; bytes where the name is an amount. */
struct oom_stat {
	char name[32];
	int64_t value;
};

struct oom_zone {
	int node;
	char name[16];
	int64_t free_kb, min_kb, present_kb, managed_kb;
	int64_t free_cma_kb;			/* of what is free: 3.9+ */
};

struct oom_slab {
	char name[32];
	int64_t used_kb, total_kb;
};

/* The Mem-Info block: pages unless the name says kB. */
struct oom_meminfo {
	bool present;
	int64_t active_anon, inactive_anon, active_file, inactive_file, unevictable, slab_reclaimable,
		slab_unreclaimable, mapped, shmem, pagetables, free, free_cma, pagecache, swapcache;
	int64_t ram, reserved, highmem;			/* "pages RAM", "pages reserved" (older: without managed) */
	int64_t free_swap_kb, total_swap_kb;
};

enum oom_scope { OOM_SCOPE_UNSAID, OOM_SCOPE_GLOBAL, OOM_SCOPE_MEMCG };

struct oom_report {
	/* where and when */
	uint64_t line, last_line;	/* 1-based, 0 for records */
	int64_t seq_first, seq_last;	/* of records */
	int64_t usec_first, usec_last;	/* time stamps of the kernel: since boot */
	char *when;			/* wall clock of the first line, as the log writes it */
	char *host;
	char *kernel;			/* release: "6.1.0-18-amd64" */
	bool sysrq;			/* by sysrq f: "sysrq: … Manual OOM execution" or order=-1 */

	/* who asked */
	bool has_header;		/* the "invoked oom-killer" line was seen */
	struct {
		char comm[OOM_COMM];
		int64_t pid;		/* from the "CPU: … PID: … Comm:" line */
		char *gfp_mask;		/* "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO)" */
		int64_t gfp;		/* the number */
		int64_t order, oom_score_adj;
	} trigger;

	bool bpf;			/* a BPF program chose: its policy is named, or its call is in the trace */
	char *policy;			/* "oom_policy=" under the first line; patched kernels only */

	/* where */
	enum oom_constraint constraint;	/* from the oom-kill line (5.0+) only */
	bool has_selected;		/* the "oom-kill:" line was seen */
	enum oom_scope selected_scope;	/* what that line itself says */
	char *nodemask, *cpuset, *mems_allowed;	/* "(null)", "/", "0-1" */
	bool global;			/* ",global_oom", or a Mem-Info block or a text that only a global OOM has */
	bool memcg;			/* the memcg killer's words or paths were seen */
	char *oom_memcg, *task_memcg;
	char *stats_memcg;		/* of "Memory cgroup stats for …:" */
	struct oom_usage counter[OOM_COUNTERS];
	struct oom_stat *stats;
	size_t n_stats;
	struct oom_meminfo mem;
	struct oom_zone *zones;
	size_t n_zones;
	struct oom_slab slabs[OOM_MAX_SLABS];
	size_t n_slabs;
	int64_t min_protection_kb, low_protection_kb;	/* 6.19+ */

	/* the candidates */
	bool has_table;			/* the table's header line was seen */
	uint32_t columns; /* bit 1 << enum oom_column: what the header names (or rows of known shape imply) */
	struct oom_row *rows;
	size_t n_rows, cap_rows;
	bool table_cut;			/* rows are known to be missing or broken */
	bool header_guessed;		/* rows without a header line: columns by their number */

	/* who was chosen, and who died */
	struct { int64_t pid, uid; char comm[OOM_COMM]; } selected;	/* of the oom-kill line */
	struct oom_choice choice;
	struct oom_kill *kills;
	size_t n_kills, cap_kills;
	int64_t *sharing;		/* pids of "Kill process … sharing same memory" (3.10) */
	size_t n_sharing;
	char *group_memcg;		/* "Tasks in %s are going to be killed due to memory.oom.group set" */
	struct oom_reap *reaps;
	size_t n_reaps;
	int64_t exiting_pid;		/* "OOM victim %d (%s) is already exiting" */
	int64_t pinned_pid;		/* "oom killer %d (%s) has mm pinned by …" */
	bool no_killable;		/* "Out of memory and no killable processes..." */
	char *panic;			/* text behind "Kernel panic - not syncing: " */
	int64_t suppressed;		/* "oom_kill_process: %d callbacks suppressed" before this report */

	int64_t page_size; /* bytes, derived from this report alone (oom_report_page_size()), or OOM_UNKNOWN */
	bool complete;			/* nothing that such a report has is missing */
	char *problems[OOM_MAX_PROBLEMS];
	size_t n_problems;
};

void oom_report_free(struct oom_report *r);

/* The row of a pid (as pid or as tgid), or NULL. */
const struct oom_row *oom_report_row(const struct oom_report *r, int64_t pid);

/* Takes each report, in the order in which they end (reports of one context: in the order of the input). The sink owns
 * the report from then on. */
typedef void (*oom_sink)(struct oom_report *r, void *arg);

struct klog;

struct klog *klog_new(oom_sink sink, void *arg);

/* Frees without handing out what is open: call klog_flush() first for that. */
void klog_free(struct klog *k);

/* Does a record go on with what an earlier one began? /dev/kmsg has a 'c' among its flags then, else a '-'
 * (Documentation/ABI/testing/ dev-kmsg; a '+' before 4.9). */
enum klog_continues { CONTINUES_UNSAID, CONTINUES_NOTHING, CONTINUES_SOME };

enum klog_continues klog_continues(char flag);

/* One kernel record, as /dev/kmsg gives it, its \xNN escapes undone (it may hold newlines). usec and seq may be
 * OOM_UNKNOWN, level -1, caller NULL ("T123", "C0"). */
void klog_record(struct klog *k, int64_t seq, int64_t usec, int level, enum klog_continues continues, const char *caller,
		 const char *text, size_t len);

/* One line of a text log, whatever stands before the kernel's words. `number` is its 1-based number, for the reports.
 * Returns whether it was a line of a report, or may be with the next ones. */
bool klog_line(struct klog *k, uint64_t number, const char *line, size_t len);

/* The input paused or ended: hands out every open report. A later line of one of them starts a new report. */
void klog_flush(struct klog *k);

/* Is a report open that later lines may belong to? False: lines without a marker can be skipped. */
bool klog_open(const struct klog *k);

/* Is this kernel message a sign of a broken kernel: WARNING, BUG, Oops, lockup, hung task, RCU stall, list corruption,
 * sanitizer report, …? Returns a short static name of the kind, or NULL. The OOM killer's own lines are none. */
const char *klog_splat(const char *text, size_t len);
