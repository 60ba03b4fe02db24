// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two nodes: what an OOM is confined to, how many pages that is, and who is inside.
 */
#include "base/util.h"
#include "tests/harness.h"
#include "tests/scene.h"

static struct stage s;

/* Node 0 with 320 M, node 1 with 40928 present pages, swap 32 M. */
static void two_nodes(const char *release)
{
	stage_init(&s, release);
	s.scene.machine.nodes = 3;
	s.scene.machine.node_pages[0] = (uint64_t)M(320);
	s.scene.machine.node_pages[1] = 40928;
	s.scene.machine.total_swap = (uint64_t)M(32);
}

static enum constraint constraint(uint64_t *total)
{
	return model_constraint(&s.era, &s.scene, &s.oom, total);
}

START_TEST(constraints)
{
	uint64_t total;
	two_nodes("6.1.0");
	ck_assert_int_eq(constraint(&total), CONSTRAINT_NONE);
	ck_assert_uint_eq(total, (uint64_t)M(544));
	/* bound to node 1 */
	s.oom.has_nodemask = true;
	s.oom.nodemask = 2;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_MEMORY_POLICY);
	ck_assert_uint_eq(total, 40928 + (uint64_t)M(32));
	/* the policy is asked before the cpuset */
	s.oom.current_mems = 2;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_MEMORY_POLICY);
	/* bound to all nodes is no constraint */
	s.oom.nodemask = 3;
	s.oom.current_mems = 3;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_NONE);
	s.oom.has_nodemask = false;
	s.oom.current_mems = 2;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_CPUSET);
	ck_assert_uint_eq(total, 40928 + (uint64_t)M(32));
	ck_assert_int_eq(model_adj_unit(total), 49);
	s.scene.machine.total_swap = 0;
	constraint(&total);
	ck_assert_int_eq(model_adj_unit(total), 40);
	/* what the cpuset does not confine */
	s.oom.kernel_memory = true;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_NONE);
	s.oom.kernel_memory = false;
	s.oom.no_zonelist = true;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_NONE);
	s.oom.no_zonelist = false;
	s.oom.thisnode = true;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_NONE);
	s.oom.thisnode = false;
	s.oom.trigger = TRIGGER_SYSRQ;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_NONE);
	ck_assert_uint_eq(total, (uint64_t)M(512));
	s.oom.trigger = TRIGGER_KSWAPD;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_NONE);
	s.oom.trigger = TRIGGER_FAULT;
	s.scene.machine.nodes = 0;	/* a kernel without NUMA */
	ck_assert_int_eq(constraint(&total), CONSTRAINT_NONE);
	s.scene.machine.nodes = 3;
	/* a victim may allocate anywhere */
	s.oom.current = stage_task(&s, "a", 1, 0, OUTSIDE);
	s.tasks[0].in_flight = true;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_NONE);
	/* a memcg before all */
	s.oom.memcg = stage_memcg(&s, OUTSIDE, M(60));
	s.oom.has_nodemask = true;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_MEMCG);
	ck_assert_uint_eq(total, (uint64_t)M(60));
	ck_assert_str_eq(constraint_name(CONSTRAINT_MEMCG), "CONSTRAINT_MEMCG");
	ck_assert_str_eq(constraint_name(CONSTRAINT_MEMORY_POLICY), "CONSTRAINT_MEMORY_POLICY");
	/* what a log says is taken as it is */
	s.oom.memcg = -1;
	s.oom.constraint = CONSTRAINT_CPUSET;
	s.oom.totalpages = 777;
	ck_assert_int_eq(constraint(&total), CONSTRAINT_CPUSET);
	ck_assert_uint_eq(total, 777);
}
END_TEST

