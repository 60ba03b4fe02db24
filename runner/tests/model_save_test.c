// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What would have let the victim live.
 */
#include "base/util.h"
#include "tests/harness.h"
#include "tests/scene.h"

static struct stage s;
static struct model_save save;

static void decide_and_save(void)
{
	stage_victim(&s);
	model_what_would_save(&s.era, &s.scene, &s.oom, &s.d, &save);
}

/* Decides with this adj of task i: does it still die? */
static bool dies_with(int i, int adj)
{
	int own = s.tasks[i].adj;
	s.tasks[i].adj = adj;
	stage_victim(&s);
	bool dies = false;
	for (size_t k = 0; k < s.d.n_deaths; k++)
		dies = dies || s.d.deaths[k].task == i;
	s.tasks[i].adj = own;
	return dies;
}

/* 40 M, unit 10, 265 pages apart: -26 is not enough, -27 is. */
START_TEST(adj)
{
	stage_init(&s, "6.1.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, 10240);
	int a = stage_task(&s, "a", 5265, 0, 0);
	stage_task(&s, "b", 5000, 0, 0);
	decide_and_save();
	ck_assert(save.adj_found);
	ck_assert_int_eq(save.adj, -27);
	ck_assert_str_eq(s.tasks[save.adj_victim].comm, "b");
	ck_assert(dies_with(a, -26) && !dies_with(a, -27));
	/* an exact tie saves the earlier one here, and would not until 5.2 */
	s.tasks[a].pages.anon = 5260;
	decide_and_save();
	ck_assert_int_eq(save.adj, -26);
	era_from_release("5.2.0", &s.era);
	decide_and_save();
	ck_assert_int_eq(save.adj, -27);
	/* nobody else: the last way out is that nobody can be killed */
	s.scene.n_tasks = 1;
	decide_and_save();
	ck_assert(save.adj_found && save.adj == -1000 && save.adj_victim == -1);
	stage_end(&s);
}
END_TEST

/* Unit 0: only -1000 helps, or a larger limit. */
START_TEST(no_unit)
{
	stage_init(&s, "6.1.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, 768);
	stage_task(&s, "a", 128, 900, 0);
	stage_task(&s, "b", 384, 0, 0);
	decide_and_save();
	ck_assert_str_eq(s.tasks[s.d.victim].comm, "b");
	ck_assert_int_eq(save.adj, -1000);
	ck_assert_str_eq(s.tasks[save.adj_victim].comm, "a");
	ck_assert(save.raise_found && !save.lower_found);
	ck_assert_uint_eq(save.raise_totalpages, 1000);
	ck_assert_str_eq(s.tasks[save.raise_victim].comm, "a");
	stage_end(&s);
}
END_TEST

/* The unit at which another dies, upwards and downwards, found by trying them all. */
START_TEST(totalpages)
{
	stage_init(&s, "6.1.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, 50000);
	stage_task(&s, "low", 30000, -200, 0);
	int mid = stage_task(&s, "mid", 9000, 300, 0);
	stage_task(&s, "high", 1500, 420, 0);
	decide_and_save();
	ck_assert_int_eq(s.d.victim, mid);
	ck_assert(save.raise_found && save.lower_found);
	uint64_t up = 0, down = 0;
	for (uint64_t limit = 50001; limit < 200000 && !up; limit++) {
		s.memcgs[0].limit = limit;
		stage_victim(&s);
		up = s.d.victim == mid ? 0 : limit;
	}
	ck_assert_uint_eq(save.raise_totalpages, up);
	ck_assert_int_eq(save.raise_victim, s.d.victim);
	for (uint64_t limit = 49999; limit > 0 && !down; limit--) {
		s.memcgs[0].limit = limit;
		stage_victim(&s);
		down = s.d.victim == mid ? 0 : limit;
	}
	ck_assert_uint_eq(save.lower_totalpages, down);
	ck_assert_int_eq(save.lower_victim, s.d.victim);
	/* equal adj: no limit changes the choice */
	s.memcgs[0].limit = 50000;
	s.tasks[0].adj = s.tasks[2].adj = 300;
	decide_and_save();
	ck_assert(!save.raise_found && !save.lower_found);
	stage_end(&s);
}
END_TEST

/* A whole group dies: the victim is safe only when another group is chosen, or with -1000. */
START_TEST(group)
{
	stage_init(&s, "6.1.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, 10240);
	int leaf = stage_memcg(&s, 0, 0);
	s.memcgs[leaf].group = true;
	int a = stage_task(&s, "a", 5265, 0, leaf);
	stage_task(&s, "mate", 5200, 0, leaf);
	stage_task(&s, "other", 3000, 0, 0);
	decide_and_save();
	ck_assert_int_eq(save.adj, -1000);
	ck_assert(dies_with(a, -999) && !dies_with(a, -1000));
	stage_end(&s);
}
END_TEST

/* Sharers of the mm get the same adj. */
START_TEST(sharers)
{
	stage_init(&s, "6.1.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, 10240);
	int a = stage_task(&s, "a", 5265, 0, 0), b = stage_task(&s, "b", 5265, 0, 0);
	s.tasks[a].mm = s.tasks[b].mm = 1;
	stage_task(&s, "c", 5000, 0, 0);
	decide_and_save();
	ck_assert_int_eq(save.adj, -27);
	ck_assert_str_eq(s.tasks[save.adj_victim].comm, "c");
	stage_end(&s);
}
END_TEST

/* Where children are sacrificed, the child of the chosen one lives with -1000 (its parent dies), or when a brother is worse. */
START_TEST(sacrificed)
{
	stage_init(&s, "5.0.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, 10240);
	int parent = stage_task(&s, "parent", 5000, 0, 0), five = stage_task(&s, "five", 1000, 0, 0);
	s.tasks[five].parent = parent;
	decide_and_save();
	ck_assert_str_eq(s.tasks[s.d.victim].comm, "five");
	ck_assert_int_eq(save.adj, -1000);
	ck_assert_int_eq(save.adj_victim, parent);
	int brother = stage_task(&s, "brother", 900, 0, 0);
	s.tasks[brother].parent = parent;
	decide_and_save();
	ck_assert_int_eq(save.adj, -11);	/* 1000 - 110 < 900 */
	ck_assert_int_eq(save.adj_victim, brother);
	stage_end(&s);
}
END_TEST

START_TEST(nothing_to_save)
{
	stage_init(&s, "6.1.0");
	stage_task(&s, "a", 10, -1000, OUTSIDE);
	decide_and_save();
	ck_assert(!save.adj_found && !save.raise_found && !save.lower_found);
	/* an origin dies whatever its adj */
	s.tasks[0].origin = true;
	s.tasks[0].adj = 0;
	decide_and_save();
	ck_assert_int_eq(s.d.victim, 0);
	ck_assert(!save.adj_found);
	stage_end(&s);
}
END_TEST

TESTS("model_save", adj, no_unit, totalpages, group, sharers, sacrificed, nothing_to_save)
