// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines that stand twice in a log: of one report, or of two that look alike. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "klog/klog.h"
#include "klog/stream.h"
#include "tests/harness.h"

#define HEADER "hog invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0\n"
#define KILLED(pid) "Killed process " pid " (hog) total-vm:4000kB, anon-rss:40kB, file-rss:8kB\n"
#define TASK_IN "Task in /a killed as a result of limit of /a\n"

static int n_reports, n_heads, n_kills;

static void keep(struct oom_report *r, void *arg)
{
	(void)arg;
	n_reports++;
	n_heads += r->has_header;
	n_kills += (int)r->n_kills;
	oom_report_free(r);
}

START_TEST(alike)
{
	static const struct { const char *text; int reports, heads, kills; } cases[] = {
		/* the kernel's clock tells */
		{ "[    1.000001] " HEADER "[    1.000001] " HEADER "[    1.000002] " KILLED("7"), 1, 1, 1 },
		{ "[    1.000001] " HEADER "[    1.000002] " HEADER "[    1.000003] " KILLED("7"), 2, 2, 1 },
		{ "[    1.000001] " HEADER "Mar  3 04:05:06 a kernel: [    1.000001] " HEADER "[    1.000002] " KILLED("7")
		  "Mar  3 04:05:06 a kernel: [    1.000002] " KILLED("7"), 1, 1, 1 },
		/* without it: of one report if the next line is there twice too */
		{ HEADER HEADER KILLED("7") KILLED("7"), 1, 1, 1 },
		{ HEADER HEADER KILLED("7") KILLED("8"), 3, 2, 2 },
		{ TASK_IN TASK_IN, 2, 0, 0 },
		/* what grep finds in a syslog */
		{ "Mar  3 04:05:06 a kernel: " HEADER "Mar  3 04:07:09 a kernel: " HEADER, 2, 2, 0 },
		{ "Mar  3 04:05:06 a kernel: " HEADER "Mar  3 04:05:06 a kernel: " HEADER, 2, 2, 0 },
		{ "Mar  3 04:05:06 a kernel: " KILLED("7") "2026-03-03T04:05:06.1+01:00 a kernel: " KILLED("7"), 1, 0, 1 },
		{ "Mar  3 04:05:06 a kernel: " KILLED("7") "Mar  3 05:06:07 a kernel: " KILLED("8"), 2, 0, 2 },
		/* records are numbered */
		{ "6,1,1000,-;" HEADER "6,2,1000,-;" HEADER, 2, 2, 0 },
		{ "6,1,1000,-;" HEADER "6,1,1000,-;" HEADER, 1, 1, 0 },
		/* wrapped, and then written twice */
		{ "[    1.000001] hog invoked oom-killer: gfp_mask=0x201da,\norder=0, oom_score_adj=0\n"
		  "[    1.000001] hog invoked oom-killer: gfp_mask=0x201da,\norder=0, oom_score_adj=0\n", 1, 1, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		n_reports = n_heads = n_kills = 0;
		struct klog *k = klog_new(keep, NULL);
		struct stream *s = stream_new(k);
		stream_feed(s, cases[i].text, strlen(cases[i].text));
		stream_end(s);
		stream_free(s);
		klog_free(k);
		ck_assert_msg(n_reports == cases[i].reports && n_heads == cases[i].heads && n_kills == cases[i].kills,
			      "%d reports, %d heads, %d kills in:\n%s", n_reports, n_heads, n_kills, cases[i].text);
	}
}
END_TEST

/* A whole report, and behind it more lines than are compared one by one. */
static void put_report(FILE *f, const char *host, const char *first, int pid, const char *last)
{
	fprintf(f, "%s[    %s] " HEADER "%s[    1.000002] Mem-Info:\n%s[    1.000003] 10 pages RAM\n", host, first, host, host);
	fprintf(f, "%s[    %s] Out of memory: Killed process %d (hog) total-vm:4000kB, anon-rss:40kB, file-rss:8kB\n", host, last, pid);
	for (int i = 0; i < 100; i++)
		fprintf(f, "[    2.%06d] usb 1-1: new device number %d\n", i, i);
}

START_TEST(whole_reports)
{
	static const struct { const char *host, *first; int pid; const char *last; int reports; } seconds[] = {
		{ "", "1.000001", 7, "1.000009", 1 },
		{ "", "1.000001", 8, "1.000009", 2 },
		{ "", "1.000004", 7, "1.000009", 2 },
		{ "", "1.000001", 7, "1.000010", 2 },
		{ "Mar  3 04:05:06 b kernel: ", "1.000001", 7, "1.000009", 2 },
	};
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		char *text;
		size_t len;
		FILE *f = open_memstream(&text, &len);
		put_report(f, "", "1.000001", 7, "1.000009");
		put_report(f, seconds[i].host, seconds[i].first, seconds[i].pid, seconds[i].last);
		fclose(f);
		n_reports = n_heads = n_kills = 0;
		struct klog *k = klog_new(keep, NULL);
		struct stream *s = stream_new(k);
		stream_feed(s, text, len);
		stream_end(s);
		stream_free(s);
		klog_free(k);
		ck_assert_msg(n_reports == seconds[i].reports && n_kills == seconds[i].reports, "%zu: %d reports, %d kills", i, n_reports,
			      n_kills);
		free(text);
	}
}
END_TEST

TESTS("klog-twice", alike, whole_reports)
