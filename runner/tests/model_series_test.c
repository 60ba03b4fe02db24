// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A series of kills is what the same decision gives again and again: the sorted way against the slow one, on thousands of
 * scenes that chance made.
 */
#include "base/util.h"
#include "model/series.h"
#include "tests/harness.h"
#include "tests/scene.h"

static struct stage s;
static unsigned seed;

static unsigned dice(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* Few different sizes, so that ties are common. */
static void chance_scene(const char *release, bool bounds)
{
	static const int adjs[] = { 0, 0, 0, 0, 500, -500, -1000, 1000 };
	stage_init(&s, release);
	int memcgs = (int)dice(5);
	for (int i = 0; i < memcgs; i++) {
		stage_memcg(&s, (int)dice((unsigned)i + 1) - 1, dice(2) ? (uint64_t)M(16 + dice(100)) : 0);
		s.memcgs[i].group = dice(3) == 0;
	}
	unsigned tasks = dice(20);
	for (unsigned i = 0; i < tasks; i++) {
		int t = stage_task(&s, "t", (int64_t)dice(6) * 100, adjs[dice(8)], (int)dice((unsigned)memcgs + 1) - 1);
		s.tasks[t].mm = dice(4) ? 0 : (int)dice(3) + 1;
		s.tasks[t].init = dice(20) == 0;
		s.tasks[t].joined = dice(4);
		s.tasks[t].parent = dice(3) || !t ? -1 : (int)dice((unsigned)t);
		s.tasks[t].less = s.tasks[t].more = bounds ? dice(80) : 0;
		if (dice(6) == 0) {
			s.tasks[t].pidns = (int)dice(tasks) + 1;
			s.tasks[t].pidns_init = dice(2);
		}
	}
	/* an mm has one size, and since 4.8 one oom_score_adj */
	for (unsigned i = 0; i < tasks; i++)
		for (unsigned k = 0; k < i; k++)
			if (s.tasks[i].mm && s.tasks[i].mm == s.tasks[k].mm) {
				s.tasks[i].pages = s.tasks[k].pages;
				s.tasks[i].adj = s.tasks[k].adj;
				s.tasks[i].less = s.tasks[k].less;
				s.tasks[i].more = s.tasks[k].more;
			}
	s.oom.memcg = memcgs && dice(2) ? (int)dice((unsigned)memcgs) : -1;
}

/* The series step by step, by hand. */
static void follow(const struct model_series *series, bool bounds)
{
	size_t i = 0;
	for (;; i++) {
		model_decision_free(&s.d);
		model_out_of_memory(&s.era, &s.scene, &s.oom, &s.d);
		if (s.d.outcome != OUTCOME_KILL)
			break;
		ck_assert_uint_lt(i, series->n);
		const struct model_step *step = &series->steps[i];
		ck_assert_int_eq(step->victim, s.d.victim);
		ck_assert_int_eq(step->points, s.d.points);
		ck_assert_int_eq(step->group, s.d.group);
		ck_assert_int_eq(step->runner_up_points, s.d.runner_up_points);
		ck_assert_int_eq(step->runner_up < 0, s.d.runner_up < 0);
		/* with bounds the sorted way may see a doubt where there is none, but not the other way round */
		ck_assert(bounds ? !step->certain || s.d.certain : step->certain == s.d.certain);
		size_t known = 0;
		for (size_t k = 0; k < s.d.n_deaths; k++) {
			if (s.tasks[s.d.deaths[k].task].no_mm)
				continue;
			ck_assert_uint_lt(known, step->n_deaths);
			ck_assert_int_eq(step->deaths[known].task, s.d.deaths[k].task);
			ck_assert_int_eq(step->deaths[known].how, s.d.deaths[k].how);
			known++;
		}
		ck_assert_uint_eq(known, step->n_deaths);
		for (size_t k = 0; k < s.d.n_deaths; k++)
			s.tasks[s.d.deaths[k].task].no_mm = true;
	}
	ck_assert_uint_eq(i, series->n);
	ck_assert(series->all);
	ck_assert_int_eq(series->end, s.d.outcome);
	ck_assert_ptr_eq(series->panic, s.d.panic);
}

START_TEST(both_ways_agree)
{
	static const char *const releases[] = { "4.4.0", "5.0.0", "5.3.0", "5.10.0", "6.1.0", "6.12.0", "7.0.0" };
	for (unsigned n = 0; n < 7000; n++) {
		bool bounds = n % 3 == 0;
		seed = n;
		chance_scene(releases[n % ARRAY_SIZE(releases)], bounds);
		struct model_series series;
		model_series(&s.era, &s.scene, &s.oom, 1000, &series);
		follow(&series, bounds);
		model_series_free(&series);
		stage_end(&s);
	}
}
END_TEST

START_TEST(ends_at_the_most)
{
	struct model_series series;
	stage_init(&s, "6.1.0");
	for (int i = 0; i < 5; i++)
		stage_task(&s, "t", M(10 - i), 0, OUTSIDE);
	model_series(&s.era, &s.scene, &s.oom, 3, &series);
	ck_assert_uint_eq(series.n, 3);
	ck_assert(!series.all);
	ck_assert_int_eq(series.steps[2].victim, 2);
	model_series_free(&series);
}
END_TEST

/* panic_on_oom and kill_allocating_task end or change the first OOM; the series is told as it were without. */
START_TEST(sysctls_are_not_asked)
{
	struct model_series series;
	stage_init(&s, "6.1.0");
	stage_task(&s, "a", M(10), 0, OUTSIDE);
	s.scene.machine.panic_on_oom = 2;
	s.scene.machine.kill_allocating_task = true;
	model_series(&s.era, &s.scene, &s.oom, 3, &series);
	ck_assert_uint_eq(series.n, 1);
	ck_assert_str_eq(series.panic, "System is deadlocked on memory");
	model_series_free(&series);
}
END_TEST

/* A victim in flight ends every scan until it is gone; it is not a step. */
START_TEST(in_flight_goes_first)
{
	struct model_series series;
	stage_init(&s, "6.1.0");
	stage_task(&s, "small", M(10), 0, OUTSIDE);
	int dying = stage_task(&s, "dying", M(100), 0, OUTSIDE);
	s.tasks[dying].in_flight = s.tasks[dying].exiting = true;
	model_series(&s.era, &s.scene, &s.oom, 3, &series);
	ck_assert_uint_eq(series.n, 1);
	ck_assert_int_eq(series.steps[0].victim, 0);
	model_series_free(&series);
}
END_TEST

TESTS("model_series", both_ways_agree, ends_at_the_most, sysctls_are_not_asked, in_flight_goes_first)
