// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "judge/observation.h"
#include "tests/harness.h"

static const char *feed(struct observation *o, const char *line)
{
	return observation_feed(o, line, strlen(line));
}

START_TEST(messages)
{
	static const struct {
		const char *line, *name;
	} table[] = {
		{ "{\"hello\":{\"release\":\"6.1.0\"}}", "hello" },
		{ "{\"step\":{\"i\":0,\"op\":\"start\"}}\r\n", "step" },
		{ "{\"snapshot\":{\"label\":\"start\"}}", "snapshot" },
		{ "{\"kmsg\":[{\"seq\":1,\"text\":\"a\"},{\"seq\":2,\"text\":\"b\"}]}", "kmsg" },
		{ "{\"kmsg\":[]}", "kmsg" },
		{ "{\"exit\":{\"name\":\"big\"}}", "exit" },
		{ "{\"answer\":{\"name\":\"big\"}}", "answer" },
		{ "{\"eventfd\":{\"cgroup\":\"box\"}}", "eventfd" },
		{ "{\"inotify\":{\"cgroup\":\"box\"}}", "inotify" },
		{ "{\"note\":\"hm\"}", "note" },
		{ "{\"error\":{\"what\":\"x\"}}", "error" },
		{ "{\"missing\":[{\"need\":\"swap\"}]}", "missing" },
		{ "{\"begin\":{\"t\":5}}", "begin" },
		{ "{\"end\":{\"removed\":true}}", "end" },
	};
	struct observation *o = observation_new();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *name = feed(o, table[i].line);
		ck_assert_msg(streq(name, table[i].name), "%s became %s", table[i].line, name ? name : "nothing");
	}
	ck_assert_str_eq(json_string_value(json_object_get(o->hello, "release")), "6.1.0");
	ck_assert_uint_eq(json_array_size(o->steps), 1);
	ck_assert_uint_eq(json_array_size(o->snapshots), 1);
	ck_assert_uint_eq(json_array_size(o->kmsg), 2);
	ck_assert_uint_eq(json_array_size(o->exits), 1);
	ck_assert_uint_eq(json_array_size(o->answers), 1);
	ck_assert_uint_eq(json_array_size(o->events), 2);
	ck_assert_ptr_nonnull(json_object_get(json_array_get(o->events, 1), "inotify"));
	ck_assert_uint_eq(json_array_size(o->notes), 1);
	ck_assert_uint_eq(json_array_size(o->errors), 1);
	ck_assert_uint_eq(json_array_size(o->missing), 1);
	ck_assert(json_is_true(json_object_get(o->end, "removed")));
	ck_assert(!o->kmsg_lost);
	ck_assert_str_eq(feed(o, "{\"kmsg_lost\":3}"), "kmsg_lost");
	ck_assert(o->kmsg_lost && o->gap_open);
	ck_assert_str_eq(feed(o, "{\"kmsg\":[{\"seq\":77,\"text\":\"a\"},{\"seq\":78,\"text\":\"b\"}]}"), "kmsg");
	ck_assert(!o->gap_open);
	ck_assert_uint_eq(json_array_size(o->kmsg_gaps), 1);
	ck_assert_int_eq(json_integer_value(json_array_get(o->kmsg_gaps, 0)), 77);
	observation_free(o);
}
END_TEST

/* What is no message goes to the notes, whole, and nothing else changes. */
START_TEST(hostile_lines)
{
	static const char *const table[] = {
		"[  12.3] oom_reaper: reaped process 7 (\xff\xfe), now anon-rss:0kB",
		"{", "}", "null", "[]", "7", "\"text\"", "{}", "{\"step\":1}", "{\"step\":[]}", "{\"step\":null}",
		"{\"step\":{},\"end\":{}}", "{\"step\":{}} junk", "{\"hello\":[]}", "{\"end\":true}",
		"{\"kmsg\":{}}", "{\"kmsg\":[1]}", "{\"kmsg\":[{\"seq\":\"1\",\"text\":\"a\"}]}",
		"{\"kmsg\":[{\"seq\":1}]}", "{\"missing\":[{}]}", "{\"missing\":{}}", "{\"eventfd\":1}", "{\"note\":{}}",
		"{\"unknown\":{}}", "{\"\":{}}", "{\"step\":{\"i\":1,\"i\":2}}", "{\"step\":{\"t\":\"\xff\"}}",
		"{\"step\":{\"t\":\"\\u0000\"}}", "{\"step\":{\"t\":1e999}}", "\x1b[2J\x1b[31mred",
		"{\"exit\":7}", "{\"answer\":\"x\"}", "{\"snapshot\":[1]}", "{\"error\":\"x\"}", "{\"inotify\":[]}",
	};
	struct observation *o = observation_new();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		ck_assert_msg(!feed(o, table[i]), "\"%s\" was taken for a message", table[i]);
		ck_assert_uint_eq(json_array_size(o->notes), i + 1);
		CLEANUP_FREE char *kept = json_bytes_get(json_array_get(o->notes, i), NULL);
		ck_assert_str_eq(kept, table[i]);
	}
	ck_assert_ptr_null(feed(o, ""));
	ck_assert_ptr_null(feed(o, "\r\n"));
	ck_assert_uint_eq(json_array_size(o->notes), ARRAY_SIZE(table));
	ck_assert(!o->hello && !o->end && !o->missing && !o->kmsg_lost);
	ck_assert_uint_eq(json_array_size(o->steps) + json_array_size(o->kmsg) + json_array_size(o->events) +
			  json_array_size(o->exits) + json_array_size(o->answers) + json_array_size(o->errors) +
			  json_array_size(o->snapshots), 0);
	observation_free(o);
}
END_TEST

