// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who dies with the victim, what the counters say, and when nobody dies at all.
 */
#include "base/util.h"
#include "model/counters.h"
#include "tests/harness.h"
#include "tests/scene.h"

static struct stage s;

#define RANGE(r, lo, hi)                                                                               \
	do {                                                                                           \
		ck_assert_int_eq((r).min, lo);                                                         \
		ck_assert_int_eq((r).max, hi);                                                         \
	} while (0)

static struct model_counters count(void)
{
	struct model_counters c;
	model_counters_init(&c, &s.scene);
	model_counters_add(&c, &s.era, &s.scene, &s.oom, &s.d);
	return c;
}

/* Parent 30 M, children 5 and 10 M: the 10 M child until 5.0, the parent since 5.1. */
START_TEST(child_sacrifice)
{
	static const struct {
		const char *release, *victim;
	} t[] = { { "3.10.0-1160.el7.x86_64", "ten" }, { "4.4.0", "ten" }, { "5.0.0", "ten" }, { "5.1.0", "parent" }, { "6.1.0", "parent" } };
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		stage_init(&s, t[i].release);
		int parent = stage_task(&s, "parent", M(30), 0, OUTSIDE);
		int five = stage_task(&s, "five", M(5), 0, OUTSIDE), ten = stage_task(&s, "ten", M(10), 0, OUTSIDE);
		int grandchild = stage_task(&s, "grandchild", M(20), 0, OUTSIDE);
		s.tasks[five].parent = s.tasks[ten].parent = parent;
		s.tasks[grandchild].parent = ten;	/* is not looked at */
		ck_assert_str_eq(stage_victim(&s), t[i].victim);
		ck_assert_str_eq(s.tasks[s.d.chosen].comm, "parent");
		ck_assert_int_eq(s.d.points, M(30));
		ck_assert(s.d.certain);
		stage_end(&s);
	}
}
END_TEST

