// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports from records and lines. The logs are written from the kernel's formats, era by era. */
#include <check.h>

#include "base/util.h"
#include "klog/klog.h"
#include "tests/harness.h"

static struct oom_report *reports[16];
static int n_reports;

static void keep(struct oom_report *r, void *arg)
{
	(void)arg;
	ck_assert_int_lt(n_reports, 16);
	reports[n_reports++] = r;
}

static void forget(void)
{
	while (n_reports)
		oom_report_free(reports[--n_reports]);
}

/* Feeds a text, line by line. */
static int read_text(const char *text)
{
	forget();
	struct klog *k = klog_new(keep, NULL);
	uint64_t number = 0;
	while (*text) {
		const char *nl = strchrnul(text, '\n');
		klog_line(k, ++number, text, (size_t)(nl - text));
		text = *nl ? nl + 1 : nl;
	}
	klog_flush(k);
	klog_free(k);
	return n_reports;
}

#define HEAD_61 "invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0"
#define TABLE_68 "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name"

/* A memcg OOM of 6.12, with a prefix before each line. */
static char *memcg_612(const char *prefix)
{
	static const char *const lines[] = {
		"hog " HEAD_61,
		"CPU: 1 UID: 0 PID: 204 Comm: hog Not tainted 6.12.12-amd64 #1  Debian 6.12.12-1",
		"Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2 04/01/2014",
		"Call Trace:",
		" <TASK>",
		" dump_stack_lvl+0x5d/0x80",
		" </TASK>",
		"memory: usage 40960kB, limit 40960kB, failcnt 35",
		"swap: usage 0kB, limit 9007199254740988kB, failcnt 0",
		"Memory cgroup stats for /box:",
		"anon 41418752",
		"file 0",
		"kernel 524288",
		"Tasks state (memory values in pages):",
		TABLE_68,
		"[    203]     0   203      280       96       64       32         0    40960        0             0 small",
		"[    204]     0   204    10500    10224    10200       24         0   122880        5           100 hog",
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0-1,3,oom_memcg=/box,task_memcg=/box/in,task=hog,pid=204,uid=7",
		"Memory cgroup out of memory: Killed process 204 (hog) total-vm:42000kB, anon-rss:40800kB, file-rss:96kB, shmem-rss:0kB, UID:7 pgtables:120kB oom_score_adj:100",
	};
	size_t size = 1;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		size += strlen(prefix) + strlen(lines[i]) + 1;
	char *text = xcalloc(1, size), *p = text;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		p = stpcpy(p, prefix);
		p = stpcpy(p, lines[i]);
		*p++ = '\n';
	}
	return text;
}

