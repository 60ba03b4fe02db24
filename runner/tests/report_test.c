// SPDX-License-Identifier: GPL-2.0-or-later
/* What the page is made of: marked log lines, the timeline, packed JSON, what is told of a test. */
#include <check.h>
#include <stdarg.h>

#include "base/util.h"
#include "report/log.h"
#include "report/pack.h"
#include "report/story.h"
#include "tests/harness.h"

/* The log of these messages, one record each. */
static json_t *kmsg(const char *first, ...)
{
	json_t *list = json_array();
	va_list ap;
	int i = 0;
	va_start(ap, first);
	for (const char *text = first; text; text = va_arg(ap, const char *))
		json_array_append_new(list, json_pack("{s:i s:i s:i s:s}", "seq", i, "t", 1000 * i, "level", 6, "text", text)), i++;
	va_end(ap);
	return list;
}

/* "kind: a|b|c", the marked pieces of the n-th line. */
static char *marked(const json_t *kmsg, size_t n)
{
	json_t *log = log_story(kmsg), *line = json_array_get(log, n);
	const char *text = json_string_value(json_array_get(line, 2)), *kind = json_string_value(json_array_get(line, 3));
	const json_t *spans = json_array_get(line, 4);
	char *all = xasprintf("%s:", kind ? kind : "-");
	for (size_t i = 0; i + 1 < json_array_size(spans); i += 2) {
		json_int_t from = json_integer_value(json_array_get(spans, i)), to = json_integer_value(json_array_get(spans, i + 1));
		char *more = xasprintf("%s%s%.*s", all, i ? "|" : " ", (int)(to - from), text + from);
		free(all);
		all = more;
	}
	json_decref(log);
	return all;
}

static const char killed[] = "Memory cgroup out of memory: Killed process 77 (b77) total-vm:8300kB, anon-rss:77kB, file-rss:0kB, "
			     "shmem-rss:4kB, UID:0 pgtables:60kB oom_score_adj:-5";

START_TEST(fields_are_marked)
{
	json_t *log = kmsg("hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=7",
			   "memory: usage 81920kB, limit 81920kB, failcnt 0",
			   "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
			   "[     77]     0    77     2075       19    61440        0            -5 b77",
			   "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/box,task_memcg=/box/in,"
			   "task=b77,pid=77,uid=0", killed, "a line of nobody 77", NULL);
	static const char *const want[] = {
		"header: hog|0xcc0(GFP_KERNEL)|0|7",
		"memcg: 81920|81920|0",
		"table:",
		"table: 77|0|77|2075|19|61440|0|-5|b77",
		"choice: CONSTRAINT_MEMCG|(null)|/|0|/box|/box/in|77|0",
		"killed: 77|b77|8300|77|0|4|0|60|-5",
		"-:",
	};
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		CLEANUP_FREE char *have = marked(log, i);
		ck_assert_str_eq(have, want[i]);
	}
	json_decref(log);
}
END_TEST

START_TEST(marks_and_choices)
{
	json_t *log = kmsg("hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			   "CPU: 0 PID: 86 Comm: hog Not tainted 6.1.0-56-cloud-amd64 #1  Debian 6.1.192-2",
			   "memory: usage 81920kB, limit 81920kB, failcnt 23", "swap: usage 0kB, limit 0kB, failcnt 0",
			   "Tasks state (memory values in pages):",
			   "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
			   "[     77]     0    77     2075     1900    61440        0             0 b77",
			   "[     86]     0    86     2075      100    61440        0             0 hog",
			   "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/box,task_memcg=/box,"
			   "task=b77,pid=77,uid=0", killed, NULL);
	json_t *marks = log_marks(log, NULL), *choices = log_choices(log);
	ck_assert_uint_eq(json_array_size(marks), 2);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(marks, 0), "text")), "hog");
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(marks, 1), "pid")), 77);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(marks, 1), "t")), 9000);
	ck_assert_uint_eq(json_array_size(choices), 1);
	json_t *rows = json_object_get(json_array_get(choices, 0), "rows");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(choices, 0), "agrees")), "yes");
	ck_assert_uint_eq(json_array_size(rows), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(rows, 0), "points")), 1915);
	json_decref(choices);
	json_decref(marks);
	json_decref(log);
}
END_TEST

/* A machine that panics tells of it on the console only; what the console repeats of the log is there once. */
START_TEST(marks_of_a_panic)
{
	static const char console[] = "[    0.000000] old invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\r\n"
		"no stamp\n[x] y\n[99999999999999999999.5] far\n"
		"[    6.582590] hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\r\n"
		"[    6.582602] Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled\r\n";
	json_t *log = kmsg("x", NULL), *marks = log_marks(log, console), *oom = json_array_get(marks, 0), *panic = json_array_get(marks, 1);
	ck_assert_uint_eq(json_array_size(marks), 2);
	ck_assert_str_eq(json_string_value(json_object_get(oom, "text")), "hog");
	ck_assert_str_eq(json_string_value(json_object_get(panic, "kind")), "panic");
	ck_assert_int_eq(json_integer_value(json_object_get(panic, "t")), 6582602);
	json_decref(marks);
	json_decref(log);
}
END_TEST

