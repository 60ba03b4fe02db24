// SPDX-License-Identifier: GPL-2.0-or-later
/* Logs as people have them: wrapped, cut, mixed, suppressed, quoted, inside other formats; and names that lie. */
#include <check.h>

#include "base/util.h"
#include "klog/follow.h"
#include "klog/klog.h"
#include "klog/stream.h"
#include "tests/harness.h"

static struct oom_report *reports[64];
static int n_reports;

static void keep(struct oom_report *r, void *arg)
{
	(void)arg;
	ck_assert_int_lt(n_reports, 64);
	reports[n_reports++] = r;
}

static void forget(void)
{
	while (n_reports)
		oom_report_free(reports[--n_reports]);
}

/* Through the stream in pieces of `piece` bytes: reports must not depend on it. */
static int read_bytes(const char *text, size_t len, size_t piece)
{
	forget();
	struct klog *k = klog_new(keep, NULL);
	struct stream *s = stream_new(k);
	for (size_t at = 0; at < len; at += piece)
		stream_feed(s, text + at, len - at < piece ? len - at : piece);
	stream_end(s);
	stream_free(s);
	klog_free(k);
	return n_reports;
}

static int read_text(const char *text)
{
	int whole = read_bytes(text, strlen(text), strlen(text) + 1);
	for (size_t piece = 1; piece < 40; piece += 13)
		ck_assert_int_eq(read_bytes(text, strlen(text), piece), whole);
	return whole;
}

#define KILLED(pid, name) "Killed process " pid " (" name ") total-vm:4000kB, anon-rss:40kB, file-rss:8kB, shmem-rss:0kB"
#define KILLED_54(pid, name) "Out of memory: " KILLED(pid, name) ", UID:7 pgtables:40kB oom_score_adj:-5"
#define MEMCG_54(pid, name) "Memory cgroup out of memory: " KILLED(pid, name) ", UID:7 pgtables:40kB oom_score_adj:-5"
#define HEADER(name) name " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"
#define COLUMNS "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"