static void check_memcg_612(const char *prefix)
{
	ck_assert_msg(n_reports == 1, "prefix \"%s\": %d reports", prefix, n_reports);
	const struct oom_report *r = reports[0];
	ck_assert_msg(r->complete, "prefix \"%s\": %s", prefix, r->n_problems ? r->problems[0] : "?");
	ck_assert_str_eq(r->trigger.comm, "hog");
	ck_assert_int_eq(r->trigger.pid, 204);
	ck_assert_int_eq(r->trigger.order, 0);
	ck_assert_int_eq(r->trigger.oom_score_adj, 0);
	ck_assert_str_eq(r->trigger.gfp_mask, "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO)");
	ck_assert_str_eq(r->kernel, "6.12.12-amd64");
	ck_assert_int_eq(r->constraint, OOM_CONSTRAINT_MEMCG);
	ck_assert_str_eq(r->nodemask, "(null)");
	ck_assert_str_eq(r->cpuset, "/");
	ck_assert_str_eq(r->mems_allowed, "0-1,3");
	ck_assert_str_eq(r->oom_memcg, "/box");
	ck_assert_str_eq(r->task_memcg, "/box/in");
	ck_assert(r->memcg && !r->global);
	ck_assert_int_eq(r->counter[OOM_COUNTER_MEMORY].limit_kb, 40960);
	ck_assert_int_eq(r->counter[OOM_COUNTER_MEMORY].failcnt, 35);
	ck_assert_int_eq(r->page_size, 4096);
	ck_assert_uint_eq(r->n_stats, 3);
	ck_assert_uint_eq(r->n_rows, 2);
	ck_assert_int_eq(r->rows[1].value[OOM_COL_RSS], 10224);
	ck_assert_int_eq(r->rows[1].value[OOM_COL_PGTABLES_BYTES], 122880);
	ck_assert_int_eq(r->rows[1].value[OOM_COL_SWAPENTS], 5);
	ck_assert_int_eq(r->rows[1].value[OOM_COL_OOM_SCORE_ADJ], 100);
	ck_assert_int_eq(r->rows[1].value[OOM_COL_NR_PTES], OOM_UNKNOWN);
	ck_assert_str_eq(r->rows[1].name, "hog");
	ck_assert_int_eq(r->selected.pid, 204);
	ck_assert_int_eq(r->selected.uid, 7);
	ck_assert_uint_eq(r->n_kills, 1);
	ck_assert_int_eq(r->kills[0].pid, 204);
	ck_assert_str_eq(r->kills[0].comm, "hog");
	ck_assert_int_eq(r->kills[0].uid, 7);
	ck_assert_int_eq(r->kills[0].total_vm_kb, 42000);
	ck_assert_int_eq(r->kills[0].pgtables_kb, 120);
	ck_assert_int_eq(r->kills[0].oom_score_adj, 100);
	ck_assert_int_eq(r->kills[0].prefix, OOM_PREFIX_MEMCG);
}

START_TEST(any_prefix)
{
	static const char *const prefixes[] = {
		"", "[   12.345678] ", "[   12.345678][  T204] ", "<4>[   12.345678] ", "<4>", "    ", "> ", "> > ", "| ", "- ",
		"4,1234,12345678,-;", "4,1234,12345678,-,caller=T204;",
		"Mar  3 04:05:06 host kernel: ", "Mar  3 04:05:06 host kernel: [   12.345678] ",
		"2024-03-03T04:05:06.789012+01:00 host kernel: [   12.345678] ", "2024-03-03T04:05:06Z host kernel: ",
		"2024-03-03 04:05:06 ", "Mär 03 04:05:06 host kernel: ",
		"[Sun Mar  3 04:05:06 2024] ", "[So Mär  3 04:05:06 2024] ", "[日 3月  3 04:05:06 2024] ",
		"[dim. mars   3 04:05:06 2024] ", "[2024-03-03T04:05:06,789012+01:00] ",
		"<4>1 2024-03-03T04:05:06.789Z host kernel - - - [   12.345678] ", "<12>Mar  3 04:05:06 host kernel: ",
		"kernel: ", "host kernel: [   12.345678] ", "[   12.345678] host kernel: ",
		"kern  :warn  : [   12.345678] ", "kern: warning: [2024-03-03T04:05:06.789Z]: ",
		"192.0.2.1: kern: warning: [2024-03-03T04:05:06.789Z]: ",
		"Sun Mar  3 04:05:06 2024 kern.warn kernel: [   12.345678] ",
		"\033[32m[   12.345678] \033[0m", "\033[33m", "123:[   12.345678] ", "  17\t[   12.345678] ",
		"web_1  | [   12.345678] ", "2024-03-03 04:05:06.123456+0100 0x1f0f Default 0x0 737 0 com.vm: [   12.345678] ",
		"messages-20240303:Mar  3 04:05:06 host kernel: ", "/var/log/kern.log.1:17:Mar  3 04:05:06 host kernel: [   12.345678] ",
		"dmesg:[   12.345678] ", "2024-03-03T04:05:06.000Z Mar  3 04:05:06 host kernel: ", "Mar  3 04:05:06 host kernel:[   12.345678] ",
		"Sun 2024-03-03 04:05:06 JST host kernel: ", "[2024-03-03T04:05:06Z] host kernel: [   12.345678] ",
		"Mar  3 04:05:06 host kernel: kernel: [   12.345678] ", "03/03/2024 04:05:06 PM host kernel: ",
		"1709436306.123456 host kernel: ", "vm-console: [   12.345678] ", "+ ", "[pod/a/b] [   12.345678] ",
	};
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		CLEANUP_FREE char *text = memcg_612(prefixes[i]);
		read_text(text);
		check_memcg_612(prefixes[i]);
	}
	forget();
}
END_TEST

