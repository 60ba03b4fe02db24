// SPDX-License-Identifier: GPL-2.0-or-later
/* What a watch says; that it sees an OOM is ci/tests/watch's part. */
#include <errno.h>

#include "base/util.h"
#include "tests/harness.h"
#include "watch/state.h"

static const struct watch_options options = { .levels = { 80, 90 }, .n_levels = 2 };

/* Each level is told once, and again only after use has fallen well below it. */
START_TEST(levels)
{
	static const struct {
		int percent, told;
	} t[] = {
		{ 10, 0 }, { 79, 0 }, { 80, 80 }, { 85, 0 }, { 79, 0 }, { 81, 0 }, { 90, 90 }, { 95, 0 }, { 86, 0 }, { 91, 0 },
		{ 84, 0 }, { 90, 90 }, { 74, 0 }, { 80, 80 }, { 70, 0 }, { 99, 90 }, { 10, 0 }, { 80, 80 },
	};
	int level = 0;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		ck_assert_msg(level_reached(&options, &level, t[i].percent) == t[i].told, "%zu: %d %%", i, t[i].percent);
}
END_TEST

static char *told(bool json, struct event *e)
{
	char *text = NULL;
	size_t len;
	struct watch_options o = options;
	struct watch w = { .options = &o };
	o.json = json;
	o.out = open_memstream(&text, &len);
	event_tell(&w, e);
	fclose(o.out);
	ck_assert_uint_eq(w.counts[0].n, 1);
	return text;
}

START_TEST(hostile_names)
{
	struct event e = { .type = "kill", .severity = SEVERITY_CRITICAL, .comm = "a\033[2J\n\377\"", .pid = 7, .usec = -1,
			   .text = "a\033[2J\n\377\" was killed" };
	CLEANUP_FREE char *line = told(false, &e), *json = told(true, &e);
	ck_assert_ptr_null(strchr(line, '\033'));
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	json_t *o = json_loads(json, 0, NULL);
	ck_assert_ptr_nonnull(o);
	ck_assert_str_eq(json_string_value(json_object_get(o, "event")), "kill");
	ck_assert_int_eq(json_integer_value(json_object_get(o, "pid")), 7);
	json_decref(o);
}
END_TEST

/* What was asked for and is not there is told, and nothing else. */
START_TEST(missing_cgroups)
{
	static const char *const asked[] = { "/", "/a/b", "/a/b/", "/a", "/nosuch" };
	struct machine_cgroup there[] = { { .path = (char[]){ "/a" } }, { .path = (char[]){ "/a/b" } } };
	struct machine m = { .cgroups = there, .n_cgroups = 2 };
	struct watch_options o = options;
	struct watch w = { .options = &o };
	char *text = NULL;
	size_t len;
	o.cgroups = asked;
	o.n_cgroups = ARRAY_SIZE(asked);
	o.out = open_memstream(&text, &len);
	cgroups_tell_missing(&w, &m);
	fclose(o.out);
	ck_assert_uint_eq(w.counts[0].n, 1);
	ck_assert_ptr_nonnull(strstr(text, "lack     no memory cgroup /nosuch is there (yet)"));
	free(text);
}
END_TEST

/* A full disk ends it, with the reason. */
START_TEST(unwritable)
{
	struct watch_options o = options;
	struct watch w = { .options = &o };
	struct event e = { .type = "start", .usec = -1, .text = "x" };
	o.out = fopen("/dev/full", "w");
	event_tell(&w, &e);
	ck_assert_int_eq(w.out_errnum, ENOSPC);
	ck_assert(w.ending);
	errno = EAGAIN;
	event_tell(&w, &e);
	ck_assert_int_eq(w.out_errnum, ENOSPC);
	fclose(o.out);
}
END_TEST

TESTS("watch", levels, hostile_names, missing_cgroups, unwritable)
