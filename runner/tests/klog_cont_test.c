// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines that the kernel prints in pieces, torn by what others log in between: the report is the same as if nobody had. */
#include <check.h>
#include <fcntl.h>
#include <glob.h>

#include "base/util.h"
#include "klog/follow.h"
#include "klog/klog.h"
#include "tests/harness.h"

static struct oom_report *reports[8];
static int n_reports;

static void keep(struct oom_report *r, void *arg)
{
	(void)arg;
	ck_assert_int_lt(n_reports, (int)ARRAY_SIZE(reports));
	reports[n_reports++] = r;
}

static void forget(void)
{
	while (n_reports)
		oom_report_free(reports[--n_reports]);
}

/* A '^' is where a piece ends and the next begins. */
static const char *const memcg_612[] = {
	"hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
	"CPU: 1 UID: 0 PID: 204 Comm: hog Not tainted 6.12.12-amd64 #1  Debian 6.12.12-1",
	"memory: usage 40960kB, limit 40960kB, failcnt 35",
	"Memory cgroup stats for ^/box^:",
	"anon 41418752",
	"file 0",
	"Tasks state (memory values in pages):",
	"[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name",
	"[    203]     0   203      280       96       64       32         0    40960        0             0 small",
	"[    204]     0   204    10500    10224    10200       24         0   122880        5           100 hog",
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)^,cpuset=^box.slice^,mems_allowed=0-1,3^,oom_memcg=^/box^,task_memcg=^/box/in"
	"^,task=hog,pid=204,uid=7",
	"Memory cgroup out of memory: Killed process 204 (hog) total-vm:42000kB, anon-rss:40800kB, file-rss:96kB, shmem-rss:0kB, UID:7 "
	"pgtables:120kB oom_score_adj:100",
	"Tasks in ^/box/in^ are going to be killed due to memory.oom.group set",
	"Memory cgroup out of memory: Killed process 203 (small) total-vm:1120kB, anon-rss:256kB, file-rss:128kB, shmem-rss:0kB, UID:7 "
	"pgtables:40kB oom_score_adj:0",
	NULL,
};

static const char *const global_61[] = {
	"hog invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0",
	"CPU: 0 PID: 204 Comm: hog Not tainted 6.1.0-18-amd64 #1  Debian 6.1.76-1",
	"Mem-Info:",
	"active_anon:3 inactive_anon:40000 isolated_anon:0",
	"Node 0 active_anon:12kB inactive_anon:160000kB active_file:0kB all_unreclaimable? yes",
	"Node 0 ^DMA free:896kB boost:0kB min:84kB low:104kB high:124kB present:15992kB managed:15360kB mlocked:0kB free_cma:0kB",
	"lowmem_reserve[]:^ 0^ 157^ 157",
	"Node 1 ^Normal free:1608kB boost:0kB min:1600kB low:2000kB high:2400kB present:208768kB managed:171024kB mlocked:0kB free_cma:0kB",
	"lowmem_reserve[]:^ 0^ 0^ 0",
	"Node 0 ^DMA: ^2*4kB ^(UM) ^1*8kB ^(M) ^55*16kB ^(UME) ^= 896kB",
	"Node 1 ^Normal: ^0*4kB ^1*8kB ^(U) ^100*16kB ^(E) ^= 1608kB",
	"42 total pagecache pages",
	"Free swap  = 0kB",
	"56190 pages RAM",
	"Tasks state (memory values in pages):",
	"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
	"[    203]     0   203      280       96    40960        0             0 small",
	"[    204]     0   204    42000    40000   400000        0             0 hog",
	"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null)^,cpuset=^/^,mems_allowed=0-1^,global_oom^,task_memcg=^/box/in"
	"^,task=hog,pid=204,uid=7",
	"Out of memory: Killed process 204 (hog) total-vm:168000kB, anon-rss:159000kB, file-rss:1000kB, shmem-rss:0kB, UID:7 pgtables:390kB "
	"oom_score_adj:0",
	NULL,
};