START_TEST(records)
{
	CLEANUP_FREE char *text = memcg_612("");
	forget();
	struct klog *k = klog_new(keep, NULL);
	int64_t seq = 100;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), seq++)
		klog_record(k, seq, seq * 10, 4, CONTINUES_UNSAID, NULL, line, strlen(line));
	klog_flush(k);
	klog_free(k);
	check_memcg_612("records");
	ck_assert_int_eq(reports[0]->seq_first, 100);
	ck_assert_int_eq(reports[0]->seq_last, 118);
	ck_assert_int_eq(reports[0]->usec_first, 1000);
	ck_assert_int_eq(reports[0]->usec_last, 1180);
	ck_assert_int_eq(reports[0]->kills[0].seq, 118);
	forget();
}
END_TEST

START_TEST(splats)
{
	static const struct { const char *text, *kind; } cases[] = {
		{ "WARNING: CPU: 0 PID: 1 at mm/page_counter.c:60 page_counter_cancel+0x55/0x60", "WARNING" },
		{ "BUG: Bad rss-counter state mm:00000000deadbeef type:MM_ANONPAGES val:1", "bad rss counter" },
		{ "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [hog:204]", "soft lockup" },
		{ "INFO: task hog:204 blocked for more than 120 seconds.", "hung task" },
		{ "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "RCU stall" },
		{ "Memory cgroup out of memory: Killed process 204 (BUG: x) total-vm:1kB", NULL },
		{ "kernel BUG at m invoked oom-killer: gfp_mask=0x0(), order=0, oom_score_adj=0", NULL },
		{ "[    204]     0   204  1 1 4096 0 0 kernel BUG at x", NULL },
		{ "Out of memory and no killable processes...", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *kind = klog_splat(cases[i].text, strlen(cases[i].text));
		ck_assert_msg(streq(kind, cases[i].kind), "%s: %s", cases[i].text, kind ? kind : "none");
	}
}
END_TEST

/* From 2^31 up the table and the oom-kill line print a uid less 2^32, and RHEL 7's "Killed process" does. */
START_TEST(high_uids)
{
	static const char text[] =
		"[  100.000001] hog " HEAD_61 "\n[  100.000002] Tasks state (memory values in pages):\n[  100.000003] " TABLE_68 "\n"
		"[  100.000004] [    204]    -2   204    10500    10224    10200       24         0   122880        5           100 hog\n"
		"[  100.000005] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=hog,pid=204,"
		"uid=-2\n"
		"[  100.000006] Out of memory: Killed process 204 (hog) total-vm:42000kB, anon-rss:40800kB, file-rss:96kB, shmem-rss:0kB, "
		"UID:4294967294 pgtables:120kB oom_score_adj:100\n";
	ck_assert_int_eq(read_text(text), 1);
	ck_assert_uint_eq(reports[0]->n_rows, 1);
	ck_assert_int_eq(reports[0]->rows[0].value[OOM_COL_UID], 4294967294);
	ck_assert_int_eq(reports[0]->selected.uid, 4294967294);
	ck_assert_int_eq(reports[0]->kills[0].uid, 4294967294);
	ck_assert_int_eq(read_text("[  100.000001] hog invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0\n"
				   "[  100.000002] Killed process 204 (hog), UID -2147483648, total-vm:42000kB, anon-rss:40800kB, "
				   "file-rss:96kB, shmem-rss:0kB\n"), 1);
	ck_assert_int_eq(reports[0]->kills[0].uid, INT64_C(1) << 31);
	forget();
}
END_TEST

TESTS("klog", any_prefix, records, splats, high_uids)