START_TEST(long_logs_are_cut)
{
	json_t *log = json_array();
	for (int i = 0; i < 5000; i++)
		json_array_append_new(log, json_pack("{s:i s:i s:i s:s}", "seq", i, "t", i, "level", 6, "text", "x\ny"));
	json_t *story = log_story(log);
	ck_assert_uint_eq(json_array_size(story), 1201);
	ck_assert_int_eq(json_integer_value(json_array_get(json_array_get(story, 900), 2)), 10000 - 1200);
	ck_assert_int_eq(json_integer_value(json_array_get(json_array_get(story, 1200), 0)), 4999);
	json_decref(story);
	json_decref(log);
}
END_TEST

START_TEST(timeline_in_differences)
{
	json_error_t at;
	json_t *messages = json_loads("[{\"columns\":[{\"of\":\"free\"}],\"rows\":[[10,100],[12,90]],\"cpu_us\":1,\"span_us\":200},"
				      "{\"columns\":[{\"of\":\"free\"},{\"of\":\"rss\",\"task\":\"big\"}],\"rows\":[[15,95,7],[16,95,null],[17,95,9]],"
				      "\"cpu_us\":2,\"span_us\":400}]", 0, &at);
	json_t *story = timeline_story(messages);
	CLEANUP_FREE char *t = json_dumps(json_object_get(story, "t"), JSON_COMPACT);
	CLEANUP_FREE char *v = json_dumps(json_object_get(story, "v"), JSON_COMPACT);
	ck_assert_str_eq(t, "[10,2,3,1,1]");
	ck_assert_str_eq(v, "[[100,-10,5,0,0],[null,null,7,null,2]]");
	ck_assert_int_eq(json_integer_value(json_object_get(story, "span_us")), 400);
	json_decref(story);
	json_t *none = json_array();
	story = timeline_story(none);
	ck_assert(json_is_null(story));
	json_decref(story);
	json_decref(none);
	json_decref(messages);
}
END_TEST

static char *packed(void (*pack)(FILE *out, const json_t *value), const json_t *value)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	pack(f, value);
	fclose(f);
	return text;
}

START_TEST(nothing_ends_the_script)
{
	json_t *value = json_pack("{s:s s:s}", "a", "</script><!--<script>", "b\xc3\xa9", "\xe2\x80\xa8");
	CLEANUP_FREE char *plain = packed(pack_plain, value), *small = packed(pack_small, value);
	ck_assert_ptr_null(strchr(plain, '<'));
	json_t *back = json_loads(plain, 0, NULL);
	ck_assert(json_equal(back, value));
	json_decref(back);
	ck_assert_uint_eq(strspn(small, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="), strlen(small));
	ck_assert_uint_eq(strlen(small) % 4, 0);
	FILE *gunzip = popen("base64 -d | gzip -dc > /tmp/report-test.$PPID", "w");
	fputs(small, gunzip);
	ck_assert_int_eq(pclose(gunzip), 0);
	CLEANUP_FREE char *path = xasprintf("/tmp/report-test.%d", (int)getpid());
	back = json_load_file(path, 0, NULL);
	unlink(path);
	ck_assert(json_equal(back, value));
	json_decref(back);
	json_decref(value);
}
END_TEST

/* Files with any members, or none, are told as far as they go. */
START_TEST(story_of_anything)
{
	static const char *const kept[] = { "{}", "{\"observation\":{}}", "{\"observation\":7,\"plan\":[]}",
		"{\"observation\":{\"kmsg\":[{}, 7, {\"text\":9}],\"snapshots\":[{\"label\":\"begin\",\"tasks\":[{\"name\":null},{}]}],"
		"\"exits\":[{\"name\":\"x\"}],\"timeline\":[{},{\"rows\":[[]]}],\"console\":\"a\",\"fate\":\"died\"},"
		"\"plan\":{\"tasks\":[{},{\"name\":\"x\"}],\"cgroups\":[{}],\"steps\":[{},{\"op\":\"fill\",\"task\":\"x\"}]}}" };
	json_t *result = json_pack("{s:s s:s}", "id", "a", "verdict", "pass");
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		json_t *value = json_loads(kept[i], 0, NULL), *story = story_make(result, value);
		ck_assert(json_is_object(story));
		json_decref(story);
		json_decref(value);
	}
	json_t *story = story_make(result, NULL);
	ck_assert(json_is_object(story));
	json_decref(story);
	json_decref(result);
}
END_TEST

TESTS("report", fields_are_marked, marks_and_choices, marks_of_a_panic, long_logs_are_cut, timeline_in_differences, nothing_ends_the_script,
      story_of_anything)
