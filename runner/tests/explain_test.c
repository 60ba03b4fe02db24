// SPDX-License-Identifier: GPL-2.0-or-later
/* The choice recomputed from a report's table, what can't be told, and the JSON of it. */
#include <check.h>
#include <jansson.h>

#include "base/util.h"
#include "explain/explain.h"
#include "klog/stream.h"
#include "tests/explained.h"
#include "tests/harness.h"

static json_t *explain_text(const char *text, struct explainer *x)
{
	return explained("x.log", text, strlen(text), x);
}

static json_t *explain_one(const char *text)
{
	struct explainer x;
	json_t *all = explain_text(text, &x);
	ck_assert_uint_eq(json_array_size(all), 1);
	json_t *one = json_incref(json_array_get(all, 0));
	json_decref(all);
	return one;
}

static long long number_at(const json_t *o, const char *a, const char *b)
{
	const json_t *v = json_object_get(o, a);
	if (b)
		v = json_object_get(v, b);
	ck_assert_msg(json_is_integer(v), "%s.%s is no number", a, b ? b : "");
	return json_integer_value(v);
}

#define MEM                                                                                                              \
	"Mem-Info:\n"                                                                                                    \
	"active_anon:100 inactive_anon:45000 isolated_anon:0\n active_file:1 inactive_file:2 isolated_file:0\n"          \
	"Node 0 DMA: 0*4kB 0*8kB = 0kB\n"                                                                                \
	"Free swap  = 0kB\nTotal swap = 40000kB\n52000 pages RAM\n0 pages HighMem/MovableOnly\n2000 pages reserved\n"

#define TABLE_50 "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
#define HEAD(kernel)                                                                                                   \
	"a invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0\n"                      \
	"CPU: 0 PID: 300 Comm: a Not tainted " kernel " #1\nCall Trace:\n"
#define SELECTED(pid, name)                                                                                            \
	"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=" name \
	",pid=" pid ",uid=0\nOut of memory: Killed process " pid " (" name ") total-vm:80000kB, anon-rss:4kB, "             \
	"file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n"

/* b is the worst: 20000 + 10 + 5 pages; with adj 100 of 60000 totalpages a has 6000 more. */
#define ROWS                                                                                                           \
	"[    300]     0   300    20000    12000    81920        0           100 a\n"                                    \
	"[    301]     0   301    20000    20000    40960        5             0 b\n"                                    \
	"[    302]     0   302    90000    80000    40960        0         -1000 saved\n"

START_TEST(agrees)
{
	json_t *o = explain_one(HEAD("6.1.0-18-amd64") MEM "Tasks state (memory values in pages):\n" TABLE_50 ROWS SELECTED("301", "b"));
	ck_assert(json_is_true(json_object_get(o, "agrees")));
	ck_assert(json_is_true(json_object_get(o, "complete")));
	ck_assert_int_eq(number_at(o, "totalpages", NULL), 60000);
	ck_assert_int_eq(number_at(o, "page_size", NULL), 4096);
	ck_assert_int_eq(number_at(o, "recomputed", "pid"), 301);
	ck_assert_int_eq(number_at(o, "recomputed", "points"), 20015);
	ck_assert_int_eq(number_at(o, "recomputed", "margin_pages"), 20015 - (12000 + 20 + 6000));
	ck_assert_int_eq(number_at(o, "line", NULL), 1);
	ck_assert_str_eq(json_string_value(json_object_get(o, "file")), "x.log");
	ck_assert_str_eq(json_string_value(json_object_get(o, "constraint")), "CONSTRAINT_NONE");
	ck_assert(json_is_null(json_object_get(o, "memcg")));
	ck_assert(json_is_false(json_object_get(o, "panic")));
	const json_t *row = json_array_get(json_object_get(o, "tasks"), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(o, "tasks")), 3);
	ck_assert_int_eq(number_at(row, "oom_score_adj", NULL), -1000);
	ck_assert_str_eq(json_string_value(json_object_get(row, "name")), "saved");
	ck_assert_ptr_null(json_object_get(row, "nr_ptes"));
	json_decref(o);
}
END_TEST

START_TEST(disagrees)
{
	struct explainer x;
	json_t *all = explain_text(HEAD("6.1.0-18-amd64") MEM "Tasks state (memory values in pages):\n" TABLE_50 ROWS
				   SELECTED("300", "a"), &x);
	const json_t *o = json_array_get(all, 0);
	ck_assert(json_is_false(json_object_get(o, "agrees")));
	ck_assert(json_is_string(json_object_get(o, "why")));
	ck_assert_int_eq(number_at(o, "recomputed", "pid"), 301);
	ck_assert_uint_eq(x.disagree, 1);
	json_decref(all);
}
END_TEST