START_TEST(killed_formats)
{
	static const struct { const char *line, *comm; int pid; int64_t uid, vm, shmem, adj; enum oom_kill_prefix prefix; } cases[] = {
		{ "Killed process 5 (a b) total-vm:12kB, anon-rss:8kB, file-rss:4kB", "a b", 5, OOM_UNKNOWN, 12, OOM_UNKNOWN, OOM_UNKNOWN,
		  OOM_PREFIX_NONE },
		{ "Killed process 5, UID 48, (httpd) total-vm:12kB, anon-rss:8kB, file-rss:4kB", "httpd", 5, 48, 12, OOM_UNKNOWN,
		  OOM_UNKNOWN, OOM_PREFIX_NONE },
		{ "Killed process 5 (httpd), UID 48, total-vm:12kB, anon-rss:8kB, file-rss:4kB, shmem-rss:2kB", "httpd", 5, 48, 12, 2,
		  OOM_UNKNOWN, OOM_PREFIX_NONE },
		{ "Killed process 5 (x) vsz:12kB, anon-rss:8kB, file-rss:4kB", "x", 5, OOM_UNKNOWN, 12, OOM_UNKNOWN, OOM_UNKNOWN,
		  OOM_PREFIX_NONE },
		/* OpenVZ */
		{ "Out of memory in UB 12: OOM killed process 5 (x y) score 3 vm:12kB, rss:8kB, swap:0kB", "x y", 5, OOM_UNKNOWN, 12,
		  OOM_UNKNOWN, OOM_UNKNOWN, OOM_PREFIX_OTHER },
		{ "OOM killed process 5 (x) vm:12kB, rss:8kB, swap:0kB", "x", 5, OOM_UNKNOWN, 12, OOM_UNKNOWN, OOM_UNKNOWN,
		  OOM_PREFIX_NONE },
		{ KILLED_54("5", "((x)"), "((x)", 5, 7, 4000, 0, -5, OOM_PREFIX_GLOBAL },
		{ MEMCG_54("5", "total-vm:1kB"), "total-vm:1kB", 5, 7, 4000, 0, -5, OOM_PREFIX_MEMCG },
		{ MEMCG_54("5", "x) total-vm:9kB"), "x) total-vm:9kB", 5, 7, 4000, 0, -5, OOM_PREFIX_MEMCG },
		{ MEMCG_54("5", "Killed process "), "Killed process ", 5, 7, 4000, 0, -5, OOM_PREFIX_MEMCG },
		{ "Out of memory (oom_kill_allocating_task): " KILLED("5", "x"), "x", 5, OOM_UNKNOWN, 4000, 0, OOM_UNKNOWN,
		  OOM_PREFIX_ALLOCATING_TASK },
		{ "Memory cgroup out of memory: Killed process 5 (x) ....", "x", 5, OOM_UNKNOWN, OOM_UNKNOWN, OOM_UNKNOWN, OOM_UNKNOWN,
		  OOM_PREFIX_MEMCG },
		/* a number that lost its end is no number */
		{ "Memory cgroup out of memory: Killed process 5 (x) total-vm:12", "x", 5, OOM_UNKNOWN, OOM_UNKNOWN, OOM_UNKNOWN,
		  OOM_UNKNOWN, OOM_PREFIX_MEMCG },
		{ "Out of memory: Killed process 5 (x) total-vm:99999999999999999999kB, anon-rss:1kB", "x", 5, OOM_UNKNOWN, OOM_UNKNOWN,
		  OOM_UNKNOWN, OOM_UNKNOWN, OOM_PREFIX_GLOBAL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_msg(read_text(cases[i].line) == 1, "%s", cases[i].line);
		ck_assert_uint_eq(reports[0]->n_kills, 1);
		const struct oom_kill *k = &reports[0]->kills[0];
		ck_assert_str_eq(k->comm, cases[i].comm);
		ck_assert_int_eq(k->pid, cases[i].pid);
		ck_assert_int_eq(k->uid, cases[i].uid);
		ck_assert_int_eq(k->total_vm_kb, cases[i].vm);
		ck_assert_int_eq(k->shmem_rss_kb, cases[i].shmem);
		ck_assert_int_eq(k->oom_score_adj, cases[i].adj);
		ck_assert_int_eq(k->prefix, cases[i].prefix);
	}
	forget();
}
END_TEST

/* What talks about OOM without being the kernel's report. */
START_TEST(no_reports)
{
	static const char *const texts[] = {
		"", "\n\n", "mkfs invoked oom-killer on i386\n", "the process was Killed process\n",
		"Mar  3 04:05:06 host monitor[6018]: New status: &{Message:" MEMCG_54("5", "x") "}\n",
		"Mar  3 04:05:06 host agent[1]: " KILLED_54("5", "x") "\n",
		"{\"SYSLOG_IDENTIFIER\":\"agent\",\"MESSAGE\":\"" KILLED_54("5", "x") "\"}\n",
		"{\"_TRANSPORT\":\"stdout\",\"MESSAGE\":\"" KILLED_54("5", "x") "\"}\n",
		"13,7,9,-;" KILLED_54("5", "x") "\n",
		"user  :warn  : [   12.345678] " KILLED_54("5", "x") "\n",
		"10-24 14:24:26.342   710   710 I lowmemorykiller: Kill 'x' (17933), uid 10446, oom_score_adj 0 to free 1kB rss\n",
		"x: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL), nodemask=(null)\nCall Trace:\nMem-Info:\n"
		"active_anon:1 inactive_anon:2 isolated_anon:0\n3 total pagecache pages\n4 pages RAM\n",
		"Node 0 DMA free:8kB min:4kB low:4kB high:4kB\nlowmem_reserve[]: 0 0\nFree swap  = 0kB\nTotal swap = 0kB\n",
		"oom_reaper: reaped process 5 (x), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n",
		"[  300]     0   300    20000    12000    81920        0           100 a\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_msg(read_text(texts[i]) == 0, "%d reports in: %s", n_reports, texts[i]);
	forget();
}
END_TEST

/* Breaks lines at a width, with what a mailer or terminal puts before the pieces. */
static char *wrapped(const char *text, size_t width, const char *before, bool at_blanks)
{
	char *out = xcalloc(strlen(text) + 2, 4 + strlen(before)), *p = out;
	p = stpcpy(p, before);
	size_t column = 0;
	for (; *text; text++) {
		const char *blank = strpbrk(text + 1, " \n");
		size_t word = blank ? (size_t)(blank - text) : strlen(text);
		bool cut = at_blanks ? *text == ' ' && column > 20 && column + word > width && text[1] != ' ' : column >= width;
		if (cut && *text != '\n') {
			*p++ = '\n';
			p = stpcpy(p, before);
			column = 0;
			if (at_blanks)
				continue;
		}
		*p++ = *text;
		column++;
		if (*text == '\n' && text[1]) {
			p = stpcpy(p, before);
			column = 0;
		}
	}
	return out;
}

START_TEST(wrapped_lines)
{
	static const char text[] =
		"[   12.345678] " HEADER("hog") "\n[   12.345679] CPU: 1 PID: 204 Comm: hog Not tainted 6.1.0-18-amd64 #1  Debian 6.1.76-1\n"
		"[   12.345680] memory: usage 40960kB, limit 40960kB, failcnt 35\n[   12.345681] Tasks state (memory values in pages):\n"
		"[   12.345682] " COLUMNS "\n"
		"[   12.345683] [    203]     0   203      280       96    40960        0             0 small\n"
		"[   12.345684] [    204]     7   204    10500    10224   122880        5           100 hog\n"
		"[   12.345685] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/box-of-a-longer-name,"
		"task_memcg=/box-of-a-longer-name/in,task=hog,pid=204,uid=7\n"
		"[   12.345686] " MEMCG_54("204", "hog") "\n";
	for (int how = 0; how < 2; how++)
		for (size_t width = 50; width < 110; width += 3)
			for (int quoted = 0; quoted < 2; quoted++) {
				CLEANUP_FREE char *w = wrapped(text, width, quoted ? "> " : "", how == 0);
				ck_assert_msg(read_text(w) == 1, "%d reports of:\n%s", n_reports, w);
				const struct oom_report *r = reports[0];
				ck_assert_msg(r->trigger.order == 0 && r->trigger.oom_score_adj == 0, "header of:\n%s", w);
				ck_assert_msg(r->n_rows == 2 && r->rows[1].value[OOM_COL_RSS] == 10224 &&
					      r->rows[1].value[OOM_COL_OOM_SCORE_ADJ] == 100, "table of:\n%s", w);
				/* a name torn in two is a shorter name: nothing shows it */
				ck_assert(r->rows[1].name[0] && starts_with("hog", r->rows[1].name));
				ck_assert_msg(r->selected.pid == 204 && r->selected.uid == 7, "oom-kill of:\n%s", w);
				if (how)
					ck_assert_str_eq(r->oom_memcg, "/box-of-a-longer-name");
				ck_assert_msg(r->n_kills == 1 && r->kills[0].oom_score_adj == -5, "Killed of:\n%s", w);
			}
	forget();
}
END_TEST

/* Two CPUs print at once; CONFIG_PRINTK_CALLER tells them apart. And two hosts in one file. */
START_TEST(interleaved)
{
	static const char *const before[][2] = { { "[   12.345678][  T100] ", "[   12.345678][  T200] " },
						 { "Mar  3 04:05:06 one kernel: ", "Mar  3 04:05:06 two kernel: " } };
	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		const char *a = before[i][0], *b = before[i][1];
		CLEANUP_FREE char *text = xasprintf(
			"%s%s\n%s%s\n%smemory: usage 4kB, limit 8kB, failcnt 1\n%smemory: usage 5kB, limit 9kB, failcnt 1\n"
			"%s" COLUMNS "\n%s" COLUMNS "\n"
			"%s[    101]     0   101      280       96    40960        0             0 a\n"
			"%s[    201]     0   201      280       96    40960        0             0 b\n"
			"%s[    102]     0   102      280       96    40960        0             0 aa\n"
			"%s%s\n%s%s\n", a, HEADER("first"), b, HEADER("second"), a, b, a, b, a, b, a, b, MEMCG_54("201", "b"), a,
			MEMCG_54("102", "aa"));
		ck_assert_int_eq(read_text(text), 2);
		ck_assert_str_eq(reports[0]->trigger.comm, "first");
		ck_assert_uint_eq(reports[0]->n_rows, 2);
		ck_assert_int_eq(reports[0]->counter[0].limit_kb, 8);
		ck_assert_int_eq(reports[0]->kills[0].pid, 102);
		ck_assert_str_eq(reports[1]->trigger.comm, "second");
		ck_assert_uint_eq(reports[1]->n_rows, 1);
		ck_assert_int_eq(reports[1]->kills[0].pid, 201);
	}
	forget();
}
END_TEST

/* Where the rate limit swallowed the reports, each kill is one; the members of a group are not. */
START_TEST(suppressed_and_groups)
{
	ck_assert_int_eq(read_text(KILLED_54("1", "a") "\n" KILLED_54("2", "b") "\n" KILLED_54("3", "c") "\n"), 3);
	ck_assert_int_eq(reports[2]->kills[0].pid, 3);
	ck_assert_int_eq(read_text(HEADER("x") "\n" MEMCG_54("1", "a") "\nTasks in /g are going to be killed due to memory.oom.group set\n"
				   MEMCG_54("1", "a") "\n" MEMCG_54("2", "b") "\n"), 1);
	ck_assert_uint_eq(reports[0]->n_kills, 3);
	ck_assert_str_eq(reports[0]->group_memcg, "/g");
	ck_assert_int_eq(read_text("[   10.000000] " MEMCG_54("1", "a") "\n[   10.000001] Tasks in /g are going to be killed due to "
				   "memory.oom.group set\n[   15.000000] " MEMCG_54("2", "b") "\n"), 2);
	ck_assert_int_eq(read_text("oom_kill_process: 14 callbacks suppressed\n" HEADER("x") "\n" KILLED_54("1", "a") "\n"), 1);
	ck_assert_int_eq(reports[0]->suppressed, 14);
	ck_assert_int_eq(read_text("Out of memory: Kill process 1 (a) score 7 or sacrifice child\n" KILLED("2", "child") "\n"
				   "Out of memory: Kill process 3 (b) score 6 or sacrifice child\n" KILLED("3", "b") "\n"), 2);
	ck_assert_int_eq(reports[0]->choice.pid, 1);
	ck_assert_int_eq(reports[0]->kills[0].pid, 2);
	ck_assert_int_eq(reports[0]->kills[0].score, 7);
	forget();
}
END_TEST

START_TEST(other_splats_between)
{
	ck_assert_int_eq(read_text("[    1.000000] " HEADER("x") "\n[    1.000001] WARNING: CPU: 3 PID: 77 at mm/x.c:1 f+0x1/0x2\n"
				   "[    1.000002] CPU: 3 PID: 77 Comm: other Not tainted 6.1.0 #1\n"
				   "[    1.000003] CPU: 1 PID: 55 Comm: x Not tainted 6.1.0 #1\n[    1.000004] " COLUMNS "\n"
				   "[    1.000005] eth0: link up\n"
				   "[    1.000006] [    101]     0   101      280       96    40960        0             0 a\n"
				   "[    1.000007] " KILLED_54("101", "a") "\n"), 1);
	ck_assert_int_eq(reports[0]->trigger.pid, 55);
	ck_assert_uint_eq(reports[0]->n_rows, 1);
	ck_assert_int_eq(read_text(HEADER("x") "\nOut of memory and no killable processes...\n"
				   "Kernel panic - not syncing: System is deadlocked on memory\n"), 1);
	ck_assert(reports[0]->no_killable);
	ck_assert_str_eq(reports[0]->panic, "System is deadlocked on memory");
	forget();
}
END_TEST

START_TEST(journal_formats)
{
	static const char export[] =
		"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1709436306123456\nMESSAGE=" KILLED_54("5", "x") "\n_TRANSPORT=kernel\n"
		"_HOSTNAME=h\n_SOURCE_MONOTONIC_TIMESTAMP=777\n\n"
		"__CURSOR=s=2\nMESSAGE=" KILLED_54("6", "echo") "\n_TRANSPORT=stdout\nSYSLOG_IDENTIFIER=agent\n\n"
		"__CURSOR=s=3\n_TRANSPORT=kernel\nMESSAGE=" KILLED_54("7", "y") "\n";
	ck_assert_int_eq(read_text(export), 2);
	ck_assert_int_eq(reports[0]->kills[0].pid, 5);
	ck_assert_int_eq(reports[0]->usec_first, 777);
	ck_assert_str_eq(reports[0]->host, "h");
	ck_assert_int_eq(reports[1]->kills[0].pid, 7);
	static const char json[] =
		"{\"__REALTIME_TIMESTAMP\":\"1\",\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"Out of memory: Killed process 5 (a\\\"\\u0041\\n) "
		"total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:3\"}\n"
		"{\n\t\"_TRANSPORT\" : \"kernel\",\n\t\"MESSAGE\" : \"Out of memory: Killed process 6 (b) total-vm:8kB\"\n}\n"
		"{\"log\":\"[   12.345678] Out of memory: Killed process 8 (d) total-vm:8kB, anon-rss:4kB\\n\",\"stream\":\"stdout\"}\n";
	ck_assert_int_eq(read_text(json), 3);
	ck_assert_str_eq(reports[0]->kills[0].comm, "a\"A\n");
	ck_assert_int_eq(reports[0]->kills[0].oom_score_adj, 3);
	ck_assert_int_eq(reports[1]->kills[0].pid, 6);
	ck_assert_int_eq(reports[2]->kills[0].pid, 8);
	/* a message with a newline: its length and bytes; one that is not UTF-8 is an array of numbers */
	static const char binary[] = "__CURSOR=s=1\n_TRANSPORT=kernel\nMESSAGE\n\x2c\0\0\0\0\0\0\0Out of memory: Killed process 5 (a\nb) total-v\n\n";
	ck_assert_int_eq(read_bytes(binary, sizeof(binary) - 1, 7), 1);
	ck_assert_int_eq(reports[0]->kills[0].pid, 5);
	forget();
}
END_TEST

START_TEST(escapes)
{
	ck_assert_int_eq(read_text("3,7,9,-;Out of memory: Killed process 5 (a\\x0ab\\xe4\\\\x) total-vm:8kB, anon-rss:4kB\n"), 1);
	ck_assert_str_eq(reports[0]->kills[0].comm, "a\nb\xe4\\\\x");
	ck_assert_int_eq(read_text("Mar  3 04:05:06 host kernel: Mem-Info:\nMar  3 04:05:06 host kernel: active_anon:7 inactive_anon:8 "
				   "isolated_anon:0#012 active_file:3 inactive_file:4#012 free:9\n"), 1);
	ck_assert_int_eq(reports[0]->mem.active_anon, 7);
	ck_assert_int_eq(reports[0]->mem.free, 9);
	ck_assert_int_eq(read_text("\033[32m[   12.345678] \033[0m\033[31mOut of memory: \033[0mKilled process 5 (x) total-vm:8kB\r\n"), 1);
	ck_assert_int_eq(read_text("[\xc2\xa0 12.345678]\xc2\xa0Out of\xc2\xa0memory: Killed process 5 (x) total-vm:8kB\n"), 1);
	char record[] = "6,10,20,-,caller=T5;Out of memory: Killed process 5 (a\\x0ab) total-vm:8kB, anon-rss:4kB\n SUBSYSTEM=x\n";
	char foreign[] = "13,10,20,-;Out of memory: Killed process 5 (a) total-vm:8kB\n", junk[] = "x";
	forget();
	struct klog *k = klog_new(keep, NULL);
	ck_assert(kmsg_record(k, record, sizeof(record) - 1));
	ck_assert(!kmsg_record(k, foreign, sizeof(foreign) - 1));
	ck_assert(!kmsg_record(k, junk, 0));
	klog_flush(k);
	klog_free(k);
	ck_assert_int_eq(n_reports, 1);
	ck_assert_str_eq(reports[0]->kills[0].comm, "a\nb");
	ck_assert_int_eq(reports[0]->seq_first, 10);
	forget();
}
END_TEST

/* What looks like the mark of a relay or of `cat -A` may be a name's own. */
START_TEST(names_like_marks)
{
	ck_assert_int_eq(read_text("[    1.000000] " HEADER("[W] x") "\n"
				   "[    1.000001] CPU: 0 PID: 7 Comm: [W] x Not tainted 6.1.0 #1\n"
				   "[    1.000002] " COLUMNS "\n"
				   "[    1.000003] [      7]     0     7     1000      900    40960        0             0 a$\n"
				   "[    1.000004] [      8]     0     8     1000      100    40960        0             0 b$\n"
				   "[    1.000005] [      9]     0     9     1000      100    40960        0             0 c\\n\n"
				   "[    1.000006] [     10]     0    10     1000      100    40960        0             0 d\\\n"
				   "[    1.000007] " KILLED_54("7", "a$") "\n"), 1);
	ck_assert_str_eq(reports[0]->trigger.comm, "[W] x");
	ck_assert_int_eq(reports[0]->trigger.pid, 7);
	ck_assert_uint_eq(reports[0]->n_rows, 4);
	static const char *const names[] = { "a$", "b$", "c\\n", "d\\" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_str_eq(reports[0]->rows[i].name, names[i]);
}
END_TEST

START_TEST(tables_of_all_eras)
{
	static const struct { const char *header, *row; enum oom_column c; int64_t value; } cases[] = {
		{ "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name",
		  "[  300]     0   301    20000    12000   3     -17         -1000 x y", OOM_COL_OOM_ADJ, -17 },
		{ "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name",
		  "[  300]     0   301    20000    12000      44       55         -1000 x y", OOM_COL_NR_PTES, 44 },
		{ "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name",
		  "[  300]     0   301    20000    12000      44       7       55         -1000 x y", OOM_COL_NR_PMDS, 7 },
		{ "[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
		  "[  300]     0   301    20000    12000    81920       55         -1000 x y", OOM_COL_PGTABLES_BYTES, 81920 },
		{ "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name",
		  "[    300]     0   301    20000    12000     9000     2000      1000    81920       55         -1000 x y",
		  OOM_COL_RSS_SHMEM, 1000 },
		/* a column nobody knows yet, and another order */
		{ "[  pid  ]   uid  tgid rss zswapped total_vm pgtables_bytes swapents oom_score_adj name",
		  "[    300]     0   301    12000      77    20000    81920       55         -1000 x y", OOM_COL_SWAPENTS, 55 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *text = xasprintf("%s\n%s\n", cases[i].header, cases[i].row);
		ck_assert_int_eq(read_text(text), 1);
		ck_assert_uint_eq(reports[0]->n_rows, 1);
		const struct oom_row *row = &reports[0]->rows[0];
		ck_assert_int_eq(row->value[OOM_COL_PID], 300);
		ck_assert_int_eq(row->value[OOM_COL_TGID], 301);
		ck_assert_int_eq(row->value[OOM_COL_RSS], 12000);
		ck_assert_int_eq(row->value[OOM_COL_OOM_SCORE_ADJ], -1000);
		ck_assert_int_eq(row->value[cases[i].c], cases[i].value);
		ck_assert_str_eq(row->name, "x y");
		ck_assert_int_eq(row->cut, false);
	}
	forget();
}
END_TEST

START_TEST(page_sizes)
{
	static const struct { const char *text; int64_t size; } cases[] = {
		{ "memory: usage 8kB, limit 8kB, failcnt 1\nswap: usage 0kB, limit 9007199254740988kB, failcnt 0\n", 4096 },
		{ "memory: usage 8kB, limit 8kB, failcnt 1\nswap: usage 0kB, limit 9007199254740928kB, failcnt 0\n", 65536 },
		{ "memory: usage 8kB, limit 8kB, failcnt 1\nmemory+swap: usage 0kB, limit 9007199254740991kB, failcnt 0\n", OOM_UNKNOWN },
		{ COLUMNS "\n[    300]     0   300    1000    12000    81920        0             0 a\nOut of memory: Killed process 300 (a) "
		  "total-vm:16000kB, anon-rss:1kB\n", 16384 },
		{ COLUMNS "\n[    300]     0   300    1000    12000    81920        0             0 a\nOut of memory: Killed process 300 (a) "
		  "total-vm:16001kB, anon-rss:1kB\n", OOM_UNKNOWN },
		{ HEADER("x") "\nMem-Info:\nNode 0 Normal: 3*64kB (UM) 0*128kB 1*256kB = 448kB\n", 65536 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(read_text(cases[i].text), 1);
		ck_assert_msg(reports[0]->page_size == cases[i].size, "%lld for:\n%s", (long long)reports[0]->page_size, cases[i].text);
	}
	forget();
}
END_TEST

/* The end of a report in a mail as it was sent: what tells that comes late. */
START_TEST(printable_tail)
{
	ck_assert_int_eq(read_text("> [   12.345682] " COLUMNS "\n"
		"> [   12.345683] [    203]     0   203      280       96    40960       =\n 0             0 small\n"
		"> [   12.345684] [    204]     7   204    10500    10224   122880       =\n 5           100 hog\n"
		"> [   12.345685] oom-kill:constraint=3DCONSTRAINT_NONE,nodemask=3D(null),cp=\nuset=3D/,mems_allowed=3D0,global_oom,"
		"task_me=\nmcg=3D/,task=3Dhog,pid=3D204,uid=3D7\n"), 1);
	ck_assert_uint_eq(reports[0]->n_rows, 2);
	ck_assert_int_eq(reports[0]->rows[0].value[OOM_COL_SWAPENTS], 0);
	ck_assert_int_eq(reports[0]->rows[1].value[OOM_COL_OOM_SCORE_ADJ], 100);
	ck_assert_str_eq(reports[0]->rows[1].name, "hog");
	ck_assert_int_eq(reports[0]->selected.pid, 204);
	ck_assert_str_eq(reports[0]->cpuset, "/");
	forget();
}
END_TEST

/* Up to 2.6.9 the first line names nobody. */
START_TEST(nobody_asked)
{
	ck_assert_int_eq(read_text("Mar  3 04:05:06 db kernel: oom-killer: gfp_mask=0xd0\nMar  3 04:05:06 db kernel: Mem-info:\n"
				   "Mar  3 04:05:06 db kernel: 1000 pages of RAM\n"
				   "Mar  3 04:05:06 db kernel: Out of Memory: Killed process 5 (x).\n"), 1);
	ck_assert(reports[0]->has_header);
	ck_assert_str_eq(reports[0]->trigger.comm, "");
	ck_assert_int_eq(reports[0]->trigger.gfp, 0xd0);
	ck_assert_int_eq(reports[0]->mem.ram, 1000);
	ck_assert_int_eq(reports[0]->kills[0].pid, 5);
	forget();
}
END_TEST

/* Places where lines are broken that look like something else. */
START_TEST(broken_at_bad_places)
{
	static const char stamp[] = "Mar  3 04:05:06 a-host kernel: [123456.000001] ";
	static const char *const pieces[] = { "hog invoked oom-killer: gfp_mask=0x201da, order=0,\noom_adj=0, oom_score_adj=0\n",
		"CPU: 1 PID: 7 Comm: hog\nTainted: G        W         3.19.0-15-generic #15-Ubuntu\n",
		"Mem-Info:\n", "Node\n0 DMA free:8kB min:4kB low:4kB high:4kB present:1000kB managed:900kB\n",
		"Node 0 DMA:\n1*4kB (U) 0*8kB = 4kB\n", "4096 pages\nRAM\n", "96 pages\nreserved\n",
		/* no header */
		"[    7]  1000     7     5000      900    49152\n0             0 hog\n",
		"[    8]  1000     8     5000      100    49152        0             0\nbash\n",
		"Out of memory: Kill process 7, UID\n1000, (hog) score 225 or sacrifice child\n",
		"Killed process 7,\nUID 1000, (hog) total-vm:20000kB, anon-rss:3000kB, file-rss:600kB\n" };
	char text[4096], *p = text;
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		p += sprintf(p, "%s%s", stamp, pieces[i]);
	ck_assert_int_eq(read_text(text), 1);
	const struct oom_report *r = reports[0];
	ck_assert_str_eq(r->kernel, "3.19.0-15-generic");
	ck_assert_int_eq(r->trigger.oom_score_adj, 0);
	ck_assert_int_eq(r->mem.ram, 4096);
	ck_assert_int_eq(r->mem.reserved, 96);
	ck_assert_int_eq(r->page_size, 4096);
	ck_assert_uint_eq(r->n_zones, 1);
	ck_assert_int_eq(r->zones[0].managed_kb, 900);
	ck_assert_uint_eq(r->n_rows, 2);
	ck_assert_str_eq(r->rows[1].name, "bash");
	ck_assert_int_eq(r->choice.score, 225);
	ck_assert_int_eq(r->choice.uid, 1000);
	ck_assert_int_eq(r->kills[0].pid, 7);
	ck_assert_int_eq(r->kills[0].uid, 1000);
	ck_assert_int_eq(r->kills[0].total_vm_kb, 20000);
	forget();
}
END_TEST

/* Lines without anything before them, made one by a form that knows no newlines. */
START_TEST(joined_with_blanks)
{
	static const char text[] = HEADER("hog") " CPU: 1 PID: 7 Comm: hog Not tainted 6.1.0-9-amd64 #1 Hardware name: a machine Call Trace: "
		"<TASK> dump_stack_lvl+0x45/0x5e dump_header+0x4a/0x202 </TASK> memory: usage 4096kB, limit 4096kB, failcnt 9 swap: usage 0kB, "
		"limit 9007199254740988kB, failcnt 0 Memory cgroup stats for /a: anon 4096 file 0 Tasks state (memory values in pages): "
		COLUMNS " [      7]  1000     7     5000      900    49152        0             0 hog [     18]  1000    18     4000      "
		"100    40960        0           -17 tmux: server oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		"oom_memcg=/a,task_memcg=/a/b,task=hog,pid=7,uid=1000 " MEMCG_54("7", "hog") "\n";
	ck_assert_int_eq(read_text(text), 1);
	const struct oom_report *r = reports[0];
	ck_assert(r->complete);
	ck_assert_str_eq(r->kernel, "6.1.0-9-amd64");
	ck_assert_int_eq(r->trigger.pid, 7);
	ck_assert_str_eq(r->oom_memcg, "/a");
	ck_assert_int_eq(r->counter[OOM_COUNTER_MEMORY].limit_kb, 4096);
	ck_assert_uint_eq(r->n_rows, 2);
	ck_assert_str_eq(r->rows[1].name, "tmux: server");
	ck_assert_int_eq(r->rows[1].value[OOM_COL_OOM_SCORE_ADJ], -17);
	ck_assert_uint_eq(r->n_kills, 1);
	forget();
	/* two lines are a log too, and a name that looks like what joins them is none */
	ck_assert_int_eq(read_text("[    1.000001] " MEMCG_54("5", "a") " [    1.000002] " MEMCG_54("6", "b") "\n"), 2);
	ck_assert_int_eq(read_text("[Tue Mar  3 04:05:06 2026] [    1.000001] " MEMCG_54("5", "a") "\n"), 1);
	ck_assert_str_eq(reports[0]->when, "Tue Mar  3 04:05:06 2026");
	ck_assert_int_eq(read_text("Mar  3 04:05:06 web-01 kernel: kernel: " MEMCG_54("5", "a") "\n"), 1);
	ck_assert_str_eq(reports[0]->host, "web-01");
	ck_assert_int_eq(read_text(MEMCG_54("5", "a\\nb") "\n"), 1);
	ck_assert_str_eq(reports[0]->kills[0].comm, "a\\nb");
	forget();
}
END_TEST

/* A report deep in other text, at every distance from the reader's chunk borders; its line number must be right. */
START_TEST(deep_in_text)
{
	static const char line[] = "Mar  3 04:05:06 host app[1]: some words about memory usage and a process killed by nobody\n";
	static const char report[] = "Mar  3 04:05:06 host kernel: " KILLED_54("5", "x") "\n";
	size_t lines = 9000, size = lines * (sizeof(line) - 1) + sizeof(report);
	CLEANUP_FREE char *text = xcalloc(1, size);
	for (size_t at = 1; at <= lines; at += 577) {
		char *p = text;
		for (size_t i = 1; i <= lines; i++) {
			p = stpcpy(p, i == at ? report : line);
		}
		ck_assert_int_eq(read_bytes(text, (size_t)(p - text), 262144), 1);
		ck_assert_uint_eq(reports[0]->line, at);
	}
	/* behind a line longer than any that is read */
	CLEANUP_FREE char *longer = xcalloc(1, 400000);
	memset(longer, 'x', 300000);
	sprintf(longer + 300000, "\n%s", report);
	for (size_t piece = 1000; piece < 300000; piece += 70001) {
		ck_assert_int_eq(read_bytes(longer, strlen(longer), piece), 1);
		ck_assert_uint_eq(reports[0]->line, 2);
	}
	forget();
}
END_TEST

/* What a cluster tells of an OOM; a log that has the kernel's own words too has one kill. */
START_TEST(events)
{
	static const char *const told[] = {
		"  Warning  OOMKilling  2m  kernel-monitor  " MEMCG_54("5", "x"),
		"2m14s       Warning   OOMKilling   node/worker-1   " MEMCG_54("5", "x"),
		"I0303 14:05:06.123456       1 log_monitor.go:160] New status generated: &{Source:kernel-monitor Events:[{Severity:warn "
		"Timestamp:2026-03-03 14:05:06 Reason:OOMKilling Message:" MEMCG_54("5", "x") "}] Conditions:[]}",
		"      \"message\": \"" MEMCG_54("5", "x") "\",",
	};
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		ck_assert_msg(read_text(told[i]) == 1, "%s", told[i]);
		ck_assert_uint_eq(reports[0]->n_kills, 1);
		ck_assert_int_eq(reports[0]->kills[0].pid, 5);
		ck_assert_int_eq(reports[0]->kills[0].oom_score_adj, -5);
		ck_assert_str_eq(reports[0]->kills[0].comm, "x");
	}
	CLEANUP_FREE char *both = xasprintf("[   12.345678] %s\n%s\n%s\n", MEMCG_54("5", "x"), told[0], told[2]);
	ck_assert_uint_eq(read_text(both), 1);
	ck_assert_uint_eq(reports[0]->n_kills, 1);
	forget();
}
END_TEST

/* The names of a mask may be cut, its number is whole. */
START_TEST(cut_mask)
{
	ck_assert_int_eq(read_text("[   12.345678] hog invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_CO\n[   12.345679] Mem-Info:\n"), 1);
	ck_assert_str_eq(reports[0]->trigger.gfp_mask, "0x140dca");
	ck_assert_int_eq(reports[0]->trigger.gfp, 0x140dca);
	forget();
}
END_TEST

/* A machine that died left blocks of zeros in its log. */
START_TEST(zeros)
{
	static const char text[] = "[   12.345678] " MEMCG_54("5", "x") "\n\0\0\0\0\0\0\0\0[   13.345678] " MEMCG_54("6", "y") "\0\0\n";
	for (size_t piece = 1; piece <= sizeof(text); piece += 40)
		ck_assert_int_eq(read_bytes(text, sizeof(text) - 1, piece), 2);
	ck_assert_int_eq(reports[1]->kills[0].pid, 6);
	ck_assert_int_eq(reports[1]->usec_first, 13345678);
	forget();
}
END_TEST

TESTS("klog-damage", killed_formats, no_reports, wrapped_lines, interleaved, suppressed_and_groups, other_splats_between,
      journal_formats, escapes, names_like_marks, tables_of_all_eras, page_sizes, broken_at_bad_places, printable_tail, nobody_asked, joined_with_blanks, deep_in_text,
      events, cut_mask, zeros)
