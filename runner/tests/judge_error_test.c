// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was not set up, not seen or not finished is an error, whatever it was: never a pass, and never the kernel's
 * fault.
 */
#include <check.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/recorded.h"

static const struct {
	const char *recorded;
	struct change change[4];
	const char *why;
} table[] = {
	/* nothing is the kernel's fault when the kernel lacks what a kind needs */
	{ "memcg-v2",
	  { { "steps>i=1>ended", NULL, "true" }, { "steps>i=1>pid", NULL, "999" },
	    { "exits", "+", "{\"name\":\"big\",\"pid\":999,\"t\":1,\"signal\":null,\"code\":2,\"by_agent\":false}" },
	    { "steps>op=await>how", NULL, "\"failed\"" } },
	  "ended before it was filled" },
	{ "memcg-v2", { { "kmsg_lost", NULL, "true" } }, "kernel records were overrun" },
	{ "memcg-v2",
	  { { "kmsg_lost", NULL, "true" }, { "kmsg_gaps", NULL, "[100000]" }, { "snapshots>label=after-0>kmsg_seq", NULL, "100000" } },
	  "kernel records were overrun" },
	{ "memcg-v2", { { "fate", NULL, "\"silent\"" } }, "no end within the deadline" },
	{ "memcg-v2", { { "fate", NULL, "\"died\"" } }, "the machine ended by itself" },
	{ "memcg-v2", { { "fate", NULL, "\"not_started\"" }, { "fate_text", NULL, "\"no kernel\"" } }, "no kernel" },
	{ "memcg-v2", { { "end", NULL, "null" } }, "the agent sent no end" },
	{ "memcg-v2", { { "errors", "+", "{\"step\":3,\"what\":\"no cgroup\",\"errno\":\"EBUSY\"}" } }, "no cgroup: EBUSY" },
	{ "memcg-v2", { { "steps>op=await>timeout", NULL, "true" }, { "steps>op=await>how", NULL, NULL } },
	  "await passed its deadline" },
	/* owed, but the machine may have stood still */
	{ "blocked", { { "steps>op=poll>timeout", NULL, "true" }, { "steps>op=poll>looks", NULL, "499" } }, "poll passed its deadline" },
	{ "memcg-v2", { { "steps>op=settle>timeout", NULL, "true" } }, "settle passed its deadline" },
	{ "memcg-v2", { { "steps>op=fill>answer", "filled", "failed ENOMEM" } }, "was not filled" },
	{ "memcg-v2",
	  { { "steps>op=fill>answer", "filled", "failed EINVAL" }, { "steps>op=await>how", NULL, "\"failed\"" } }, "was not filled" },
	/* the case's mistake, with all that follows from it */
	{ "words",
	  { { "steps>op=call>answer", NULL, "\"error call mmap: it takes: SIZE [private|shared]\"" }, { "steps>op=await>how", NULL, "\"failed\"" } },
	  "words.yaml:17:5: asks could not do as it was told: call mmap: it takes: SIZE [private|shared]" },
	{ "words",
	  { { "answers", "+", "{\"name\":\"asks\",\"t\":1,\"text\":\"error call fault: it takes: [SIZE]\"}" } },
	  "asks could not do as it was told: call fault: it takes: [SIZE]" },
	{ "memcg-v2", { { "steps>i=3>ended", NULL, "true" } }, "ended before it was filled" },
	{ "memcg-v2", { { "steps>op=ping>unasked", NULL, "true" } }, "had ended when it was to make a call" },
	/* by itself, so that what came after it had another scene */
	{ "memcg-v2",
	  { { "steps>op=ping>unasked", NULL, "true" }, { "steps>op=ping>pid", NULL, "999" },
	    { "exits", "+", "{\"name\":\"gone\",\"pid\":999,\"t\":1,\"signal\":null,\"code\":0,\"by_agent\":false}" },
	    { "snapshots>label=after-0>vmstat>oom_kill", NULL, "2" } },
	  "had ended when it was to make a call" },
	{ "memcg-v2", { { "steps>op=ping", NULL, NULL } }, "left steps of the plan unanswered" },
	{ "memcg-v2", { { "snapshots>label=begin", NULL, NULL } }, "no snapshot of the beginning" },
	{ "memcg-v2", { { "snapshots>label=end", NULL, NULL } }, "no snapshot of the end" },
	{ "memcg-v2", { { "snapshots>label=after-0", NULL, NULL } }, "no snapshots for expectation 1" },
	{ "memcg-v2", { { "snapshots>label=before-0", NULL, NULL } }, "no snapshots for expectation 1" },
	{ "memcg-v2", { { "exits>name=big", NULL, NULL } }, "did not tell how big ended" },
	{ "memcg-v2", { { "hello", NULL, "null" } }, "" },
	{ "memcg-v2",
	  { { "kmsg", "^", "{\"seq\":1,\"t\":1,\"level\":3,\"text\":\"Out of memory: Killed process 84 (outside)\"}" } },
	  "killed before the case was ready" },
	{ "panic", { { "fate", NULL, "\"silent\"" }, { "console", NULL, "\"\"" } }, "no end within the deadline" },
	{ "panic", { { "fate", NULL, "\"died\"" }, { "console", NULL, "\"\"" } }, "the machine ended by itself" },
	{ "panic", { { "fate", NULL, "\"ended\"" }, { "console", NULL, "\"\"" } }, "left steps of the plan unanswered" },
	{ "global",
	  { { "fate", NULL, "\"panic\"" },
	    { "console", NULL, "\"Kernel panic - not syncing: Attempted to kill init! exitcode=0xb\"" } },
	  "the agent ended inside the machine" },
	{ "global",
	  { { "fate", NULL, "\"panic\"" }, { "console", NULL, "\"Kernel panic - not syncing: hm\"" }, { "snapshots>label=begin", NULL, NULL } },
	  "the machine panicked before the test began" },
	{ "score", { { "steps>op=score", NULL, NULL } }, "left steps of the plan unanswered" },
	{ "commit", { { "snapshots>label~commit", NULL, NULL } }, "" },
};

