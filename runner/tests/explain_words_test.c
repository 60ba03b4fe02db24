// SPDX-License-Identifier: GPL-2.0-or-later
/* What a report's block says to people. */
#include <check.h>

#include "base/util.h"
#include "tests/explained.h"
#include "tests/harness.h"

/* What must, and what must not stand in the block of a log. */
struct words {
	const char *log, *says[3], *says_not[2];
};

static void check_words(const struct words *w)
{
	CLEANUP_FREE char *words = explained_words("x.log", w->log, strlen(w->log), false, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(w->says); i++)
		ck_assert_msg(!w->says[i] || strstr(words, w->says[i]), "\"%s\" is not in\n%s", w->says[i], words);
	for (size_t i = 0; i < ARRAY_SIZE(w->says_not); i++)
		ck_assert_msg(!w->says_not[i] || !strstr(words, w->says_not[i]), "\"%s\" is in\n%s", w->says_not[i], words);
}

#define TABLE_50 "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
#define A        "[    300]     7   300    20000    12000    81920        0             0 a\n"
#define B        "[   1301]     7  1301    20000     2000    81920        0             0 b\n"

/* A log that ends in a pid: it is whole where the table can have no longer one. */
START_TEST(cut_pids)
{
	static const struct words cases[] = {
		{ TABLE_50 A "Memory cgroup out of memory: Killed process 300", { "a (pid 300)\n" }, { "-92233" } },
		{ TABLE_50 A B "Memory cgroup out of memory: Killed process 300", { "a process whose pid is not whole" },
		  { "-92233" } },
		{ TABLE_50 A "Memory cgroup out of memory: Killed process 30", { "a process whose pid is not whole" },
		  { "-92233" } },
		{ "Memory cgroup out of memory: Killed process 300", { "a process whose pid is not whole" }, { "-92233" } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_words(&cases[i]);
}
END_TEST

#define TABLE_310 "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
#define OLD_A     "[  300]     7   300    20000    12000      44        0             0 a\n"
#define OLD_B     "[  310]     7   310    20000     2000      44        0             0 b\n"
#define CHOSEN(pid) "Memory cgroup out of memory: Kill process " pid " (a) score 900 or sacrifice child\n"
#define DIED(pid, name) "Killed process " pid " (" name ") total-vm:80000kB, anon-rss:48000kB, file-rss:0kB\n"

/* Scans went by threads: an id that is no process of the table is one of its threads, not a parent. */
START_TEST(threads)
{
	static const struct words cases[] = {
		{ TABLE_310 OLD_A CHOSEN("305") DIED("300", "a"),
		  { "its thread a (pid 305) was chosen", "the rules give the same process" }, { "in the place of" } },
		{ TABLE_310 OLD_A OLD_B CHOSEN("300") DIED("310", "b"), { "in the place of a (pid 300), which was chosen" },
		  { "its thread" } },
		{ TABLE_310 OLD_A OLD_B CHOSEN("305") DIED("300", "a"),
		  { "chosen was a (pid 305): its parent, or a thread of it" }, { "in the place of" } },
		{ TABLE_310 OLD_A CHOSEN("300") DIED("300", "a"), { "a (pid 300): anon" }, { "was chosen" } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_words(&cases[i]);
}
END_TEST

#define SLICE "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod03b7fe6c_4c5e_40e5_a17d_e82f148d42f1.slice"
#define POD   SLICE "/cri-containerd-b0a75cb93a762d493de09588e0dae48e0efd946e6c8c7c5c8362031834091f20.scope"
#define GROUP_KILLED(pid, name)                                                                                        \
	"Memory cgroup out of memory: Killed process " pid " (" name ") total-vm:80000kB, anon-rss:4kB, file-rss:0kB, "    \
	"shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n"
#define GROUP "Tasks in " POD " are going to be killed due to memory.oom.group set\n"
#define SELECTED_IN(path, rest)                                                                                        \
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=" POD ",task_memcg=" path rest

/* A path is told in full, a pod by a path that is whole, and one death once. */
START_TEST(groups)
{
	static const struct words cases[] = {
		{ SELECTED_IN(POD, ",task=a,pid=300,uid=0\n") GROUP_KILLED("300", "a") GROUP GROUP_KILLED("300", "a")
		  GROUP_KILLED("301", "b"),
		  { "memory cgroup " POD "\n", "all of " POD ", for", "adj 0\n            b (pid 301" },
		  { "adj 0\n            a (pid 300" } },
		{ SELECTED_IN("/kubepods/burstable/pod3902af1e-8c>", "\n") GROUP_KILLED("300", "a") GROUP GROUP_KILLED("300", "a"),
		  { "pod 03b7fe6c-4c5e-40e5-a17d-e82f148d42f1, container b0a75cb93a76" }, { "8c>" } },
		{ SELECTED_IN("/kubepods/burstable/pod3902af1e-8c>", "\n") GROUP_KILLED("300", "a"), { "where" }, { "pod 3902" } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_words(&cases[i]);
}
END_TEST

#define KILLED_A                                                                                                        \
	"Killed process 300 (a) total-vm:80000kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:40kB "       \
	"oom_score_adj:0\n"
#define IN_BOX                                                                                                         \
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/box,task_memcg=/box,"    \
	"task=a,pid=300,uid=7\nMemory cgroup out of memory: " KILLED_A
#define BOX(kb) "memory: usage " kb "kB, limit " kb "kB, failcnt 3\nswap: usage 0kB, limit 9007199254740988kB, failcnt 0\n"
#define A_SWAPPED "[    300]     7   300    90000     2000    81920    60000             0 a\n"

/* What a step of oom_score_adj is worth depends on RAM or the limit, and on the swap that there is. */
START_TEST(saved_by)
{
	static const struct words cases[] = {
		/* 10000 pages: a step is one of 10 */
		{ BOX("40000") TABLE_50 A B IN_BOX, { "oom_score_adj -1000 (", "without the swap" }, { "or lower" } },
		{ BOX("80000") TABLE_50 A B IN_BOX, { "oom_score_adj -500 or lower", "without the swap" }, { "-1000" } },
		/* at least 1000 + 60000 pages, whatever the limit alone says */
		{ BOX("4000") TABLE_50 A_SWAPPED B IN_BOX, { "oom_score_adj -984 or lower", "no more swap than" }, { "-1000" } },
		/* neither RAM nor a limit */
		{ TABLE_50 A B IN_BOX, { "a lower oom_score_adj: 10000 pages", "of the limit and swap" }, { "-1000" } },
		{ TABLE_50 A B "Out of memory: " KILLED_A, { "a lower oom_score_adj: 10000 pages", "of RAM and swap" }, { "-1000" } },
		{ TABLE_50 A "Out of memory: " KILLED_A, { "oom_score_adj -1000 (then nobody can be killed)\n" }, { "reckoned" } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_words(&cases[i]);
}
END_TEST

#define GLOBAL_HEAD                                                                                                      \
	"a invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0\n"                       \
	"CPU: 0 PID: 300 Comm: a Not tainted 6.1.0-18-amd64 #1\nMem-Info:\nactive_anon:100 inactive_anon:45000\n"         \
	"Node 0 DMA: 0*4kB 0*8kB = 0kB\nFree swap  = 0kB\nTotal swap = 40000kB\n52000 pages RAM\n2000 pages reserved\n"
#define KILLED_B                                                                                                       \
	"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=b,"     \
	"pid=1301,uid=7\nOut of memory: Killed process 1301 (b) total-vm:80000kB, anon-rss:4kB, file-rss:0kB, "           \
	"shmem-rss:0kB, UID:7 pgtables:80kB oom_score_adj:0\n"

/* A NO says what could excuse it, where anything could. */
START_TEST(wrong_victims)
{
	static const struct words cases[] = {
		{ GLOBAL_HEAD TABLE_50 A B KILLED_B,
		  { "NO: another process has more points: a (pid 300), unless it was killed before this log begins" }, { "NO: another process has more points: a (pid 300)\n" } },
		{ GLOBAL_HEAD TABLE_50 A_SWAPPED B KILLED_B,
		  { "NO: another process has more points: a (pid 300)\n" }, { "unless" } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_words(&cases[i]);
}
END_TEST

/* A line within a program's string has the date that it begins with. */
START_TEST(source_text)
{
	check_words(&(struct words){ "\tline := f(\"Jan 21 22:01:49 web kernel: [62279.421192] Killed process 300 (a) "
				     "total-vm:8kB, anon-rss:4kB, file-rss:4kB\", name)\n",
				     { "OOM, Jan 21 22:01:49, 62279.421192 s after boot, on web\n" },
				     { ":= f" } });
}
END_TEST

TESTS("explain-words", cut_pids, threads, groups, saved_by, wrong_victims, source_text)