static const char *const memcg_419[] = {
	"hog invoked oom-killer: gfp_mask=0x6000c0(GFP_KERNEL), nodemask=^(null)^,  order=0, oom_score_adj=0",
	"hog cpuset=^box.slice^ mems_allowed=0-1",
	"CPU: 1 PID: 204 Comm: hog Not tainted 4.19.0-26-amd64 #1 Debian 4.19.304-1",
	"Task in ^/box/in^ killed as a result of limit of ^/box",
	"memory: usage 40960kB, limit 40960kB, failcnt 35",
	"memory+swap: usage 0kB, limit 9007199254740988kB, failcnt 0",
	"Memory cgroup stats for /box: cache:0KB rss:40448KB rss_huge:0KB inactive_anon:0KB active_anon:40448KB unevictable:0KB",
	"Tasks state (memory values in pages):",
	"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
	"[    203]     0   203      280       96    40960        0             0 small",
	"[    204]     0   204    10500    10224   122880        5           100 hog",
	"Memory cgroup out of memory: Kill process 204 (hog) score 1100 or sacrifice child",
	"Killed process 204 (hog) total-vm:42000kB, anon-rss:40800kB, file-rss:96kB, shmem-rss:0kB",
	NULL,
};

/* What a log looks like that has the records: as kmsg_record() gets them, or lines of a text. */
enum form {
	KMSG, KMSG_CALLER, RECORDS, KMSG_LINES, NETCONSOLE_OLD, DMESG, DMESG_CALLER, DMESG_HUMAN, SYSLOG, SYSLOG_STAMPED, JOURNAL, CONSOLE, FORMS
};

static struct klog *k;
static int64_t seq;

/* What stands before a record's text. */
static char *head_of(enum form form, int64_t usec, bool cont, int caller)
{
	long long n = seq, us = usec;
	int s = (int)(usec / 1000000), rest = (int)(usec % 1000000);
	switch (form) {
	case KMSG:
	case KMSG_LINES:
		return xasprintf("6,%lld,%lld,%c;", n, us, cont ? 'c' : '-');
	case KMSG_CALLER:
		return xasprintf("6,%lld,%lld,%c,caller=T%d;", n, us, cont ? 'c' : '-', caller);
	case NETCONSOLE_OLD:
		return xasprintf("6,%lld,%lld,%c;", n, us, cont ? '+' : '-');
	case DMESG_CALLER:
		return xasprintf("[%5d.%06d][  T%03d] ", s, rest, caller);
	case DMESG_HUMAN:
		return xstrdup("[Sun Mar  3 04:05:06 2024] ");
	case SYSLOG:
		return xstrdup("Mar  3 04:05:06 host kernel: ");
	case SYSLOG_STAMPED:
		return xasprintf("Mar  3 04:05:06 host kernel: [%5d.%06d] ", s, rest);
	case JOURNAL:
		return xstrdup("2024-03-03T04:05:06.789012+01:00 host kernel: ");
	case CONSOLE:	/* before 4.10: what continues has no stamp */
		return cont ? xstrdup("") : xasprintf("[%5d.%06d] ", s, rest);
	default:
		return xasprintf("[%5d.%06d] ", s, rest);
	}
}

static void one_record(enum form form, const char *text, bool cont, int caller)
{
	int64_t usec = 100000000 + seq++;
	if (form == RECORDS) {
		klog_record(k, seq, usec, 6, CONTINUES_UNSAID, NULL, text, strlen(text));
		return;
	}
	CLEANUP_FREE char *head = head_of(form, usec, cont, caller), *line = xasprintf("%s%s", head, text);
	size_t n = strlen(line);
	/* a journal keeps no blanks at the end */
	while ((form == JOURNAL || form == SYSLOG) && n && line[n - 1] == ' ')
		n--;
	if (form == KMSG || form == KMSG_CALLER)
		ck_assert(kmsg_record(k, line, n));
	else
		klog_line(k, (uint64_t)seq, line, n);
}

