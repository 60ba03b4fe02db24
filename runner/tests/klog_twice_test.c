// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines that stand twice in a log: of one report, or of two that look alike. */
#include <check.h>

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

TESTS("klog-twice", alike)