#define TABLE_68 "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name\n"
#define ROWS_68(b)                                                                                                       \
	TABLE_68 "[    300]     0   300    20000    12000    12000        0         0    81920        0             0 a\n"  \
	"[    301]     0   301    20000    20000" b "    40960        0             0 b\n"

/* What is left of a victim that was reaped before the log begins has no swap, and no memory of its own but what was mlocked. */
START_TEST(disagrees_unless)
{
	static const char old[] = TABLE_50 "[    300]     7   300    20000    12000    81920        0             0 a\n",
			  left[] = "[    301]     7   301    20000    20000    40960        0             0 b\n",
			  swapped[] = "[    301]     7   301    20000    20000    40960     3000             0 b\n",
			  shmem[] = ROWS_68("       10        0     19990"), anon[] = ROWS_68("    19990        0        10");
	const struct { const char *kernel, *rows, *more; bool unless; } cases[] = {
		{ "6.1.0-18-amd64", old, left, true },		{ "6.1.0-18-amd64", old, swapped, false },
		{ "6.12.0", shmem, "", true },			{ "6.12.0", anon, "", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *text = xasprintf("a invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE), order=0, "
						    "oom_score_adj=0\nCPU: 0 PID: 300 Comm: a Not tainted %s #1\n%s%s%s%s",
						    cases[i].kernel, MEM, cases[i].rows, cases[i].more, SELECTED("300", "a"));
		json_t *o = explain_one(text);
		ck_assert(json_is_false(json_object_get(o, "agrees")));
		ck_assert_msg(json_is_string(json_object_get(o, "unless")) == cases[i].unless, "case %zu", i);
		json_decref(o);
	}
}
END_TEST

static void check_undecided(const char *text, const char *why)
{
	json_t *o = explain_one(text);
	ck_assert_msg(json_is_null(json_object_get(o, "agrees")), "agrees is told; expected: %s", why);
	const char *said = json_string_value(json_object_get(o, "why"));
	ck_assert_msg(said && strstr(said, why), "said \"%s\", expected \"%s\"", said ? said : "", why);
	json_decref(o);
}

/* Where the log leaves it open the answer is null, with the reason. */
START_TEST(undecided)
{
	/* the swap behind a memcg's limit decides what oom_score_adj is worth */
	check_undecided(HEAD("6.1.0-18-amd64") "memory: usage 80000kB, limit 80000kB, failcnt 3\n"
			"swap: usage 0kB, limit 9007199254740988kB, failcnt 0\nTasks state (memory values in pages):\n"
			TABLE_50 ROWS "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/x,"
			"task_memcg=/x,task=a,pid=300,uid=0\nMemory cgroup out of memory: Killed process 300 (a) total-vm:80000kB, "
			"anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n", "how much memory and swap");
	/* a row was lost, and another has more */
	check_undecided(HEAD("6.1.0-18-amd64") MEM TABLE_50 "...\n" ROWS SELECTED("300", "a"), "not complete");
	check_undecided(HEAD("6.1.0-18-amd64") MEM TABLE_50 ROWS SELECTED("400", "c"), "not in the table");
	check_undecided(HEAD("6.1.0-18-amd64") MEM TABLE_50 ROWS "Out of memory and no killable processes...\n", "nobody to kill");
	check_undecided(HEAD("6.1.0-18-amd64") MEM TABLE_50 ROWS
			"Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled\n", "panic_on_oom");
	check_undecided(SELECTED("300", "a"), "no task table");
	/* before 3.2 swap was not in the table */
	check_undecided(HEAD("2.6.32-431.el6.x86_64") MEM "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name\n"
			"[  300]     0   300    20000    12000   1       0             0 a\n"
			"[  301]     0   301    20000    12500   1       0             0 b\n"
			"Out of memory: Kill process 300 (a) score 260 or sacrifice child\n"
			"Killed process 300, UID 0, (a) total-vm:80000kB, anon-rss:48000kB, file-rss:0kB\n", "swap");
	/* others died a moment ago: the biggest may have been on its way out */
	struct explainer x;
	json_t *all = explain_text("[   10.000000] Out of memory: Killed process 9 (z) total-vm:8kB, anon-rss:4kB, file-rss:0kB, "
				   "shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n"
				   "[   12.000000] " HEAD("6.1.0-18-amd64") MEM TABLE_50 ROWS SELECTED("300", "a"), &x);
	ck_assert_uint_eq(json_array_size(all), 2);
	ck_assert(json_is_null(json_object_get(json_array_get(all, 1), "agrees")));
	json_decref(all);
}
END_TEST

/* Of equal points the last wins since 5.3, the first before. */
START_TEST(ties)
{
	static const char rows[] = "[    300]     7   300    20000    12000    81920        0             0 a\n"
				   "[    301]     7   301    20000    12000    81920        0             0 b\n";
	CLEANUP_FREE char *late = xasprintf("%s%s", HEAD("6.1.0-18-amd64") MEM TABLE_50, rows);
	CLEANUP_FREE char *last = xasprintf("%s%s", late, SELECTED("301", "b"));
	json_t *o = explain_one(last);
	ck_assert(json_is_true(json_object_get(o, "agrees")));
	json_decref(o);
	CLEANUP_FREE char *first = xasprintf("%s%s", late, SELECTED("300", "a"));
	check_undecided(first, "equal points");
	CLEANUP_FREE char *old = xasprintf("%s%s", HEAD("4.18.0") MEM
		"[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n", rows);
	CLEANUP_FREE char *old_first = xasprintf("%sOut of memory: Kill process 300 (a) score 200 or sacrifice child\nKilled process "
		"300 (a) total-vm:80000kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB\n", old);
	o = explain_one(old_first);
	ck_assert(json_is_true(json_object_get(o, "agrees")));
	ck_assert_int_eq(number_at(json_array_get(json_object_get(o, "killed"), 0), "score", NULL), 200);
	json_decref(o);
}
END_TEST

/* The score of an old kernel tells that a container's root had no bonus, and how large the memory was. */
START_TEST(score_tells)
{
	json_t *o = explain_one(HEAD("4.15.0") "Task in /box killed as a result of limit of /box\n"
		"memory: usage 40960kB, limit 40960kB, failcnt 3\nmemory+swap: usage 0kB, limit 9007199254740988kB, failcnt 0\n"
		"kmem: usage 0kB, limit 9007199254740988kB, failcnt 0\n"
		"[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
		"[  300]     0   300    20000     5050    40960        0           100 a\n"
		/* between what a has with the bonus (5908) and without (6060) */
		"[  301]     7   301    20000     5940    40960        0             0 b\n"
		"Memory cgroup out of memory: Kill process 300 (a) score 591 or sacrifice child\n"
		"Killed process 300 (a) total-vm:80000kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB\n");
	ck_assert(json_is_true(json_object_get(o, "agrees")));
	json_decref(o);
	/* … and nor have the others of its memcg: 9000 and 5900 pages besides the tables, not 8727 and 5723 */
	o = explain_one(HEAD("4.15.0") "Task in /box killed as a result of limit of /box\n"
		"memory: usage 40960kB, limit 40960kB, failcnt 3\nmemory+swap: usage 0kB, limit 9007199254740988kB, failcnt 0\n"
		"kmem: usage 0kB, limit 9007199254740988kB, failcnt 0\n"
		"[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
		"[  300]     0   300    20000     9000    40960        0             0 a\n"
		"[  301]     0   301    20000     5900    40960        0             0 b\n"
		"Memory cgroup out of memory: Kill process 300 (a) score 879 or sacrifice child\n"
		"Killed process 300 (a) total-vm:80000kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB\n");
	ck_assert_int_eq(number_at(o, "recomputed", "points"), 9010);
	ck_assert_int_eq(number_at(o, "recomputed", "margin_pages"), 3100);
	json_decref(o);
}
END_TEST

#define EL6                                                                                                             \
	HEAD("2.6.32-431.el6.x86_64") MEM "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name\n"        \
	"[  300]     7   300    60000    30000   1       0             0 a\n"                                            \
	"[  301]     7   301    20000     6000   1       0             0 b\n"                                            \
	"Out of memory: Kill process 300 (a) score 503 or sacrifice child\n"                                             \
	"Killed process 300, UID 7, (a) total-vm:240000kB, anon-rss:120000kB, file-rss:0kB\n"

/* Thousandths of the 60000 pages that the log tells, though these may be a few percent beside the true ones. */
START_TEST(thousandths)
{
	json_t *o = explain_one(EL6);
	ck_assert(json_is_true(json_object_get(o, "agrees")));
	ck_assert_int_eq(number_at(o, "totalpages", NULL), 60000);
	ck_assert_int_eq(number_at(o, "recomputed", "points"), 500);
	ck_assert_int_eq(number_at(o, "recomputed", "margin_pages"), (500 - 100) * 60);
	json_decref(o);
	CLEANUP_FREE char *words = explained_words("x.log", EL6, strlen(EL6), false, NULL);
	ck_assert_msg(strstr(words, "to the kernel the chosen one had 503 points") != NULL, "%s", words);
}
END_TEST

/* A memory+swap limit bounds the swap that counts. */
START_TEST(memcg_totals)
{
	json_t *o = explain_one("memory: usage 80000kB, limit 80000kB, failcnt 3\nmemory+swap: usage 80000kB, limit 80000kB, failcnt 1\n"
				"kmem: usage 0kB, limit 9007199254740988kB, failcnt 0\n" TABLE_50 ROWS);
	ck_assert_int_eq(number_at(o, "totalpages", NULL), 20000);
	json_decref(o);
	o = explain_one("memory: usage 80000kB, limit 80000kB, failcnt 3\nmemory+swap: usage 80000kB, limit 120000kB, failcnt 1\n"
			"kmem: usage 0kB, limit 9007199254740988kB, failcnt 0\n" TABLE_50 ROWS);
	ck_assert(json_is_null(json_object_get(o, "totalpages")));
	json_decref(o);
}
END_TEST

/* Lines of 5.4 from a "4.19": the rules may be of 5.4 or later too, by which b would have been chosen. */
START_TEST(not_what_it_says)
{
	check_undecided(HEAD("4.19.0") MEM "[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
			"[  300]     7   300    20000      100    40960        0          -900 a\n"
			"[  301]     7   301    20000     9000    40960        0          -900 b\n" SELECTED("300", "a"), "");
}
END_TEST

#define NEGATIVE(end)                                                                                                    \
	"memory: usage 80000kB, limit 80000kB, failcnt 3\nmemory+swap: usage 80000kB, limit 80000kB, failcnt 1\n"        \
	"kmem: usage 0kB, limit 9007199254740988kB, failcnt 0\n" TABLE_50                                                \
	"[    300]     7   300    20000    12000    81920        0          -998 a\n"                                    \
	"Memory cgroup out of memory: Killed process 300 (a) total-vm:80000kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB" end "\n"

/* Without a release the Killed line tells the rules: without UID it is of 5.1 to 5.3, whose points are at least 1. */
START_TEST(killed_line_dates)
{
	static const struct { const char *log; bool open; } cases[] = {
		{ NEGATIVE(""), false },
		{ NEGATIVE(", UID:7 pgtables:80kB oom_score_adj:-998"), true },	/* 5.4 to 5.8 had no others either */
		{ NEGATIVE(","), true },	/* more followed */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *o = explain_one(cases[i].log);
		const json_t *points = json_object_get(json_object_get(o, "recomputed"), "points");
		ck_assert(cases[i].open ? json_is_null(points) : json_integer_value(points) == 1);
		json_decref(o);
	}
}
END_TEST

START_TEST(hostile_names)
{
	json_t *o = explain_one(HEAD("6.1.0-18-amd64") MEM TABLE_50
		"[    300]     0   300    20000    12000    81920        0             0 a\xff\"\\\x01 total-vm:\n"
		SELECTED("300", "a) total-vm:1kB"));
	const json_t *killed = json_array_get(json_object_get(o, "killed"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(killed, "comm")), "a) total-vm:1kB");
	ck_assert_int_eq(number_at(killed, "total_vm_kb", NULL), 80000);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(json_object_get(o, "tasks"), 0), "name")),
			 "a\xef\xbf\xbd\"\\\x01 total-vm:");
	json_decref(o);
}
END_TEST