START_TEST(not_seen_is_an_error)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct recorded *r = recorded_load(table[i].recorded);
		for (size_t k = 0; k < ARRAY_SIZE(table[i].change) && table[i].change[k].path; k++)
			recorded_change(r, &table[i].change[k]);
		struct result *result = recorded_judge(r);
		ck_assert_msg(result->verdict == VERDICT_ERROR && result->why && strstr(result->why, table[i].why),
			      "%s, %s: not an error saying \"%s\" but %s", table[i].recorded, table[i].change[0].path,
			      table[i].why, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/*
 * Who was to die behind the first may have, unseen, when the machine dies for want of a victim; where the first did not die
 * either, or nobody else was to, it is the kernel's fault.
 */
START_TEST(nobody_left_behind_the_first)
{
	static const char *const later[] = { "exits>name=small", "exits>name=hog", "snapshots>label=after-0", "snapshots>label=end" };
	static const struct {
		const char *victims, *killed;
		enum verdict verdict;
	} panics[] = {
		{ "big, small, hog", "Killed process", VERDICT_ERROR },
		{ "big, small, hog", "Said process", VERDICT_FAIL },
		{ "big", "Killed process", VERDICT_FAIL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(panics); i++) {
		CLEANUP_FREE char *yaml = xasprintf("title: t\nmachine: {memory: 256M}\ntasks:\n  - {name: small, size: 16M}\n"
						    "  - {name: big, size: 110M}\n  - {name: hog, size: 1M, to: 96M}\ntrigger: hog\n"
						    "expect:\n  - {victims: [%s], constraint: none, end: filled}\n", panics[i].victims);
		struct recorded *r = recorded_load_as("global", yaml);
		recorded_change(r, &(struct change){ "fate", NULL, "\"panic\"" });
		recorded_change(r, &(struct change){ "console", NULL, "\"Kernel panic - not syncing: System is deadlocked on memory\"" });
		recorded_change(r, &(struct change){ "kmsg>text~Killed process>text", "Killed process", panics[i].killed });
		for (size_t k = 0; k < ARRAY_SIZE(later); k++)
			recorded_change(r, &(struct change){ later[k], NULL, NULL });
		struct result *result = recorded_judge(r);
		ck_assert_msg(result->verdict == panics[i].verdict, "%s, %s: %s", panics[i].victims, panics[i].killed, result_words(result));
		result_free(result);
		recorded_free(r);
	}
}
END_TEST

/* When a message came: a step's when it was answered. */
static int64_t time_of(const json_t *message)
{
	const json_t *inner = json_object_get(message, "inotify");
	if (!inner)
		inner = json_object_get(message, "eventfd");
	return json_integer_value(json_object_get(inner ? inner : message, "t")) +
	       json_integer_value(json_object_get(message, "took_us"));
}

static void cut_list(json_t *list, int64_t at)
{
	for (size_t i = json_array_size(list); i-- > 0;)
		if (time_of(json_array_get(list, i)) >= at)
			json_array_remove(list, i);
}

/* All that had come before a moment; then the machine was gone. */
static void cut(struct recorded *r, int64_t at, const char *fate)
{
	static const char *const lists[] = { "steps", "snapshots", "kmsg", "exits", "answers", "events" };
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		cut_list(json_object_get(r->observation, lists[i]), at);
	json_object_set_new(r->observation, "end", json_null());
	json_object_set_new(r->observation, "fate", json_string(fate));
}

/* Cut ahead of each of its messages (of a long log, of some forty), and once behind all of them: an error. */
static void try_cuts(const char *name, const char *list, const char *fate)
{
	struct recorded *whole = recorded_load(name);
	size_t n = json_array_size(json_object_get(whole->observation, list)), step = n > 200 ? n / 40 : 1;
	for (size_t i = 0; i <= n; i += i == n || i + step < n ? step : n - i) {
		struct recorded *r = recorded_load(name);
		const json_t *message = json_array_get(json_object_get(r->observation, list), i);
		cut(r, message ? time_of(message) : INT64_MAX, fate);
		if (streq(fate, "panic"))
			json_object_set_new(r->observation, "console", json_string("Kernel panic - not syncing: Attempted to kill init!"));
		struct result *result = recorded_judge(r);
		ck_assert_msg(result->verdict == VERDICT_ERROR, "%s cut before %s %zu, %s: %s", name, list, i, fate,
			      result_words(result));
		result_free(result);
		recorded_free(r);
	}
	recorded_free(whole);
}

START_TEST(cut_off)
{
	size_t n;
	const char *const *names = recorded_names(&n);
	for (size_t i = 0; i < n; i++) {
		if (streq(names[i], "panic"))
			continue;	/* it ends by one */
		try_cuts(names[i], "steps", "died");
		try_cuts(names[i], "kmsg", "died");
		try_cuts(names[i], "snapshots", "silent");
		try_cuts(names[i], "kmsg", "panic");
	}
}
END_TEST

/* Whatever single message is lost: what is left may be wrong, but it is no pass where a check lived by it. */
START_TEST(one_message_lost)
{
	static const char *const lists[] = { "steps", "snapshots" };
	size_t n;
	const char *const *names = recorded_names(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
			for (size_t k = 0;; k++) {
				struct recorded *r = recorded_load(names[i]);
				json_t *list = json_object_get(r->observation, lists[l]);
				bool over = k >= json_array_size(list);
				json_array_remove(list, k);
				struct result *result = recorded_judge(r);
				ck_assert_msg(over || result->verdict != VERDICT_PASS || streq(names[i], "panic"),
					      "%s without %s %zu is a pass", names[i], lists[l], k);
				result_free(result);
				recorded_free(r);
				if (over)
					break;
			}
}
END_TEST

static void expect_pass(const char *name, const struct change *changes, size_t n)
{
	struct recorded *r = recorded_load(name);
	for (size_t i = 0; i < n; i++)
		recorded_change(r, &changes[i]);
	struct result *result = recorded_judge(r);
	ck_assert_msg(result->verdict == VERDICT_PASS, "%s: %s: %s", name, result->why ? result->why : "?", result_words(result));
	result_free(result);
	recorded_free(r);
}

/* On several CPUs who was killed may have a page back from swap before the line that says so. */
START_TEST(back_from_swap_is_a_pass)
{
	static const struct change changes[] = {
		{ "hello>cpus", NULL, "2" },
		{ "kmsg>text~Killed process>text", "anon-rss:#kB", "anon-rss:#+1000kB" },
	};
	expect_pass("memcg-v2", changes, ARRAY_SIZE(changes));
}
END_TEST

/* What was in swap stays there when the limit goes below it. */
START_TEST(swap_before_its_limit_is_a_pass)
{
	expect_pass("memcg-v2", &(struct change){ "snapshots>label=after-0>cgroups>name=box>files>memory.swap.max", "#", "0" }, 1);
}
END_TEST

/* What zswap keeps of a page is charged when the page goes, beyond the limit if it must. */
START_TEST(zswap_beyond_the_limit_is_a_pass)
{
	static const struct change changes[] = {
		{ "snapshots>label=after-0>vmstat>zswpout", NULL, "1" },
		{ "snapshots>label=after-0>cgroups>name=box>files>memory.current", "#", "#+99999999" },
	};
	expect_pass("memcg-v2", changes, ARRAY_SIZE(changes));
}
END_TEST

/* While all are frozen attempts are counted, and nobody is killed or told of. */
START_TEST(oom_of_the_frozen_is_a_pass)
{
#define ONE_MORE(cgroup, file) { "snapshots>label=after-0>cgroups>name=" cgroup ">files>" file, "oom #", "oom #+1" }
	static const struct change changes[] = {
		ONE_MORE("bystander", "memory.events"),
		ONE_MORE("bystander", "memory.events.local"),
		{ "snapshots>label=after-0>kmsg_seq", NULL, "100000" },
		{ "kmsg", "+", "{\"seq\":100000,\"t\":100000000000,\"level\":6,\"text\":\"OOM killer disabled.\"}" },
	};
	expect_pass("memcg-v2", changes, ARRAY_SIZE(changes));
}
END_TEST

/* Whatever came after it. */
START_TEST(killed_while_filled_is_an_error)
{
	struct recorded *r = recorded_load("memcg-v2");
	recorded_change(r, &(struct change){ "kmsg", "^", "{\"seq\":1,\"t\":1,\"level\":3,\"text\":\"Out of memory: Killed process 84 (outside)\"}" });
	recorded_change(r, &(struct change){ "snapshots>label=after-0>vmstat>oom_kill", NULL, "2" });
	struct result *result = recorded_judge(r);
	ck_assert_int_eq(result->verdict, VERDICT_FAIL);
	result_free(result);
	recorded_change(r, &(struct change){ "steps>i=1>ended", NULL, "true" });
	result = recorded_judge(r);
	ck_assert_msg(result->verdict == VERDICT_ERROR, "%s", result_words(result));
	ck_assert_msg(strstr(result->why, "outside ended before it was filled") != NULL, "%s", result->why);
	result_free(result);
	recorded_free(r);
}
END_TEST

/* Who was killed can't be asked any more, and what killed it stays wrong. */
START_TEST(killed_and_then_asked_is_a_fail)
{
	struct recorded *r = recorded_load("memcg-v2");
	recorded_change(r, &(struct change){ "exits", "+", "{\"name\":\"gone\",\"pid\":999,\"t\":1,\"signal\":9,\"code\":null,\"by_agent\":false}" });
	recorded_change(r, &(struct change){ "snapshots>label=after-0>vmstat>oom_kill", NULL, "2" });
	recorded_change(r, &(struct change){ "steps>op=ping>pid", NULL, "999" });
	recorded_change(r, &(struct change){ "steps>op=ping>unasked", NULL, "true" });
	struct result *result = recorded_judge(r);
	ck_assert_msg(result->verdict == VERDICT_FAIL, "%s", result_words(result));
	result_free(result);
	recorded_free(r);
}
END_TEST

/* Records that are lost ahead of all that is judged by the log take nothing from the verdict. */
START_TEST(lost_elsewhere_is_a_pass)
{
	static const struct change changes[] = {
		{ "kmsg_lost", NULL, "true" },
		{ "kmsg_gaps", NULL, "[300]" },
		{ "snapshots>label=before-0>kmsg_seq", NULL, "300" },
	};
	expect_pass("memcg-v2", changes, ARRAY_SIZE(changes));
}
END_TEST

/* Who is silent lives at a limit where the kernel may not kill. */
START_TEST(waiting_by_design_is_a_pass)
{
	expect_pass("blocked", &(struct change){ "steps>op=ping>silent", "+", "\"hog\"" }, 1);
}
END_TEST

/* What is missing is all listed. */
START_TEST(missing_is_a_skip)
{
	struct recorded *r = recorded_load("memcg-v2");
	recorded_change(r, &(struct change){ "missing", NULL, "[{\"need\":\"swap disk\",\"why\":\"no disk\",\"how\":\"add one\"},"
							     "{\"need\":\"cgroup v2\"}]" });
	struct result *result = recorded_judge(r);
	ck_assert_int_eq(result->verdict, VERDICT_SKIP);
	ck_assert_ptr_nonnull(strstr(result->why, "swap disk"));
	ck_assert_ptr_nonnull(strstr(result->why, "add one"));
	ck_assert_ptr_nonnull(strstr(result->why, "cgroup v2"));
	result_free(result);
	recorded_free(r);
}
END_TEST

TESTS("judge_error", not_seen_is_an_error, nobody_left_behind_the_first, cut_off, one_message_lost, lost_elsewhere_is_a_pass,
      waiting_by_design_is_a_pass, back_from_swap_is_a_pass, swap_before_its_limit_is_a_pass,
      zswap_beyond_the_limit_is_a_pass, oom_of_the_frozen_is_a_pass, killed_while_filled_is_an_error, killed_and_then_asked_is_a_fail,
      missing_is_a_skip)