/* Others' words, none of which belongs to the report, or is a word about it. */
static const char *const strangers[][5] = {
	{ NULL },	/* no room was left in the record */
	{ "random: crng init done" },
	{ "foo" },
	{ "/dev/vda1: recovering journal", "/dev/vda1: clean" },
	{ "WARNING: CPU: 1 PID: 9 at fs/x.c:12 do_x+0x12/0x34", "CPU: 1 PID: 9 Comm: other Not tainted 6.12.12-amd64 #1", "Call Trace:",
	  " do_x+0x12/0x34" },
	{ "oom_reaper: reaped process 77 (old), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB" },
	/* names of 15 bytes that look like a part of it */
	{ ",task=a,pid=1,u[77]: segfault at 0 ip 00007f sp 00007f error 4 in libc[7f]" },
	{ ",cpuset=[77]: segfault at 0 ip 00007f sp 00007f error 4", ",global_oom[77]: segfault at 0 ip 00007f", ",oom_memcg=/x[7]: trap" },
	{ "/a,task=b,pid=1[77]: segfault at 0", "/x: segfault", "x:", "= 3kB of it" },
};

/* Feeds a report, torn at the places that are set in `torn`, numbered through all of it. Returns how many there are. */
static int feed(const char *const *lines, enum form form, size_t stranger, uint64_t torn)
{
	int place = 0;
	forget();
	k = klog_new(keep, NULL);
	seq = 0;
	for (; *lines; lines++) {
		char piece[512];
		size_t n = 0;
		bool cont = false;
		for (const char *p = *lines;; p++) {
			bool tear = *p == '^' && torn >> place & 1;
			place += *p == '^';
			if (*p && *p != '^')
				piece[n++] = *p;
			if (*p && !tear)
				continue;
			piece[n] = '\0';
			one_record(form, piece, cont, 204);
			for (size_t i = 0; tear && i < ARRAY_SIZE(strangers[0]) && strangers[stranger][i]; i++)
				one_record(form, strangers[stranger][i], false, 9);
			n = 0;
			cont = true;
			if (!*p)
				break;
		}
	}
	klog_flush(k);
	klog_free(k);
	return place;
}

static void show(FILE *f, const struct oom_report *r)
{
	fprintf(f, "%s %lld %d %s %s %s\n", r->trigger.comm, (long long)r->trigger.pid, r->constraint, r->nodemask, r->cpuset, r->mems_allowed);
	fprintf(f, "%s %s %s %s %d %d %d %d\n", r->oom_memcg, r->task_memcg, r->stats_memcg, r->group_memcg, r->has_selected, r->selected_scope,
		r->global, r->memcg);
	fprintf(f, "%lld %lld %lld %s\n", (long long)r->trigger.order, (long long)r->selected.pid, (long long)r->selected.uid, r->selected.comm);
	for (size_t i = 0; i < r->n_stats; i++)
		fprintf(f, "%s %lld\n", r->stats[i].name, (long long)r->stats[i].value);
	for (size_t i = 0; i < r->n_zones; i++)
		fprintf(f, "%d %s %lld %lld\n", r->zones[i].node, r->zones[i].name, (long long)r->zones[i].free_kb,
			(long long)r->zones[i].managed_kb);
	fprintf(f, "%zu rows, %zu kills, %zu bytes a page\n", r->n_rows, r->n_kills, (size_t)r->page_size);
	fprintf(f, "%s\n", r->complete ? "complete" : "not complete");
	for (size_t i = 0; i < r->n_problems; i++)
		fprintf(f, "%s\n", r->problems[i]);
}

/* All that is known of all reports, as text; malloced. */
static char *shown(void)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	for (int i = 0; i < n_reports; i++)
		show(f, reports[i]);
	fclose(f);
	return text;
}

static const struct {
	const char *name;
	const char *const *lines;
} whole[] = { { "6.12", memcg_612 }, { "6.1", global_61 }, { "4.19", memcg_419 } };

static void compare(size_t i, enum form form, size_t stranger, uint64_t torn, const char *want)
{
	feed(whole[i].lines, form, stranger, torn);
	CLEANUP_FREE char *have = shown();
	ck_assert_msg(n_reports == 1 && streq(have, want), "%s in form %d, torn at %#llx by \"%s\": %d reports\n%s\ninstead of\n%s", whole[i].name,
		      form, (unsigned long long)torn, strangers[stranger][0] ? strangers[stranger][0] : "nobody", n_reports, have, want);
}

