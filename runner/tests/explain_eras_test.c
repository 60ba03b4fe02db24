// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reports of every era, on pages of several sizes, of random scenes: the choice that the kernel's rules of that version
 * make must never be called wrong, and one that they can't make never right.
 */
#include <check.h>
#include <jansson.h>

#include "base/util.h"
#include "explain/explain.h"
#include "klog/stream.h"
#include "tests/harness.h"
#include "tests/old_report.h"

static const char *const releases[] = {
	"2.6.32-431.el6.x86_64",
	"2.6.36.4",
	"3.0.101-0.47-default",
	"3.2.0-4-amd64",
	"3.5.7",
	"3.6.11",
	"3.10.105",
	"3.10.0-957.el7.x86_64",
	"3.13.0-24-generic",
	"3.16.0-4-amd64",
	"3.18.140",
	"4.1.12",
	"4.4.0-210-generic",
	"4.4.302",
	"4.6.7",
	"4.9.0-19-amd64",
	"4.12.14-lp151.28-default",
	"4.14.336",
	"4.15.0-213-generic",
	"4.17.19",
	"4.18.0-80.el8.x86_64",
	"4.19.0-27-amd64",
	"5.0.21",
	"5.1.21",
	"5.2.21",
	"5.3.18",
	"5.4.0-216-generic",
	"5.4.278",
	"5.8.18",
	"5.9.16",
	"5.10.0-32-amd64",
	"5.14.0-427.el9.x86_64",
	"5.15.0-204-generic",
	"5.15.148-tegra",
	"6.1.0-56-amd64",
	"6.1.75-rt23",
	"6.6.30+rpt-rpi-v8",
	"6.8.0-151-generic",
	"6.12.43+deb13-amd64",
	"6.12.0-55.el10.aarch64+64k",
	"6.18.2",
	"6.19.3",
	"7.2.13+deb14-amd64",
};

static uint64_t state = 88172645463325252u;

static int64_t upto(int64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int64_t)(state % (uint64_t)n);
}

static int some_adj(void)
{
	static const int often[] = { 0,    0,   0,    0,   0,    0,    17,   -17,   200,
				     -250, 500, -500, 900, -900, 1000, -999, -1000, -1000 };
	return often[upto(ARRAY_SIZE(often))];
}

static void make_scene(struct old_scene *s, const char *release)
{
	static const int sizes[] = { 4096, 4096, 4096, 16384, 65536 };
	memset(s, 0, sizeof(*s));
	s->release = release;
	era_from_release(release, &s->era);
	s->page_size = sizes[upto(ARRAY_SIZE(sizes))];
	s->memcg = upto(2) && s->era.version >= KVER(2, 6, 36);
	s->totalram = 2000 + upto(4000000);
	s->total_swap = s->memcg || upto(2) ? 0 : upto(s->totalram);
	s->n = 2 + (int)upto(30);
	for (int i = 0; i < s->n; i++) {
		struct old_task *t = &s->tasks[i];
		*t = (struct old_task){ .pid = 300 + 7 * i, .uid = upto(3) ? 1000 : 0, .adj = some_adj() };
		t->capable = t->uid == 0 && upto(4);
		t->rss = upto(s->totalram / s->n + 1) * (upto(4) ? 1 : 3);
		t->vm = t->rss + upto(t->rss + 100) + 1;
		t->swap = s->total_swap ? upto(s->total_swap / s->n + 1) : 0;
		t->tables = 2 + t->vm / 512 + (s->era.pgtables_bytes ? 3 : 0);
		/* some are alike, to the page */
		if (i && !upto(5)) {
			t->rss = t[-1].rss;
			t->vm = t[-1].vm;
			t->swap = t[-1].swap;
			t->tables = t[-1].tables;
			t->adj = t[-1].adj;
		}
		snprintf(t->name, sizeof(t->name), "task-%u", (unsigned)i % 1000);
	}
}