START_TEST(saved_by)
{
	static const char text[] = HEAD("6.1.0-18-amd64") MEM TABLE_50 ROWS SELECTED("301", "b");
	CLEANUP_FREE char *words = explained_words("x.log", text, sizeof(text) - 1, false, NULL);
	/* 20015 - 60 * 33 = 18035 > 12020 + 6000; one step further it is 17975 */
	ck_assert_msg(strstr(words, "oom_score_adj -34 or lower (then a, pid 300, dies)") != NULL, "%s", words);
}
END_TEST

/* Controls of one byte or of two, broken UTF-8 and what turns the direction of writing round reach no terminal; a row's name is cut
 * between two characters. */
START_TEST(nothing_steers_a_terminal)
{
	static const char text[] = HEAD("6.1.0-18-amd64") MEM TABLE_50 ROWS
		"[    303]     0   303      300      200    40960        0             0 \xc3\xa9\xc2\x9b" "2J\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\n"
		SELECTED("301", "a\x9b" "2J\xe2\x80\xae\xc2\x9b" "3\xc3\xa9");
	CLEANUP_FREE char *words = explained_words("x.log", text, sizeof(text) - 1, false, NULL);
	ck_assert_msg(strstr(words, "a\\x9b2J\\xe2\\x80\\xae\\x9b3\xc3\xa9 (pid 301"), "%s", words);
	ck_assert_msg(strstr(words, " \xc3\xa9\\x9b2J\xc3\xa9\xc3\xa9\xc3\xa9  "), "%s", words);
	ck_assert(!strstr(words, "\x9b") && !strstr(words, "\xe2"));
}
END_TEST