/* A cpuset on node 1: who is confined to node 0 is safe, a task of the root cpuset is not. */
START_TEST(cpuset)
{
	two_nodes("6.1.0");
	s.oom.current_mems = 2;
	int in0 = stage_task(&s, "in0big", M(200), 0, OUTSIDE);
	int hog = s.oom.current = stage_task(&s, "hog", M(90), 0, OUTSIDE);
	stage_task(&s, "rootadj", M(4), 200, OUTSIDE);
	s.tasks[in0].mems = 1;
	s.tasks[hog].mems = 2;
	ck_assert_str_eq(stage_victim(&s), "hog");
	ck_assert_str_eq(s.tasks[s.d.runner_up].comm, "rootadj");
	s.tasks[2].adj = 500;
	ck_assert_str_eq(stage_victim(&s), "rootadj");
	ck_assert_int_eq(s.d.unit, 49);
	ck_assert_int_eq(model_eligible(&s.era, &s.scene, &s.oom, CONSTRAINT_CPUSET, &s.tasks[in0]), WHY_OTHER_MEMS);
	/* no constraint, but current's nodes are asked all the same */
	s.oom.no_zonelist = true;
	ck_assert_str_eq(stage_victim(&s), "rootadj");
	ck_assert_int_eq(s.d.constraint, CONSTRAINT_NONE);
	s.oom.current_mems = 3;	/* asked by a task of the root cpuset: everybody */
	s.tasks[2].adj = 0;
	ck_assert_str_eq(stage_victim(&s), "in0big");
	stage_end(&s);
}
END_TEST

START_TEST(memory_policy)
{
	static const struct {
		const char *release, *victim;
	} t[] = { { "5.0.0", "hog" }, { "5.10.262", "hog" }, { "5.14.0", "inter0" }, { "6.1.0", "inter0" } };
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		two_nodes(t[i].release);
		s.oom.has_nodemask = true;
		s.oom.nodemask = 2;
		int bound0 = stage_task(&s, "bound0", M(200), 1000, OUTSIDE);
		int inter = stage_task(&s, "inter0", M(5), 900, OUTSIDE);
		int hog = stage_task(&s, "hog", M(90), 0, OUTSIDE);
		int cpuset0 = stage_task(&s, "cpuset0", M(30), 0, OUTSIDE);
		s.tasks[bound0].policy = s.tasks[hog].policy = POLICY_BIND;
		s.tasks[bound0].policy_nodes = 1;
		s.tasks[hog].policy_nodes = 2;
		s.tasks[inter].policy = POLICY_INTERLEAVE;
		s.tasks[inter].policy_nodes = 1;
		s.tasks[cpuset0].mems = 1;	/* cpusets don't count here */
		ck_assert_str_eq(stage_victim(&s), t[i].victim);
		ck_assert_uint_eq(s.d.n_eligible, i < 2 ? 2 : 3);
		ck_assert_int_eq(model_eligible(&s.era, &s.scene, &s.oom, CONSTRAINT_MEMORY_POLICY, &s.tasks[bound0]),
				 WHY_OTHER_POLICY);
		s.tasks[bound0].policy = POLICY_PREFERRED;	/* restricts nobody */
		ck_assert_str_eq(stage_victim(&s), "bound0");
		stage_end(&s);
	}
}
END_TEST

/* oom_score read from a cpuset that shares no node with the task: 0 until 5.2. */
START_TEST(score_from_another_cpuset)
{
	for (int old = 0; old < 2; old++) {
		two_nodes(old ? "5.2.0" : "5.3.0");
		stage_task(&s, "in0", M(100), 0, OUTSIDE);
		s.tasks[0].mems = 1;
		int64_t full = M(100) * 1000 / M(544);
		ck_assert_int_eq(model_score_of_task(&s.era, &s.scene, &s.tasks[0], 2), old ? 0 : full);
		ck_assert_int_eq(model_score_of_task(&s.era, &s.scene, &s.tasks[0], 3), full);
	}
	two_nodes("6.1.0");
	stage_task(&s, "in0", M(100), 0, OUTSIDE);
	ck_assert_int_eq(model_score_of_task(&s.era, &s.scene, &s.tasks[0], 2), (1000 + M(100) * 1000 / M(544)) * 2 / 3);
}
END_TEST

/* A release candidate of 5.4: spanned or present pages? Only what depends on it is uncertain. */
START_TEST(unsure_node_pages)
{
	two_nodes("5.4.0-rc2");
	s.oom.current_mems = 2;
	stage_task(&s, "a", M(100), 0, OUTSIDE);
	stage_task(&s, "b", M(10), 0, OUTSIDE);
	ck_assert_str_eq(stage_victim(&s), "a");
	ck_assert(s.d.certain);
	s.tasks[1].adj = 10;
	stage_victim(&s);
	ck_assert(!s.d.certain);
	ck_assert_str_eq(s.d.doubt, "node_present");
	s.oom.totalpages = 49000;
	stage_victim(&s);
	ck_assert(s.d.certain);
	stage_end(&s);
}
END_TEST

TESTS("model_numa", constraints, cpuset, memory_policy, score_from_another_cpuset, unsure_node_pages)
