// SPDX-License-Identifier: GPL-2.0-or-later
/* What the judge tells the model of an OOM: who asks, and how. */
#include <check.h>

#include "base/util.h"
#include "case/case.h"
#include "judge/scene.h"
#include "tests/harness.h"
#include "tests/recorded.h"

#define HEAD                                                \
	"title: who asks\n"                                 \
	"cgroup: v2\n"                                      \
	"cgroups:\n"                                        \
	"  - {name: box, limit: 80M, swap_limit: 0}\n"      \
	"tasks:\n"                                          \
	"  - {name: big, cgroup: box, size: 1M}\n"

static const struct {
	const char *yaml;
	enum model_trigger trigger;
} table[] = {
	{ HEAD "  - {name: hog, cgroup: box, size: 1M}\ntrigger: hog\nexpect: [{victims: [hog]}]\n", TRIGGER_FAULT },
	{ HEAD "  - {name: hog, kind: tmpfs, cgroup: box, size: 1M}\ntrigger: hog\nexpect: [{victims: [hog]}]\n",
	  TRIGGER_SYSCALL },
	{ HEAD "  - {name: hog, kind: pipe, cgroup: box, size: 1M}\ntrigger: hog\nexpect: [{victims: [hog]}]\n",
	  TRIGGER_SYSCALL },
	{ HEAD "  - {name: hog, kind: slab, cgroup: box, size: 1M}\ntrigger: hog\nexpect: [{victims: [hog]}]\n",
	  TRIGGER_SYSCALL },
	{ HEAD "  - {name: hog, cgroup: box, size: 1M}\nsteps:\n  - fill: [big, hog]\n"
	       "  - call: {task: hog, what: mmap 100M populate}\n  - expect: {victims: [hog]}\n",
	  TRIGGER_SYSCALL },
	{ HEAD "  - {name: hog, cgroup: box, size: 1M}\nsteps:\n  - fill: [big, hog]\n"
	       "  - call: {task: hog, what: mmap 100M}\n  - call: {task: hog, what: fault}\n  - expect: {victims: [hog]}\n",
	  TRIGGER_FAULT },
	{ HEAD "  - {name: hog, cgroup: box, size: 1M}\nsteps:\n  - fill: [big, hog]\n"
	       "  - set: {cgroup: box, file: memory.max, value: 1M}\n  - expect: {victims: [big]}\n",
	  TRIGGER_LIMIT_WRITE },
	{ HEAD "  - {name: hog, cgroup: box, size: 1M}\nsteps:\n  - fill: [big, hog]\n"
	       "  - sysrq: f\n  - expect: {victims: [big]}\n",
	  TRIGGER_SYSRQ },
};

/* A recorded observation as the trial of a test, and the scene of its first episode. */
struct staged {
	struct recorded *r;
	struct observation *seen;
	struct result *result;
	struct trial t;
	struct scene s;
};

static void stage(struct staged *st, struct recorded *r)
{
	*st = (struct staged){ .r = r };
	st->seen = observation_from_json(r->observation, NULL);
	st->result = result_new("t", "t", "k", "vm");
	ck_assert_int_eq(trial_open(&st->t, r->test, st->seen, NULL, NULL, st->result), 0);
	scene_open(&st->s, &st->t, &st->t.episodes[0]);
}

static void clear(struct staged *st)
{
	scene_close(&st->s);
	trial_close(&st->t);
	result_free(st->result);
	observation_free(st->seen);
	recorded_free(st->r);
}

START_TEST(how_it_asks)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct staged st;
		struct model_oom oom;
		stage(&st, recorded_load_as("memcg-v2", table[i].yaml));
		scene_oom(&st.s, &st.t, &st.t.episodes[0], NULL, &oom);
		ck_assert_msg(oom.trigger == table[i].trigger, "trigger %d, not %d, for\n%s", oom.trigger, table[i].trigger,
			      table[i].yaml);
		clear(&st);
	}
}
END_TEST

#define SWAPOFF HEAD "  - {name: hog, cgroup: box, size: 1M}\nsteps:\n  - fill: [big, hog]\n"

/* swapoff is the reason of an OOM while it runs, not when it has returned. */
static const struct {
	const char *yaml;
	bool origin;
} origins[] = {
	{ SWAPOFF "  - call: {task: big, what: swapoff /dev/vda}\n  - expect: {victims: [big]}\n", true },
	{ SWAPOFF "  - call: {task: big, what: swapoff /dev/vda}\n  - grow: hog\n  - expect: {victims: [hog]}\n", false },
	{ SWAPOFF "  - {call: {task: big, what: swapoff /dev/vda}, background: true}\n  - grow: hog\n"
		  "  - expect: {victims: [big]}\n",
	  true },
};

START_TEST(who_is_the_origin)
{
	for (size_t i = 0; i < ARRAY_SIZE(origins); i++) {
		struct staged st;
		stage(&st, recorded_load_as("memcg-v2", origins[i].yaml));
		int big = scene_task_named(&st.s, "big");
		ck_assert_int_ge(big, 0);
		ck_assert_msg(st.s.tasks[big].origin == origins[i].origin, "%s an origin in\n%s",
			      st.s.tasks[big].origin ? "is" : "is not", origins[i].yaml);
		clear(&st);
	}
}
END_TEST

/* A kernel before 4.19 does not kill for a charge in a system call, and the judge does not expect it to. */
START_TEST(old_kernels_refuse)
{
	struct recorded *r = recorded_load_as("memcg-v2", table[2].yaml);
	recorded_change(r, &(struct change){ "hello>release", NULL, "\"4.15.0-213-generic\"" });
	struct staged st;
	struct model_oom oom;
	struct model_decision d;
	stage(&st, r);
	scene_oom(&st.s, &st.t, &st.t.episodes[0], NULL, &oom);
	model_out_of_memory(&st.t.era, &st.s.model, &oom, &d);
	ck_assert_int_eq(d.outcome, OUTCOME_FAILS);
	model_decision_free(&d);
	clear(&st);
}
END_TEST

TESTS("judge_scene", how_it_asks, who_is_the_origin, old_kernels_refuse)