START_TEST(torn_anywhere)
{
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		int places = feed(whole[i].lines, RECORDS, 0, 0);
		CLEANUP_FREE char *want = shown();
		ck_assert_int_eq(n_reports, 1);
		ck_assert_msg(reports[0]->complete && !reports[0]->n_problems, "%s: %s", whole[i].name, want);
		ck_assert_int_gt(places, 6);
		ck_assert_int_lt(places, 64);
		for (enum form form = 0; form < FORMS; form++) {
			for (size_t s = 0; s < ARRAY_SIZE(strangers); s++)
				for (int at = 0; at < places; at++)
					compare(i, form, s, UINT64_C(1) << at, want);
		}
	}
	forget();
}
END_TEST

START_TEST(torn_everywhere)
{
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		feed(whole[i].lines, RECORDS, 0, 0);
		CLEANUP_FREE char *want = shown();
		/* where a record says what it is: a name alone may be anybody's word */
		for (size_t s = 0; s < ARRAY_SIZE(strangers); s++) {
			compare(i, KMSG, s, UINT64_MAX, want);
			compare(i, KMSG_CALLER, s, UINT64_MAX, want);
			compare(i, KMSG_LINES, s, UINT64_MAX, want);
			compare(i, DMESG_CALLER, s, UINT64_MAX, want);
		}
	}
	forget();
}
END_TEST

#define SELECTED_HEAD "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)"
#define SELECTED_REST ",cpuset=/,mems_allowed=0,oom_memcg=/box,task_memcg=/box/in,task=hog,pid=204,uid=7"
#define FORGED_REST   ",cpuset=/,mems_allowed=0,oom_memcg=/lie,task_memcg=/lie,task=lie,pid=1,uid=0"
#define KILLED "Memory cgroup out of memory: Killed process 204 (hog) total-vm:42000kB, anon-rss:40800kB, file-rss:96kB, shmem-rss:0kB, UID:7 " \
	       "pgtables:120kB oom_score_adj:100"

/* The one report that these lines make. */
static const struct oom_report *report_of(const char *const *lines)
{
	forget();
	k = klog_new(keep, NULL);
	for (uint64_t n = 1; *lines; lines++, n++)
		klog_line(k, n, *lines, strlen(*lines));
	klog_flush(k);
	klog_free(k);
	ck_assert_int_eq(n_reports, 1);
	return reports[0];
}