START_TEST(bounds)
{
	struct observation *o = observation_new();
	/* nested deeper than a stack can bear */
	size_t deep = 1 << 20;
	char *line = xcalloc(deep + 1, 1);
	memset(line, '[', deep);
	ck_assert_ptr_null(feed(o, line));
	memcpy(line, "{\"step\":", 8);
	ck_assert_ptr_null(feed(o, line));
	ck_assert_uint_le(json_string_length(json_array_get(o->notes, 0)), 4096);
	free(line);
	/* bytes with NUL among them */
	ck_assert_ptr_null(observation_feed(o, "a\0b", 3));
	size_t n;
	CLEANUP_FREE char *kept = json_bytes_get(json_array_get(o->notes, 2), &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(kept, "a\0b", 3);
	for (int i = 0; i < 5000; i++) {
		feed(o, "junk");
		feed(o, "{\"note\":\"junk\"}");
	}
	ck_assert_uint_le(json_array_size(o->notes), 1001);
	observation_free(o);
}
END_TEST

/* A second boot in the middle of a test must not look like the first. */
START_TEST(once)
{
	struct observation *o = observation_new();
	ck_assert_ptr_nonnull(feed(o, "{\"hello\":{\"release\":\"first\"}}"));
	ck_assert_ptr_null(feed(o, "{\"hello\":{\"release\":\"second\"}}"));
	ck_assert_str_eq(json_string_value(json_object_get(o->hello, "release")), "first");
	ck_assert_uint_eq(json_array_size(o->notes), 1);
	observation_free(o);
}
END_TEST

START_TEST(kept_and_read_back)
{
	struct observation *o = observation_new();
	feed(o, "{\"hello\":{\"release\":\"6.1.0\"}}");
	feed(o, "{\"step\":{\"i\":0}}");
	feed(o, "{\"kmsg_lost\":1}");
	feed(o, "junk \xe9");
	free(o->console);
	o->console = xstrdup("bytes \x01\x7f\x80\xff end");
	o->fate = FATE_PANIC;
	o->fate_text = xstrdup("QEMU said \xff");
	json_t *kept = observation_to_json(o);
	CLEANUP_FREE char *text = json_dumps(kept, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_t *again = json_loads(text, 0, NULL);
	struct observation *back = observation_from_json(again, NULL);
	ck_assert_ptr_nonnull(back);
	ck_assert_str_eq(back->console, o->console);
	ck_assert_str_eq(back->fate_text, o->fate_text);
	ck_assert_int_eq(back->fate, FATE_PANIC);
	ck_assert(back->kmsg_lost);
	json_t *twice = observation_to_json(back);
	ck_assert(json_equal(kept, twice));
	json_decref(kept);
	json_decref(again);
	json_decref(twice);
	observation_free(o);
	observation_free(back);
}
END_TEST

START_TEST(bad_kept)
{
	static const char *const table[] = { "[]", "{}", "{\"fate\":\"lost\"}", "{\"fate\":7}", "{\"fate\":\"ended\"}" };
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = { 0 };
		json_t *root = json_loads(table[i], 0, NULL);
		ck_assert_msg(!observation_from_json(root, &err), "%s was taken", table[i]);
		ck_assert(*err.text);
		json_decref(root);
	}
	struct observation *o = observation_new();
	static const char *const members[] = { "hello", "missing", "begin", "end", "steps", "snapshots", "kmsg", "exits",
					       "answers", "events", "notes", "errors" };
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		json_t *root = observation_to_json(o);
		json_object_set_new(root, members[i], json_integer(1));
		struct error err = { 0 };
		ck_assert_msg(!observation_from_json(root, &err), "%s as a number was taken", members[i]);
		ck_assert_ptr_nonnull(strstr(err.text, members[i]));
		json_decref(root);
	}
	observation_free(o);
}
END_TEST

START_TEST(panic_text)
{
	ck_assert_ptr_null(console_panic(""));
	ck_assert_ptr_null(console_panic("Kernel panic"));
	const char *text = "[ 1.0] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled\n";
	ck_assert_ptr_eq(console_panic(text), text + 7);
}
END_TEST

TESTS("observation", messages, hostile_lines, bounds, once, kept_and_read_back, bad_kept, panic_text)