/* With one blank between any two words. The caller frees. */
static char *words_of(const char *text)
{
	char *copy = xstrdup(text), *to = copy;
	for (const char *from = text; *from; from++)
		if (!strchr(" \n", *from) || (to > copy && to[-1] != ' '))
			*to++ = *from == '\n' ? ' ' : *from;
	*to = '\0';
	return copy;
}

/* At 80 columns each line fits, a full bar's too, and what is said is the same. */
START_TEST(in_80_columns)
{
	static const char text[] = HEAD("6.1.0-18-amd64") MEM TABLE_50 ROWS SELECTED("301", "b");
	CLEANUP_FREE char *wide = explained_words("x.log", text, sizeof(text) - 1, false, NULL);
	char *narrow = NULL, *rest, *line;
	size_t len, broken = 0;
	FILE *out = open_memstream(&narrow, &len);
	struct explainer x = { .out = out, .file = "x.log", .width = 80, .earlier.usec = OOM_UNKNOWN };
	struct klog *k = klog_new(explain_report, &x);
	struct stream *s = stream_new(k);
	stream_feed(s, text, sizeof(text) - 1);
	stream_end(s);
	stream_free(s);
	klog_free(k);
	fclose(out);
	for (const char *p = narrow; (p = strstr(p, "\n            ")); p++)
		broken++;
	ck_assert_msg(broken > 0 && strstr(narrow, " #########\n"), "%s", narrow);
	CLEANUP_FREE char *a = words_of(wide), *b = words_of(narrow);
	ck_assert_str_eq(a, b);
	for (rest = narrow; (line = strsep(&rest, "\n"));)
		ck_assert_msg(strlen(line) <= 80, "longer than 80 columns: %s", line);
	free(narrow);
}
END_TEST