/* Who printed it, and whether it goes on with anything, tells what belongs together. */
START_TEST(another_goes_on_with_nothing)
{
	static const char *const logs[][5] = {
		{ "6,1,100000001,-;" SELECTED_HEAD, "6,2,100000002,-;" FORGED_REST, "4,3,100000003,c;" SELECTED_REST, "3,4,100000004,-;" KILLED },
		{ "[  100.000001][  T204] " SELECTED_HEAD, "[  100.000002][    T9] " FORGED_REST, "[  100.000003][  T204] " SELECTED_REST,
		  "[  100.000004][  T204] " KILLED },
		{ "[  100.000001][  T204] " SELECTED_HEAD, "[  100.000002][    C1] " FORGED_REST, "[  100.000003][  T204] " SELECTED_REST,
		  "[  100.000004][  T204] " KILLED },
		{ "Mar  3 04:05:06 host kernel: " SELECTED_HEAD, "Mar  3 04:05:06 other kernel: " FORGED_REST,
		  "Mar  3 04:05:06 host kernel: " SELECTED_REST, "Mar  3 04:05:06 host kernel: " KILLED },
		{ "[  100.000001] " SELECTED_HEAD, "<12>[  100.000002] " FORGED_REST, "[  100.000003] " SELECTED_REST, "[  100.000004] " KILLED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		const struct oom_report *r = report_of(logs[i]);
		ck_assert_msg(r->selected.pid == 204 && streq(r->oom_memcg, "/box") && streq(r->task_memcg, "/box/in"), "log %zu: %lld, %s", i,
			      (long long)r->selected.pid, r->oom_memcg);
	}
	forget();
}
END_TEST

/* In pieces, and nothing says whose they are: a name is told by there being no other word. */
START_TEST(name_among_words)
{
	static const struct {
		const char *log[8], *cpuset;
	} logs[] = {
		{ { "[  100.000001] " SELECTED_HEAD, "[  100.000002] foo bar", "[  100.000003] ,cpuset=", "[  100.000004] foo bar",
		    "[  100.000005] box.slice", "[  100.000006] ,mems_allowed=0,global_oom,task_memcg=/,task=hog,pid=204,uid=7", "[  100.000007] " KILLED },
		  "box.slice" },
		{ { "[  100.000003] " SELECTED_HEAD ",cpuset=", "[  100.000004] foo", "[  100.000005] box.slice",
		    "[  100.000006] ,mems_allowed=0,global_oom,task_memcg=/,task=hog,pid=204,uid=7", "[  100.000007] " KILLED }, NULL },
		{ { "[  100.000003] " SELECTED_HEAD ",cpuset=", "[  100.000004] foo: bar", "[  100.000005] foo bar",
		    "[  100.000006] ,mems_allowed=0,global_oom,task_memcg=/,task=hog,pid=204,uid=7", "[  100.000007] " KILLED }, NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		const struct oom_report *r = report_of(logs[i].log);
		ck_assert_msg(streq(r->cpuset, logs[i].cpuset) || (!r->cpuset && !logs[i].cpuset), "log %zu: %s", i, r->cpuset);
		ck_assert_int_eq(r->selected.pid, 204);
		ck_assert_str_eq(r->mems_allowed, "0");
	}
	forget();
}
END_TEST

/* What does not come is not made up, and what does not fit is no part of it. */
START_TEST(no_rest_is_unknown)
{
	static const char *const logs[][5] = {
		{ "[  100.000001] " SELECTED_HEAD, "[  100.000002] foo", "[  100.000003] " KILLED },
		{ "[  100.000001] " SELECTED_HEAD, "[  100.000002] " KILLED, "[  100.000003] " SELECTED_REST },
		{ "[  100.000001][  T204] " SELECTED_HEAD, "[  100.000002][  T204] foo", "[  100.000003][  T204] " SELECTED_REST,
		  "[  100.000004][  T204] " KILLED },
		/* the keys have an order, the end is whole, a comm is no longer than it can be */
		{ "[  100.000001] " SELECTED_HEAD ",cpuset=/,mems_allowed=0", "[  100.000002] " SELECTED_REST, "[  100.000003] " KILLED },
		{ "[  100.000001] " SELECTED_HEAD, "[  100.000002] ,cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=x,pid=1,uid=0 not",
		  "[  100.000003] " KILLED },
		{ "[  100.000001] " SELECTED_HEAD, "[  100.000002] ,mems_allowed=x,global_oom,task_memcg=/,task=x,pid=1,uid=0",
		  "[  100.000003] " KILLED },
		{ "[  100.000001] " SELECTED_HEAD ",cpuset=/,mems_allowed=0,oom_memcg=", "[  100.000002] box,task_memcg=/,task=x,pid=1,uid=0",
		  "[  100.000003] " KILLED },
		{ "[  100.000001] " SELECTED_HEAD ",cpuset=/,mems_allowed=0,global_oom,task_memcg=/",
		  "[  100.000002] ,task=0123456789012345678901234567890123456789012345678901234567890123456789,pid=1,uid=0",
		  "[  100.000003] " KILLED },
	};
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		const struct oom_report *r = report_of(logs[i]);
		ck_assert_msg(r->has_selected && r->selected.pid == OOM_UNKNOWN && r->constraint == OOM_CONSTRAINT_MEMCG, "log %zu: %lld", i,
			      (long long)r->selected.pid);
		ck_assert_uint_eq(r->n_kills, 1);
		bool said = false;
		for (size_t p = 0; p < r->n_problems; p++)
			said |= streq(r->problems[p], "the oom-kill line is cut");
		ck_assert_msg(said, "log %zu", i);
	}
	forget();
}
END_TEST

/* Too much between the pieces, or too long a time, is more than is waited for. */
START_TEST(waits_for_so_long)
{
	for (int64_t s = 10; s <= 11; s++) {
		forget();
		k = klog_new(keep, NULL);
		klog_record(k, 1, 1000000, 6, CONTINUES_UNSAID, NULL, SELECTED_HEAD, strlen(SELECTED_HEAD));
		klog_record(k, 2, 1000000 + s * 1000000, 6, CONTINUES_SOME, NULL, "usb 1-1: new device", 19);
		klog_record(k, 3, 1000000 + s * 1000000, 6, CONTINUES_SOME, NULL, SELECTED_REST, strlen(SELECTED_REST));
		klog_flush(k);
		klog_free(k);
		ck_assert_int_eq(n_reports, 1);
		ck_assert_int_eq(reports[0]->selected.pid, s == 10 ? 204 : OOM_UNKNOWN);
	}
	for (int between = 255; between <= 257; between++) {
		forget();
		k = klog_new(keep, NULL);
		klog_record(k, 1, 1, 6, CONTINUES_UNSAID, NULL, SELECTED_HEAD, strlen(SELECTED_HEAD));
		for (int i = 0; i < between; i++)
			klog_record(k, 2 + i, 2, 6, CONTINUES_NOTHING, NULL, "usb 1-1: new device", 19);
		klog_record(k, 300, 3, 6, CONTINUES_SOME, NULL, SELECTED_REST, strlen(SELECTED_REST));
		klog_flush(k);
		klog_free(k);
		ck_assert_int_eq(n_reports, 1);
		ck_assert_int_eq(reports[0]->selected.pid, between <= 256 ? 204 : OOM_UNKNOWN);
	}
	forget();
}
END_TEST

/* However many lines begin and do not end, few are kept; the newest goes on. */
START_TEST(few_are_kept)
{
	forget();
	k = klog_new(keep, NULL);
	for (int i = 0; i < 100; i++) {
		CLEANUP_FREE char *head = xasprintf("[  100.000%03d][  T%03d] Tasks in ", i, i);
		klog_line(k, (uint64_t)i + 1, head, strlen(head));
	}
	for (int i = 0; i < 100; i++) {
		CLEANUP_FREE char *line = xasprintf("[  100.000002][  T%03d] /box%d are going to be killed due to memory.oom.group set", i, i);
		klog_line(k, (uint64_t)i + 101, line, strlen(line));
	}
	klog_flush(k);
	klog_free(k);
	ck_assert_int_eq(n_reports, 4);
	for (int i = 0; i < n_reports; i++) {
		CLEANUP_FREE char *path = xasprintf("/box%d", 96 + i);
		ck_assert_str_eq(reports[i]->group_memcg, path);
	}
	forget();
}
END_TEST

/* Each line keeps where it came from. */
START_TEST(hosts_are_kept_apart)
{
	static const char *const lines[] = {
		"Mar  3 04:05:06 a kernel: Tasks in ", "Mar  3 04:05:06 a kernel: foo", "Mar  3 04:05:06 b kernel: Tasks in ",
		"Mar  3 04:05:06 a kernel: /box are going to be killed due to memory.oom.group set", "Mar  3 04:05:06 c kernel: Tasks in ",
		"Mar  3 04:05:06 b kernel: /box are going to be killed due to memory.oom.group set",
	};
	forget();
	k = klog_new(keep, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		klog_line(k, i + 1, lines[i], strlen(lines[i]));
	klog_flush(k);
	klog_free(k);
	ck_assert_int_eq(n_reports, 2);
	ck_assert_str_eq(reports[0]->host, "a");
	ck_assert_str_eq(reports[1]->host, "b");
	forget();
}
END_TEST

/* A name may have a newline in it; of most records one is where a line ends. */
START_TEST(newline_in_the_name)
{
	static const char rest[] = ",cpuset=/,mems_allowed=0,oom_memcg=/box,task_memcg=/box/in,task=a\nb,pid=204,uid=7";
	for (enum klog_continues c = CONTINUES_UNSAID; c <= CONTINUES_SOME; c += CONTINUES_SOME) {
		forget();
		k = klog_new(keep, NULL);
		klog_record(k, 1, 1, 6, CONTINUES_UNSAID, NULL, SELECTED_HEAD, strlen(SELECTED_HEAD));
		klog_record(k, 2, 2, 6, CONTINUES_UNSAID, NULL, "foo", 3);
		klog_record(k, 3, 3, 6, c, NULL, rest, strlen(rest));
		klog_flush(k);
		klog_free(k);
		ck_assert_int_eq(n_reports, 1);
		ck_assert_int_eq(reports[0]->selected.pid, 204);
		ck_assert_str_eq(reports[0]->selected.comm, "a\nb");
	}
	forget();
}
END_TEST

/* A record of /dev/kmsg as the console shows it, each of its lines: nothing tells what it goes on with. */
static void on_console(const char *record, uint64_t *n)
{
	long long usec;
	const char *text = strchr(record, ';');
	ck_assert(text && sscanf(record, "%*d,%*d,%lld,", &usec) == 1);
	for (const char *end, *p = text + 1; p; p = *end ? end + strlen("\\x0a") : NULL) {
		end = strstr(p, "\\x0a");
		end = end ? end : p + strlen(p);
		CLEANUP_FREE char *line = xasprintf("[%5lld.%06lld] %.*s", usec / 1000000, usec % 1000000, (int)(end - p), p);
		klog_line(k, ++*n, line, strlen(line));
	}
}

static void read_recorded(const char *path, bool console)
{
	size_t len;
	CLEANUP_FREE char *all = read_whole_at(AT_FDCWD, path, 1 << 20, &len);
	ck_assert_msg(all != NULL, "%s can't be read", path);
	forget();
	k = klog_new(keep, NULL);
	uint64_t n = 0;
	for (char *save, *line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (console)
			on_console(line, &n);
		else
			klog_line(k, ++n, line, strlen(line));
	}
	klog_flush(k);
	klog_free(k);
}

/*
 * Of guests in which another CPU wrote to /dev/kmsg all the time: a memcg's report with a group and a global one, each torn in many
 * places. Traces, and what stood not next to a piece, were left out.
 */
START_TEST(torn_by_real_kernels)
{
	glob_t files;
	ck_assert_int_eq(glob("runner/tests/torn/*.kmsg", 0, NULL, &files), 0);
	ck_assert_uint_eq(files.gl_pathc, 4);
	for (size_t i = 0; i < 2 * files.gl_pathc; i++) {
		read_recorded(files.gl_pathv[i / 2], i % 2);
		ck_assert_msg(n_reports == 2, "%s: %d reports", files.gl_pathv[i / 2], n_reports);
		const struct oom_report *in = reports[0], *all = reports[1];
		for (int r = 0; r < 2; r++) {
			ck_assert_msg(reports[r]->complete && !reports[r]->n_problems, "%s: %s", files.gl_pathv[i / 2],
				      reports[r]->n_problems ? reports[r]->problems[0] : "?");
			ck_assert_int_eq(reports[r]->selected.pid, reports[r]->kills[0].pid);
			ck_assert_str_eq(reports[r]->mems_allowed, "0");
		}
		ck_assert_str_eq(in->oom_memcg, "/box");
		ck_assert_str_eq(in->task_memcg, "/box");
		ck_assert_str_eq(in->stats_memcg, "/box");
		ck_assert_str_eq(in->group_memcg, "/box");
		ck_assert_str_eq(in->cpuset, "box");
		ck_assert_uint_gt(in->n_stats, 20);
		ck_assert_int_eq(all->selected_scope, OOM_SCOPE_GLOBAL);
		ck_assert_str_eq(all->cpuset, "/");
		ck_assert_uint_eq(all->n_zones, 2);
		ck_assert_int_ne(all->zones[1].managed_kb, OOM_UNKNOWN);
		ck_assert_int_eq(all->page_size, 4096);
	}
	globfree(&files);
	forget();
}
END_TEST

TESTS("klog_cont", torn_by_real_kernels, torn_anywhere, torn_everywhere, another_goes_on_with_nothing, no_rest_is_unknown, waits_for_so_long,
      few_are_kept, name_among_words, hosts_are_kept_apart, newline_in_the_name)
