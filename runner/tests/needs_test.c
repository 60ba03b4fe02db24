// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run with every need pretended missing (OOMTESTS_FAIL_NEEDS=1): all tests there are skip, each naming all that it needs.
 */
#include <check.h>

#include "base/util.h"
#include "run/jobs.h"
#include "tests/catalogue.h"
#include "tests/fake_target.h"
#include "tests/harness.h"

static struct kernel kernel = { .name = (char[]){ "k" }, .release = (char[]){ "6.1.0-50-cloud-amd64" } };

static struct test_list all_tests(void)
{
	return catalogue_tests(kernel.release);
}

START_TEST(all_are_missing)
{
	struct test_list list = all_tests();
	struct schedule_request rq = { .target = &fake_target, .fail_needs = true };
	for (size_t i = 0; i < list.n; i++) {
		struct schedule_job job = { .kernel = &kernel, .test = list.tests[i] };
		CLEANUP_FREE char *why = known_missing(&rq, &job);
		ck_assert_msg(why, "%s would run, though all it needs is missing", list.tests[i]->id);
		json_t *needs = test_needs(list.tests[i]), *need;
		size_t k;
		json_array_foreach(needs, k, need) {
			CLEANUP_FREE char *words = xasprintf("needs %s: pretended", json_string_value(need));
			ck_assert_msg(strstr(why, words), "%s does not say \"%s\" but \"%s\"", list.tests[i]->id, words, why);
		}
		json_decref(needs);
	}
	test_list_free(&list);
}
END_TEST

/* Without pretending, only what this kernel or target lacks is missing. */
START_TEST(not_pretended)
{
	struct test_list list = all_tests();
	struct schedule_request rq = { .target = &fake_target };
	size_t run = 0;
	for (size_t i = 0; i < list.n; i++) {
		struct schedule_job job = { .kernel = &kernel, .test = list.tests[i] };
		CLEANUP_FREE char *why = known_missing(&rq, &job);
		ck_assert_msg(!why || !strstr(why, "pretended"), "%s: %s", list.tests[i]->id, why);
		run += !why;
	}
	ck_assert_msg(run > list.n / 2, "only %zu of %zu tests would run", run, list.n);
	test_list_free(&list);
}
END_TEST

static bool needs(const struct test *t, const char *what)
{
	json_t *all = test_needs(t), *need;
	bool found = false;
	size_t i;
	json_array_foreach(all, i, need)
		found |= streq(json_string_value(need), what);
	json_decref(all);
	return found;
}

/* The disk of a guest is the test's own; that of a machine in use is not. */
START_TEST(disks_of_others_are_left_alone)
{
	struct test_list list = all_tests();
	unsigned with_disk = 0;
	for (size_t i = 0; i < list.n; i++)
		for (size_t k = 0; k < list.tests[i]->n_tasks; k++) {
			if (!strstr(list.tests[i]->tasks[k].args, "/dev/vd"))
				continue;
			ck_assert_msg(needs(list.tests[i], "target vm"), "%s would write to a disk of this machine", list.tests[i]->id);
			with_disk++;
		}
	ck_assert_uint_gt(with_disk, 10);
	test_list_free(&list);
}
END_TEST

/* Whoever lowers oom_score_adj below 0 needs the right to, be it in a call. */
START_TEST(lowering_needs_the_right)
{
	struct test_list list = all_tests();
	unsigned lowering = 0;
	for (size_t i = 0; i < list.n; i++)
		for (size_t k = 0; k < list.tests[i]->n_steps; k++) {
			const struct step *s = &list.tests[i]->steps[k];
			if (s->op != STEP_CALL || !starts_with(s->value, "setadj -") || (s->result && !streq(s->result, "ok")))
				continue;
			ck_assert_msg(needs(list.tests[i], "capability sys_resource"), "%s does not say that it needs it", list.tests[i]->id);
			lowering++;
		}
	ck_assert_uint_gt(lowering, 5);
	test_list_free(&list);
}
END_TEST

TESTS("needs", all_are_missing, not_pretended, disks_of_others_are_left_alone, lowering_needs_the_right)