/* The one object of the scene's report with this task chosen. */
static json_t *explain_scene(const struct old_scene *s, int chosen, char **text)
{
	char *json = NULL;
	size_t len = 0, json_len = 0;
	FILE *f = open_memstream(text, &len);
	old_print(f, s, chosen);
	fclose(f);
	f = open_memstream(&json, &json_len);
	struct explainer x = { .out = f, .json = true, .file = "x", .earlier.usec = OOM_UNKNOWN };
	struct klog *k = klog_new(explain_report, &x);
	struct stream *stream = stream_new(k);
	stream_feed(stream, *text, len);
	stream_end(stream);
	stream_free(stream);
	klog_free(k);
	fclose(f);
	json_t *o = json_loads(json, 0, NULL);	/* one line, or more than one document */
	ck_assert_msg(o != NULL, "not one report:\n%s\nbut:\n%s", *text, json);
	free(json);
	return o;
}

/* What decides is in the log: no bonus that it does not tell, no columns that are missing, a kernel whose rules are
 * known. */
static bool decidable(const struct old_scene *s)
{
	if (s->era.version < KVER(3, 6, 0) || (s->era.vendor != ERA_MAINLINE && era_unsure(&s->era, "ties_last")))
		return false;
	if (s->era.root_bonus)
		for (int i = 0; i < s->n; i++)
			if (s->tasks[i].uid == 0)
				return false;
	return !(s->memcg && !s->era.table_scan_order);
}

START_TEST(right_choices)
{
	int agreed = 0, asked = 0;
	for (int round = 0; round < 60; round++)
		for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
			struct old_scene s;
			int64_t margin;
			CLEANUP_FREE char *text = NULL;
			make_scene(&s, releases[i]);
			int chosen = old_choose(&s, &margin);
			if (chosen < 0)
				continue;
			json_t *o = explain_scene(&s, chosen, &text);
			const json_t *agrees = json_object_get(o, "agrees");
			ck_assert_msg(!json_is_false(agrees), "called wrong: %s\n%s",
				      json_string_value(json_object_get(o, "why")), text);
			ck_assert_str_eq(json_string_value(json_object_get(o, "kernel")), releases[i]);
			ck_assert_uint_eq(json_array_size(json_object_get(o, "tasks")), (size_t)s.n);
			ck_assert_msg(json_is_true(json_object_get(o, "complete")), "not complete:\n%s", text);
			if (decidable(&s)) {
				asked++;
				ck_assert_msg(json_is_true(agrees), "open: %s\n%s",
					      json_string_value(json_object_get(o, "why")), text);
			}
			agreed += json_is_true(agrees);
			json_decref(o);
		}
	ck_assert_int_gt(asked, 500);
	ck_assert_int_gt(agreed, asked);
}
END_TEST

START_TEST(wrong_choices)
{
	int called = 0, asked = 0;
	for (int round = 0; round < 60; round++)
		for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
			struct old_scene s;
			int64_t margin;
			CLEANUP_FREE char *text = NULL;
			make_scene(&s, releases[i]);
			int chosen = old_choose(&s, &margin), other = (int)upto(s.n);
			if (chosen < 0 || old_is_ancient(&s))
				continue;
			int64_t best = old_points(&s, &s.tasks[chosen]), points = old_points(&s, &s.tasks[other]);
			/* what could be another root's bonus, or a number that changed while the table was printed, is
			 * no proof */
			if (points == INT64_MIN || best - points < 2000 + (best + s.totalram + s.total_swap) / 10)
				continue;
			json_t *o = explain_scene(&s, other, &text);
			const json_t *agrees = json_object_get(o, "agrees");
			ck_assert_msg(!json_is_true(agrees), "called right:\n%s", text);
			if (decidable(&s)) {
				asked++;
				ck_assert_msg(json_is_false(agrees), "open: %s\n%s",
					      json_string_value(json_object_get(o, "why")), text);
			}
			called += json_is_false(agrees);
			json_decref(o);
		}
	ck_assert_int_gt(asked, 200);
	ck_assert_int_ge(called, asked);
}
END_TEST

TESTS("explain-eras", right_choices, wrong_choices)
