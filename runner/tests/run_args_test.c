// SPDX-License-Identifier: GPL-2.0-or-later
/* The arguments of `oomtests run`: what one start writes into run.json is what --resume asks for again. */
#include <check.h>

#include "base/util.h"
#include "cmd/run_args.h"
#include "tests/harness.h"

START_TEST(there_and_back)
{
	char *argv[] = { (char[]){ "run" }, (char[]){ "--collect" }, (char[]){ "/proc/meminfo" }, (char[]){ "--collect=/proc/swaps" },
			 (char[]){ "--tag" }, (char[]){ "quick" }, (char[]){ "--shard" }, (char[]){ "2/3" }, (char[]){ "--fresh-boot" },
			 (char[]){ "--destructive" }, (char[]){ "--timeout-scale=2.5" }, (char[]){ "a.yaml" }, (char[]){ "b*" }, NULL };
	struct run_args args, again = { .n_cases = 0 };
	struct error err = { 0 };
	run_args_parse(&args, (int)ARRAY_SIZE(argv) - 1, argv);
	json_t *run = json_pack("{s:o s:s s:[{s:s}]}", "asked", run_args_asked(&args), "target", "vm", "kernels", "name", "k");
	ck_assert_msg(run_args_take(&again, run, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(again.n_collect, 2);
	ck_assert_str_eq(again.collect[0], "/proc/meminfo");
	ck_assert_str_eq(again.collect[1], "/proc/swaps");
	ck_assert_ptr_null(again.collect[2]);
	ck_assert_uint_eq(again.n_tags, 1);
	ck_assert_str_eq(again.tags[0], "quick");
	ck_assert(again.shard.i == 2 && again.shard.of == 3 && again.fresh_boot && again.destructive);
	ck_assert(again.timeout_scale > 2.49 && again.timeout_scale < 2.51);
	ck_assert_uint_eq(again.n_cases, 2);
	ck_assert_str_eq(again.cases[1], "b*");
	ck_assert_uint_eq(again.n_kernels, 1);
	ck_assert_str_eq(again.kernels[0], "k");
	ck_assert_str_eq(again.target, "vm");
	run_args_free(&again);
	json_decref(run);
	run_args_free(&args);
}
END_TEST

TESTS("run_args", there_and_back)
