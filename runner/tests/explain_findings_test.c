// SPDX-License-Identifier: GPL-2.0-or-later
/* What a report says besides: each finding where it holds, and not where one number is another. */
#include <check.h>
#include <jansson.h>

#include "base/util.h"
#include "explain/explain.h"
#include "tests/explained.h"
#include "tests/harness.h"

/* The ids that a log's report has, one behind the other. */
static void check_findings(const char *log, const char *ids)
{
	char seen[256] = "";
	size_t i;
	const json_t *one;
	json_t *all = explained("x.log", log, strlen(log), NULL);
	ck_assert_uint_eq(json_array_size(all), 1);
	CLEANUP_FREE char *words = explained_words("x.log", log, strlen(log), false, NULL);
	json_array_foreach(json_object_get(json_array_get(all, 0), "findings"), i, one) {
		const char *id = json_string_value(json_object_get(one, "id"));
		const char *text = json_string_value(json_object_get(one, "text"));
		size_t n = strlen(seen);
		snprintf(seen + n, sizeof(seen) - n, "%s%s", n ? " " : "", id);
		ck_assert_msg(text && strstr(words, text), "\"%s\" is not in\n%s", text, words);
	}
	ck_assert_msg(streq(seen, ids), "found \"%s\", not \"%s\", in\n%s", seen, ids, words);
	json_decref(all);
}

struct found {
	const char *log, *ids;
};

static void check_all(const struct found *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_findings(cases[i].log, cases[i].ids);
}

#define HEAD(gfp, order) "a invoked oom-killer: gfp_mask=" gfp ", order=" order ", oom_score_adj=0\nMem-Info:\n"
#define COUNTS(free, cma) "active_anon:100 inactive_anon:45000\n free:" free " free_pcp:0 free_cma:" cma "\n"
#define ZONE(name, free, min, cma)                                                                                       \
	name " free:" free "kB min:" min "kB low:900kB high:999kB present:900000kB managed:890000kB mlocked:0kB "         \
	     "free_pcp:0kB local_pcp:0kB free_cma:" cma "kB\n"
#define END "Normal: 1*4kB (U) = 4kB\nOut of memory: Killed process 300 (a) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB\n"

START_TEST(page_faults)
{
	static const struct found cases[] = {
		{ HEAD("0x0()", "0") COUNTS("29000000", "0") END, "page-fault" },
		{ HEAD("0x0", "0") END, "page-fault" },
		{ HEAD("0xcc0(GFP_KERNEL)", "-1") COUNTS("29000000", "0") END, "" },
		{ HEAD("0x140dca(GFP_HIGHUSER_MOVABLE)", "0") COUNTS("200", "0") END, "" },
	};
	check_all(cases, ARRAY_SIZE(cases));
}
END_TEST