START_TEST(who_is_no_sacrifice)
{
	stage_init(&s, "5.0.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, M(60));
	int other = stage_memcg(&s, OUTSIDE, 0);
	int parent = stage_task(&s, "parent", M(30), 0, 0);
	int sharer = stage_task(&s, "sharer", M(30), -500, 0), protected = stage_task(&s, "protected", M(9), -1000, 0);
	int elsewhere = stage_task(&s, "elsewhere", M(8), 0, other);
	s.tasks[parent].mm = s.tasks[sharer].mm = 1;
	s.tasks[sharer].parent = s.tasks[protected].parent = s.tasks[elsewhere].parent = parent;
	ck_assert_str_eq(stage_victim(&s), "parent");
	/* net-negative, but eligible: 1 point is enough */
	int tiny = stage_task(&s, "tiny", 1, -999, 0), twin = stage_task(&s, "twin", 1, -999, 0);
	s.tasks[tiny].parent = s.tasks[twin].parent = parent;
	ck_assert_str_eq(stage_victim(&s), "tiny");	/* of equals the first */
	ck_assert_int_eq(s.d.victim_points, 1);
	ck_assert_str_eq(stage_possible(&s), "tiny");
	s.tasks[tiny].adj = s.tasks[twin].adj = 0;
	s.tasks[twin].more = M(25);
	ck_assert_str_eq(stage_victim(&s), "tiny");
	ck_assert_str_eq(stage_possible(&s), "tiny twin");
	ck_assert_str_eq(s.d.doubt, "sizes");
	stage_end(&s);
}
END_TEST

/* A hog that is init of a PID namespace, with a 5 M kid. */
START_TEST(pid_namespace)
{
	for (int old = 0; old < 2; old++) {
		stage_init(&s, old ? "5.0.0" : "5.1.0");
		s.oom.memcg = stage_memcg(&s, OUTSIDE, M(60));
		int init = stage_task(&s, "nsinit", M(50), 0, 0), kid = stage_task(&s, "nskid", M(5), 0, 0);
		stage_task(&s, "other", M(1), 0, 0);
		s.tasks[init].pidns = s.tasks[kid].pidns = 1;
		s.tasks[init].pidns_init = true;
		s.tasks[kid].parent = init;
		stage_victim(&s);
		ck_assert_str_eq(stage_deaths(&s), old ? "chosen nskid" : "chosen nsinit, pidns nskid");
		struct model_counters c = count();
		RANGE(c.vmstat_oom_kill, 1, 1);
		model_counters_free(&c);
		stage_end(&s);
	}
}
END_TEST

START_TEST(shared_mm)
{
	stage_init(&s, "6.1.0");
	int init = stage_task(&s, "init", M(50), 0, OUTSIDE), a = stage_task(&s, "a", M(50), 0, OUTSIDE);
	int vfork = stage_task(&s, "vfork", M(50), -1000, OUTSIDE);
	s.tasks[vfork].in_vfork = s.tasks[init].init = true;
	s.tasks[init].mm = s.tasks[a].mm = s.tasks[vfork].mm = 1;
	stage_victim(&s);
	ck_assert_str_eq(stage_deaths(&s), "chosen a, sharer vfork");
	struct model_counters c = count();
	RANGE(c.vmstat_oom_kill, 1, 1);	/* a sharer is not counted */
	model_counters_free(&c);
	/* until 4.7 a sharer with -1000 lives */
	era_from_release("4.4.0", &s.era);
	stage_victim(&s);
	ck_assert_str_eq(stage_deaths(&s), "chosen a");
	stage_end(&s);
}
END_TEST

/* Leaf with oom.group: three processes die, the one with -1000 lives; the victim counts twice. */
START_TEST(group)
{
	stage_init(&s, "5.16.0");
	s.oom.sole_charger = true;
	int box = s.oom.memcg = stage_memcg(&s, OUTSIDE, M(60)), leaf = stage_memcg(&s, box, 0), by = stage_memcg(&s, OUTSIDE, 0);
	s.memcgs[leaf].group = true;
	stage_task(&s, "a", M(5), 0, leaf);
	stage_task(&s, "prot", M(5), -1000, leaf);
	s.oom.current = stage_task(&s, "b", M(30), 0, leaf);
	stage_task(&s, "c", M(6), 0, leaf);
	stage_task(&s, "out", M(10), 0, box);
	ck_assert_str_eq(stage_victim(&s), "b");
	ck_assert_str_eq(stage_deaths(&s), "chosen b again, group a, group c");
	ck_assert_int_eq(s.d.group, leaf);
	struct model_counters c = count();
	RANGE(c.vmstat_oom_kill, 3, 4);
	RANGE(c.events[box].oom_kill, 3, 4);
	RANGE(c.events[leaf].oom_kill, 3, 4);
	RANGE(c.local[box].oom_kill, 0, 0);
	RANGE(c.events[box].oom, 1, 1);
	RANGE(c.events[leaf].oom, 0, 0);
	RANGE(c.events[leaf].oom_group_kill, 0, 0);	/* the counter is younger */
	RANGE(c.events[by].oom_kill, 0, 0);
	RANGE(c.events[by].max, 0, 0);
	model_counters_free(&c);
	/* 5.17 counts group kills: in the group and above, locally in the group alone */
	era_from_release("5.17.0", &s.era);
	stage_victim(&s);
	c = count();
	RANGE(c.events[leaf].oom_group_kill, 1, 1);
	RANGE(c.events[box].oom_group_kill, 1, 1);
	RANGE(c.local[box].oom_group_kill, 0, 0);
	model_counters_free(&c);
	/* group on both: the highest within the domain */
	s.memcgs[box].group = true;
	stage_victim(&s);
	ck_assert_str_eq(stage_deaths(&s), "chosen b again, group out, group a, group c");
	ck_assert_int_eq(s.d.group, box);
	/* limit and domain on the leaf: the group above is not asked */
	s.oom.memcg = leaf;
	s.memcgs[leaf].group = false;
	stage_victim(&s);
	ck_assert_str_eq(stage_deaths(&s), "chosen b");
	ck_assert_int_eq(s.d.group, -1);
	/* a global OOM looks up to the root */
	s.oom.memcg = -1;
	stage_victim(&s);
	ck_assert_int_eq(s.d.group, box);
	c = count();
	RANGE(c.vmstat_oom_kill, 4, 5);
	RANGE(c.events[box].oom, 0, 0);
	RANGE(c.events[box].oom_kill, 4, 5);
	RANGE(c.local[box].oom_kill, 1, 1);
	model_counters_free(&c);
	/* not before 4.19, and not on v1 */
	era_from_release("4.18.0", &s.era);
	stage_victim(&s);
	ck_assert_int_eq(s.d.group, -1);
	era_from_release("6.1.0", &s.era);
	s.scene.v1 = true;
	stage_victim(&s);
	ck_assert_int_eq(s.d.group, -1);
	stage_end(&s);
}
END_TEST

START_TEST(group_of_one)
{
	stage_init(&s, "6.1.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, M(60));
	s.memcgs[0].group = true;
	s.oom.current = stage_task(&s, "alone", M(50), 0, 0);
	stage_victim(&s);
	struct model_counters c = count();
	RANGE(c.events[0].oom_kill, 1, 2);
	model_counters_free(&c);
	/* until 5.2 the group scan goes by threads */
	era_from_release("5.2.0", &s.era);
	s.tasks[0].threads = 3;
	stage_victim(&s);
	c = count();
	RANGE(c.events[0].oom_kill, 1, 4);
	model_counters_free(&c);
	/* a sharer inside the group is met by the scan once more */
	era_from_release("6.1.0", &s.era);
	int sharer = stage_task(&s, "sharer", M(50), -500, 0);
	s.tasks[0].mm = s.tasks[sharer].mm = 1;
	stage_victim(&s);
	ck_assert_str_eq(stage_deaths(&s), "chosen alone again, sharer sharer again");
	c = count();
	RANGE(c.events[0].oom_kill, 1, 3);
	model_counters_free(&c);
	stage_end(&s);
}
END_TEST

/* A(max)/B(hog), by hierarchy of events. */
START_TEST(counters)
{
	static const struct {
		const char *release;
		bool localevents, hierarchical;
	} t[] = { { "4.15.0", false, false }, { "5.1.0", false, false }, { "5.2.0", false, true }, { "6.1.0", false, true }, { "6.1.0", true, false } };
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		stage_init(&s, t[i].release);
		s.scene.localevents = t[i].localevents;
		s.oom.sole_charger = true;
		int a = s.oom.memcg = stage_memcg(&s, OUTSIDE, M(40)), b = stage_memcg(&s, a, 0);
		s.oom.current = stage_task(&s, "hog", M(39), 0, b);
		stage_victim(&s);
		struct model_counters c = count();
		RANGE(c.vmstat_oom_kill, 1, 1);
		RANGE(c.events[a].oom, 1, 1);
		RANGE(c.events[a].oom_kill, t[i].hierarchical, t[i].hierarchical);
		RANGE(c.local[a].oom, 1, 1);
		RANGE(c.local[a].oom_kill, 0, 0);
		RANGE(c.events[b].oom, 0, 0);
		RANGE(c.events[b].oom_kill, 1, 1);
		RANGE(c.events[a].max, i < 3 ? 7 : 18, INT64_MAX);
		RANGE(c.events[b].max, 0, 0);
		model_counters_free(&c);
		stage_end(&s);
	}
	/* with others allocating, or by the write of a limit, more attempts may be counted */
	stage_init(&s, "6.1.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, M(40));
	s.oom.current = stage_task(&s, "hog", M(39), 0, 0);
	for (int i = 0; i < 3; i++) {
		s.oom.sole_charger = i != 0;
		s.oom.trigger = i == 1 ? TRIGGER_LIMIT_WRITE : TRIGGER_FAULT;
		s.tasks[0].threads = i == 2 ? 2 : 1;
		stage_victim(&s);
		struct model_counters more = count();
		RANGE(more.events[0].oom, 1, INT64_MAX);
		model_counters_free(&more);
		stage_end(&s);
	}
	stage_init(&s, "4.12.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, M(40));
	stage_task(&s, "hog", M(39), 0, 0);
	stage_victim(&s);
	struct model_counters c = count();
	RANGE(c.vmstat_oom_kill, 0, 0);	/* no such counter yet */
	RANGE(c.events[0].oom_kill, 0, 0);
	model_counters_free(&c);
	stage_end(&s);
}
END_TEST

/* Hog in B, victim in its sibling C, the limit on A. The hog waits for C to die, and may ask again meanwhile. */
START_TEST(counters_of_a_sibling)
{
	stage_init(&s, "6.1.0");
	s.oom.sole_charger = true;
	int a = s.oom.memcg = stage_memcg(&s, OUTSIDE, M(60)), b = stage_memcg(&s, a, 0), victim = stage_memcg(&s, a, 0);
	s.oom.current = stage_task(&s, "hog", M(10), 0, b);
	stage_task(&s, "bigger", M(45), 0, victim);
	stage_victim(&s);
	struct model_counters c = count();
	RANGE(c.events[a].oom, 1, INT64_MAX);
	RANGE(c.events[a].oom_kill, 1, 1);
	RANGE(c.events[b].oom_kill, 0, 0);
	RANGE(c.events[b].oom, 0, 0);
	RANGE(c.events[victim].oom_kill, 1, 1);
	/* a second kill of the same episode adds up; the bound of `max` does not */
	model_counters_add(&c, &s.era, &s.scene, &s.oom, &s.d);
	RANGE(c.events[a].oom_kill, 2, 2);
	RANGE(c.events[a].oom, 2, INT64_MAX);
	RANGE(c.events[a].max, 18, INT64_MAX);
	model_counters_free(&c);
	/* the kill is counted where the mm's owner is */
	s.tasks[1].owner_memcg = b;
	stage_victim(&s);
	c = count();
	RANGE(c.events[b].oom_kill, 1, 1);
	RANGE(c.events[victim].oom_kill, 0, 0);
	model_counters_free(&c);
	/* the write of a limit does not count `max` */
	s.oom.trigger = TRIGGER_LIMIT_WRITE;
	stage_victim(&s);
	c = count();
	RANGE(c.events[a].max, 0, INT64_MAX);
	RANGE(c.events[a].oom, 1, INT64_MAX);
	model_counters_free(&c);
	stage_end(&s);
}
END_TEST

START_TEST(counters_of_v1)
{
	stage_init(&s, "6.1.0");
	s.scene.v1 = true;
	int a = s.oom.memcg = stage_memcg(&s, OUTSIDE, M(60)), b = stage_memcg(&s, a, 0);
	stage_task(&s, "hog", M(50), 0, b);
	stage_victim(&s);
	struct model_counters c = count();
	RANGE(c.events[a].oom_kill, 0, 0);	/* not hierarchical */
	RANGE(c.events[b].oom_kill, 1, 1);
	RANGE(c.events[a].max, 0, INT64_MAX);
	RANGE(c.events[b].max, 0, 0);
	RANGE(c.events[a].oom, 0, 0);
	model_counters_free(&c);
	era_from_release("4.4.0", &s.era);
	stage_victim(&s);
	c = count();
	RANGE(c.events[b].oom_kill, 0, 0);
	model_counters_free(&c);
	/* but for a while it was, as the events of v2 */
	era_from_release("5.3.1", &s.era);
	stage_victim(&s);
	c = count();
	RANGE(c.events[a].oom_kill, 1, 1);
	RANGE(c.events[b].oom_kill, 1, 1);
	model_counters_free(&c);
	stage_end(&s);
}
END_TEST

/* vm.panic_on_oom 1 and 2 against every kind of OOM. */
START_TEST(panic_on_oom)
{
	static const char one[] = "Out of memory: system-wide panic_on_oom is enabled",
			  two[] = "Out of memory: compulsory panic_on_oom is enabled";
	stage_init(&s, "6.1.0");
	int box = stage_memcg(&s, OUTSIDE, M(60));
	stage_task(&s, "a", M(10), 0, box);
	s.scene.machine.nodes = 3;
	static const struct {
		enum constraint constraint;
		enum model_trigger trigger;
		bool one, two;
	} t[] = {
		{ CONSTRAINT_NONE, TRIGGER_FAULT, true, true },
		{ CONSTRAINT_NONE, TRIGGER_KSWAPD, true, true },
		{ CONSTRAINT_NONE, TRIGGER_SYSRQ, false, false },
		{ CONSTRAINT_CPUSET, TRIGGER_FAULT, false, true },
		{ CONSTRAINT_MEMORY_POLICY, TRIGGER_FAULT, false, true },
		{ CONSTRAINT_MEMCG, TRIGGER_FAULT, false, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		s.oom.constraint = t[i].constraint;
		s.oom.memcg = t[i].constraint == CONSTRAINT_MEMCG ? box : -1;
		s.oom.trigger = t[i].trigger;
		for (int sysctl = 0; sysctl < 3; sysctl++) {
			s.scene.machine.panic_on_oom = sysctl;
			stage_victim(&s);
			bool panics = sysctl == 1 ? t[i].one : sysctl == 2 && t[i].two;
			ck_assert_msg((s.d.outcome == OUTCOME_PANIC) == panics, "%zu, %d", i, sysctl);
			if (panics)
				ck_assert_str_eq(s.d.panic, sysctl == 1 ? one : two);
			else
				ck_assert(s.d.outcome == OUTCOME_KILL && !s.d.panic);
		}
	}
	/* 3.10 panics for sysrq too */
	era_from_release("3.10.105", &s.era);
	s.oom.trigger = TRIGGER_SYSRQ;
	s.oom.constraint = CONSTRAINT_NONE;
	s.oom.memcg = -1;
	s.scene.machine.panic_on_oom = 1;
	stage_victim(&s);
	ck_assert_str_eq(s.d.panic, one);
	/* a dying current goes before the panic, a victim in flight does not help */
	era_from_release("6.1.0", &s.era);
	s.oom.trigger = TRIGGER_FAULT;
	s.tasks[0].in_flight = true;
	stage_victim(&s);
	ck_assert_int_eq(s.d.outcome, OUTCOME_PANIC);
	s.oom.current = 0;
	s.tasks[0].exiting = true;
	stage_victim(&s);
	ck_assert_int_eq(s.d.outcome, OUTCOME_SILENT);
	stage_end(&s);
}
END_TEST

START_TEST(nobody_to_kill)
{
	stage_init(&s, "4.18.0");
	stage_memcg(&s, OUTSIDE, M(60));
	stage_task(&s, "a", M(10), -1000, 0);
	ck_assert_str_eq(stage_victim(&s), "");
	ck_assert_int_eq(s.d.outcome, OUTCOME_PANIC);
	ck_assert_str_eq(s.d.panic, "Out of memory and no killable processes...");
	era_from_release("4.19.0", &s.era);
	stage_victim(&s);
	ck_assert_str_eq(s.d.panic, "System is deadlocked on memory");
	s.oom.trigger = TRIGGER_SYSRQ;
	stage_victim(&s);
	ck_assert(s.d.outcome == OUTCOME_NOBODY && !s.d.panic);
	s.oom.trigger = TRIGGER_FAULT;
	s.oom.memcg = 0;
	static const struct {
		const char *release;
		enum model_charge fault, syscall;
	} t[] = {
		{ "4.15.0", CHARGE_SPINS, CHARGE_FAILS },
		{ "5.0.0", CHARGE_FORCED, CHARGE_FORCED },
		{ "5.15.0", CHARGE_FORCED, CHARGE_FORCED },
		{ "5.10.262", CHARGE_SPINS, CHARGE_FAILS },
		{ "5.16.0", CHARGE_SPINS, CHARGE_FAILS },
		{ "7.3.4", CHARGE_SPINS, CHARGE_FAILS },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		era_from_release(t[i].release, &s.era);
		s.oom.trigger = TRIGGER_FAULT;
		stage_victim(&s);
		ck_assert_int_eq(s.d.outcome, OUTCOME_NOBODY);
		ck_assert_msg(model_charge(&s.era, &s.oom, &s.d) == t[i].fault, "%s fault", t[i].release);
		s.oom.trigger = TRIGGER_SYSCALL;
		stage_victim(&s);
		ck_assert_msg(model_charge(&s.era, &s.oom, &s.d) == t[i].syscall, "%s syscall", t[i].release);
	}
	struct model_counters c = count();
	RANGE(c.vmstat_oom_kill, 0, 0);
	RANGE(c.events[0].oom_kill, 0, 0);
	RANGE(c.events[0].oom, 1, INT64_MAX);
	model_counters_free(&c);
	stage_end(&s);
}
END_TEST

/* A tmpfs write by the only task: short or ENOMEM until 4.18, killed since 4.19. */
START_TEST(charges_that_do_not_ask)
{
	stage_init(&s, "4.18.0");
	s.oom.memcg = stage_memcg(&s, OUTSIDE, M(60));
	s.oom.current = stage_task(&s, "writer", 400, 0, 0);
	s.oom.trigger = TRIGGER_SYSCALL;
	ck_assert_str_eq(stage_victim(&s), "");
	ck_assert_int_eq(s.d.outcome, OUTCOME_FAILS);
	ck_assert_int_eq(model_charge(&s.era, &s.oom, &s.d), CHARGE_FAILS);
	struct model_counters c = count();
	RANGE(c.events[0].oom, 1, INT64_MAX);
	RANGE(c.events[0].oom_kill, 0, 0);
	model_counters_free(&c);
	era_from_release("4.19.0", &s.era);
	ck_assert_str_eq(stage_victim(&s), "writer");
	/* v1: a limit below usage is EBUSY; with oom_kill_disable a fault sleeps and a system call fails */
	s.scene.v1 = true;
	s.oom.trigger = TRIGGER_LIMIT_WRITE;
	stage_victim(&s);
	ck_assert_int_eq(s.d.outcome, OUTCOME_FAILS);
	s.memcgs[0].oom_kill_disable = true;
	s.oom.trigger = TRIGGER_SYSCALL;
	stage_victim(&s);
	ck_assert_int_eq(s.d.outcome, OUTCOME_FAILS);
	s.oom.trigger = TRIGGER_FAULT;
	stage_victim(&s);
	ck_assert_int_eq(s.d.outcome, OUTCOME_SLEEPS);
	ck_assert_int_eq(model_charge(&s.era, &s.oom, &s.d), CHARGE_SLEEPS);
	s.oom.memcg = -1;	/* a global OOM does not care */
	ck_assert_str_eq(stage_victim(&s), "writer");
	stage_end(&s);
}
END_TEST

START_TEST(allocating_task)
{
	stage_init(&s, "6.1.0");
	s.scene.machine.kill_allocating_task = true;
	int box = stage_memcg(&s, OUTSIDE, M(60));
	stage_task(&s, "idle", M(30), 900, box);
	s.oom.current = stage_task(&s, "hog", M(1), 0, box);
	ck_assert_str_eq(stage_victim(&s), "hog");
	ck_assert(s.d.allocating_task && s.d.certain && s.d.runner_up == -1);
	s.oom.memcg = box;	/* a memcg OOM ignores it */
	ck_assert_str_eq(stage_victim(&s), "idle");
	ck_assert(!s.d.allocating_task);
	s.oom.memcg = -1;
	s.oom.trigger = TRIGGER_SYSRQ;
	ck_assert_str_eq(stage_victim(&s), "idle");
	s.oom.trigger = TRIGGER_FAULT;
	s.tasks[s.oom.current].adj = -1000;
	ck_assert_str_eq(stage_victim(&s), "idle");
	/* until 5.0 its child goes first */
	s.tasks[s.oom.current].adj = 0;
	era_from_release("5.0.0", &s.era);
	int kid = stage_task(&s, "kid", 5, 0, OUTSIDE);
	s.tasks[kid].parent = s.oom.current;
	ck_assert_str_eq(stage_victim(&s), "kid");
	stage_end(&s);
}
END_TEST

START_TEST(silent)
{
	stage_init(&s, "6.1.0");
	stage_task(&s, "big", M(30), 0, OUTSIDE);
	s.oom.current = stage_task(&s, "dying", M(1), 0, OUTSIDE);
	s.tasks[1].exiting = true;
	ck_assert_str_eq(stage_victim(&s), "dying");
	ck_assert_int_eq(s.d.outcome, OUTCOME_SILENT);
	ck_assert_uint_eq(s.d.n_deaths, 0);
	struct model_counters c = count();
	RANGE(c.vmstat_oom_kill, 0, 0);
	model_counters_free(&c);
	s.tasks[1].skip = true;	/* reaped already: it won't free more */
	ck_assert_str_eq(stage_victim(&s), "big");
	ck_assert_int_eq(s.d.outcome, OUTCOME_KILL);
	/* the chosen one is exiting */
	s.oom.current = -1;
	s.tasks[0].exiting = true;
	ck_assert_str_eq(stage_victim(&s), "big");
	ck_assert_int_eq(s.d.outcome, OUTCOME_SILENT);
	s.tasks[0].exiting = false;
	s.oom.no_fs = true;
	stage_victim(&s);
	ck_assert_int_eq(s.d.outcome, OUTCOME_NO_FS);
	s.oom.memcg = stage_memcg(&s, OUTSIDE, M(60));
	s.tasks[0].memcg = 0;
	ck_assert_str_eq(stage_victim(&s), "big");	/* a memcg does not care */
	stage_end(&s);
}
END_TEST

TESTS("model_kill", child_sacrifice, who_is_no_sacrifice, pid_namespace, shared_mm, group, group_of_one, counters,
      counters_of_a_sibling, counters_of_v1, panic_on_oom, nobody_to_kill, charges_that_do_not_ask, allocating_task, silent)