START_TEST(places)
{
	static const struct { const char *path, *pod, *container, *runtime, *unit; } cases[] = {
		{ "/kubepods/burstable/pod0c4e2576-ef09-11e8-b17a-0a586444015a/"
		  "9df959ad4292532c5d551226063bd840b906cbf118983fffefa0e3ab90331dc2",
		  "0c4e2576-ef09-11e8-b17a-0a586444015a", "9df959ad4292", "", "" },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod03b7fe6c_4c5e_40e5_a17d_e82f148d42f1.slice/"
		  "cri-containerd-b0a75cb93a762d493de09588e0dae48e0efd946e6c8c7c5c8362031834091f20.scope",
		  "03b7fe6c-4c5e-40e5-a17d-e82f148d42f1", "b0a75cb93a76", "cri-containerd", "" },
		{ "/docker/3536ff965e8d1a2c6f4448b08dd2e1d59e1008ac1bf2d53ff46cb05da5563f29", "", "3536ff965e8d", "docker", "" },
		{ "/lxc.payload.c2035", "", "c2035", "lxc", "" },
		{ "/lxc/39004/ns/system.slice/x.service", "", "39004", "lxc", "x.service" },
		{ "/system.slice/postgresql@15-main.service", "", "", "", "postgresql@15-main.service" },
		{ "/", "", "", "", "" }, { NULL, "", "", "", "" }, { "pod", "", "", "", "" }, { "/podium/p", "", "", "", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct place p;
		place_of(cases[i].path, &p);
		ck_assert_str_eq(p.pod, cases[i].pod);
		ck_assert_str_eq(p.container, cases[i].container);
		ck_assert_str_eq(p.runtime, cases[i].runtime);
		ck_assert_str_eq(p.unit, cases[i].unit);
	}
}
END_TEST

TESTS("explain", agrees, disagrees, disagrees_unless, undecided, ties, score_tells, thousandths, memcg_totals, not_what_it_says, killed_line_dates,
      hostile_names, nothing_steers_a_terminal, in_80_columns, saved_by, places)