/* On 32 bits: what __GFP_HIGHMEM (2) does not ask for has to be low. */
START_TEST(low_memory)
{
#define LOW    ZONE("DMA", "3364", "68", "0") ZONE("Normal", "4552", "7732", "0")
#define HIGH   ZONE("HighMem", "1051220", "512", "0")
#define NORMAL ZONE("Normal", "45520", "7732", "0")
	static const struct found cases[] = {
		{ HEAD("0x101cc0(GFP_USER|__GFP_WRITE)", "0") LOW HIGH END, "low-memory" },
		{ HEAD("0x100cca(GFP_HIGHUSER_MOVABLE)", "0") LOW HIGH END, "" },
		{ HEAD("0x101cc0(GFP_USER|__GFP_WRITE)", "0") LOW END, "" },
		{ HEAD("0x101cc0(GFP_USER|__GFP_WRITE)", "0") NORMAL HIGH END, "" },
		{ HEAD("0x101cc0(GFP_USER|__GFP_WRITE)", "0") LOW ZONE("HighMem", "600", "512", "0") END, "" },
		/* more than any machine has */
		{ HEAD("0x101cc0(GFP_USER)", "0") LOW ZONE("HighMem", "9223372036854775807", "512", "0") END, "" },
	};
	check_all(cases, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(contiguous)
{
	static const struct found cases[] = {
		{ HEAD("0xcc0(GFP_KERNEL)", "0") ZONE("Normal", "212600", "207664", "200844") END, "cma" },
		{ HEAD("0xcc0(GFP_KERNEL)", "0") COUNTS("53150", "50211") END, "cma" },
		{ HEAD("0xcc0(GFP_KERNEL)", "0") COUNTS("53150", "20211") END, "" },
		{ HEAD("0x100cca(GFP_HIGHUSER_MOVABLE)", "0") COUNTS("53150", "50211") END, "" },
		/* the end of a report: what was asked for is lost, and the lines are wrapped */
		{ "Normal free:212600kB min:7664kB low:57100kB high:106536kB\n"
		  "  active_anon:276kB inactive_anon:180kB present:4109312kB\n"
		  "  managed:3689488kB mlocked:2932kB local_pcp:0kB\n"
		  "  free_cma:200844kB\n"
		  "Out of memory and no killable processes...\n",
		  "cma" },
	};
	check_all(cases, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(pieces)
{
	static const struct found cases[] = {
		{ HEAD("0x400dc0(GFP_KERNEL_ACCOUNT)", "2") ZONE("DMA", "202296", "22528", "91480") END, "fragmented" },
		{ HEAD("0x400dc0(GFP_KERNEL_ACCOUNT)", "0") ZONE("DMA", "202296", "22528", "91480") END, "" },
		{ HEAD("0x400dc0(GFP_KERNEL_ACCOUNT)", "2") ZONE("DMA", "20229", "22528", "0") END, "" },
		/* but for what is lent it is below min */
		{ HEAD("0x400dc0(GFP_KERNEL_ACCOUNT)", "2") ZONE("DMA", "52296", "22528", "31480") END, "" },
	};
	check_all(cases, ARRAY_SIZE(cases));
}
END_TEST

#define MEMCG(usage, memsw, kmem)                                                                                        \
	"a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\nTask in /box killed as a result of limit of /box\n"  \
	"memory: usage " usage "kB, limit 262144kB, failcnt 30\nmemory+swap: usage " memsw "kB, limit 524288kB, failcnt 0\n" \
	"kmem: usage " kmem "kB, limit 65536kB, failcnt 0\n"                                                               \
	"Memory cgroup out of memory: Kill process 300 (a) score 900 or sacrifice child\n"                               \
	"Killed process 300 (a) total-vm:80000kB, anon-rss:48000kB, file-rss:0kB\n"

START_TEST(limits)
{
	static const struct found cases[] = {
		{ MEMCG("52224", "52224", "0"), "limit-not-met" },
		{ MEMCG("262144", "262144", "0"), "" },
		{ MEMCG("261000", "261000", "0"), "" },
		{ MEMCG("52224", "524288", "0"), "" },	/* memory and swap together */
		{ MEMCG("52224", "52224", "65536"), "" },	/* the kernel's memory */
	};
	check_all(cases, ARRAY_SIZE(cases));
}
END_TEST

#define ASKED "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
#define TRACE "CPU: 1 PID: 300 Comm: a Not tainted 6.16.0 #1\nCall Trace:\n oom_kill_process.cold+0x8/0xef\n "

/* A program that chooses is named below the first line, or seen in the trace. */
START_TEST(programs)
{
	static const struct found cases[] = {
		{ ASKED "               oom_policy=my_policy\n" TRACE "out_of_memory+0xab/0x5c0\n", "bpf" },
		{ ASKED TRACE "bpf_oom_kill_process+0x59/0xb0\n", "bpf" },
		{ ASKED TRACE "out_of_memory+0xab/0x5c0\n", "" },
		{ ASKED "               oom_policy=\n" TRACE "out_of_memory+0xab/0x5c0\n", "" },
	};
	check_all(cases, ARRAY_SIZE(cases));
	CLEANUP_FREE char *words = explained_words("x.log", cases[0].log, strlen(cases[0].log), false, NULL);
	ck_assert_msg(strstr(words, "a BPF program (policy my_policy) chose") && strstr(words, "told: a BPF program chose"),
		      "%s", words);
}
END_TEST

/* A record of two lines. */
START_TEST(program_in_record)
{
	static const char text[] = ASKED "oom_policy=my_policy";
	char *words = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&words, &len);
	struct explainer x = { .out = out, .earlier.usec = OOM_UNKNOWN };
	struct klog *k = klog_new(explain_report, &x);
	klog_record(k, 1, 1000000, 4, CONTINUES_NOTHING, NULL, text, sizeof(text) - 1);
	klog_flush(k);
	klog_free(k);
	fclose(out);
	ck_assert_msg(strstr(words, "(policy my_policy) chose") != NULL, "%s", words);
	free(words);
}
END_TEST

TESTS("explain-findings", page_faults, low_memory, contiguous, pieces, limits, programs, program_in_record)
