// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * oom_score_adj, oom_adj, and what overcommit admits.
 */
#include <errno.h>

#include "base/util.h"
#include "model/adj.h"
#include "model/overcommit.h"
#include "model/watermarks.h"
#include "tests/harness.h"

static struct era of(const char *release)
{
	struct era era;
	era_from_release(release, &era);
	return era;
}

/* Root sets 100; then uid 1000: 50 is EACCES, 300 and back to 100 are fine, 99 is EACCES. */
START_TEST(floor_of_adj)
{
	struct era era = of("6.1.0");
	struct model_adj a = { 0 };
	ck_assert_int_eq(model_write_adj(&era, &a, -1, false), EACCES);
	ck_assert_int_eq(model_write_adj(&era, &a, 5, false), 0);
	ck_assert_int_eq(model_write_adj(&era, &a, 0, false), 0);
	ck_assert_int_eq(model_write_adj(&era, &a, 100, true), 0);
	ck_assert_int_eq(a.adj_min, 100);
	ck_assert_int_eq(model_write_adj(&era, &a, 50, false), EACCES);
	ck_assert_int_eq(a.adj, 100);
	ck_assert_int_eq(model_write_adj(&era, &a, 300, false), 0);
	ck_assert_int_eq(model_write_adj(&era, &a, 100, false), 0);
	ck_assert_int_eq(model_write_adj(&era, &a, 99, false), EACCES);
	ck_assert_int_eq(model_write_adj(&era, &a, -1000, true), 0);
	ck_assert_int_eq(model_write_adj(&era, &a, -1001, true), EINVAL);
	ck_assert_int_eq(model_write_adj(&era, &a, 1001, true), EINVAL);
	ck_assert_int_eq(model_write_adj(&era, &a, INT64_C(1) << 40, true), EINVAL);
	ck_assert_int_eq(a.adj, -1000);
	struct model_adj zombie = { .no_mm = true };
	ck_assert_int_eq(model_write_adj(&era, &zombie, 5, true), 0);
	era = of("4.7.0");
	ck_assert_int_eq(model_write_adj(&era, &zombie, 6, true), EINVAL);
	ck_assert_int_eq(zombie.adj, 5);
}
END_TEST

START_TEST(oom_adj)
{
	struct era era = of("6.1.0");
	static const int pairs[][2] = { { 15, 1000 }, { -17, -1000 }, { -16, -941 }, { -1, -58 }, { 0, 0 }, { 1, 58 }, { 14, 823 } };
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct model_adj a = { 0 };
		ck_assert_int_eq(model_write_oom_adj(&era, &a, pairs[i][0], true), 0);
		ck_assert_int_eq(a.adj, pairs[i][1]);
		ck_assert_int_eq(a.adj_min, 0);	/* the floor stays */
	}
	struct model_adj a = { 0 };
	ck_assert_int_eq(model_write_oom_adj(&era, &a, 16, true), EINVAL);
	ck_assert_int_eq(model_write_oom_adj(&era, &a, -18, true), EINVAL);
	/* 10 then 5: the present value is the floor */
	ck_assert_int_eq(model_write_oom_adj(&era, &a, 10, false), 0);
	ck_assert_int_eq(model_write_oom_adj(&era, &a, 5, false), EACCES);
	ck_assert_int_eq(model_write_adj(&era, &a, 5, false), 0);
	static const int reads[][2] = { { 1000, 15 }, { -1000, -17 }, { -941, -15 }, { 58, 0 }, { 59, 1 }, { -58, 0 }, { 941, 15 }, { 999, 15 } };
	for (size_t i = 0; i < ARRAY_SIZE(reads); i++)
		ck_assert_int_eq(model_read_oom_adj(&era, reads[i][0]), reads[i][1]);
	era = of("4.4.0");
	ck_assert_int_eq(model_read_oom_adj(&era, 999), 16);
	ck_assert_int_eq(model_read_oom_adj(&era, 1000), 15);
	ck_assert(!era_unsure(&era, "oom_adj_clamped"));
	struct model_adj zombie = { .no_mm = true };
	ck_assert_int_eq(model_write_oom_adj(&era, &zombie, 1, true), EINVAL);
}
END_TEST

START_TEST(copied)
{
	struct era old = of("4.7.0"), new = of("4.8.0");
	struct model_task a, b;
	model_task_init(&a);
	model_task_init(&b);
	ck_assert(!model_adj_copied(&new, &a, &b));
	a.mm = b.mm = 1;
	ck_assert(model_adj_copied(&new, &a, &b));
	ck_assert(!model_adj_copied(&old, &a, &b));
	bool *const flags[] = { &a.in_vfork, &b.in_vfork, &b.init, &b.kthread, &b.no_mm };
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		*flags[i] = true;
		ck_assert(!model_adj_copied(&new, &a, &b));
		*flags[i] = false;
	}
	b.mm = 2;
	ck_assert(!model_adj_copied(&new, &a, &b));
}
END_TEST

static struct model_vm vm(int mode)
{
	return (struct model_vm){
		.mode = mode, .ratio = 50, .page_size = 4096, .totalram = 115462, .admin_reserve_kb = 8192,
		.user_reserve_kb = 131072, .committed = 1128,
	};
}

/* 57731 - 1128 - 12 - 1 = 56590 for root, 2048 less for others. */
START_TEST(strict)
{
	struct era era = of("6.1.0");
	struct model_vm v = vm(2);
	struct model_request r = { .total_vm = 12 * 32 + 31, .cap_sys_admin = true };
	uint64_t largest;
	ck_assert_uint_eq(model_commit_limit(&era, &v), 57731);
	ck_assert(model_overcommit_largest(&era, &v, &r, &largest));
	ck_assert_uint_eq(largest, 56590);
	r.cap_sys_admin = false;
	ck_assert(model_overcommit_largest(&era, &v, &r, &largest));
	ck_assert_uint_eq(largest, 54542);
	r.pages = 54542;
	ck_assert_int_eq(model_overcommit(&era, &v, &r), ADMIT_YES);
	r.pages++;
	ck_assert_int_eq(model_overcommit(&era, &v, &r), ADMIT_NO);
	r.noreserve = true;	/* ignored in mode 2 */
	ck_assert_int_eq(model_overcommit(&era, &v, &r), ADMIT_NO);
	/* the user's reserve bounds the 1/32 */
	v.user_reserve_kb = 40;
	r.cap_sys_admin = true;
	model_overcommit_largest(&era, &v, &r, &largest);
	ck_assert_uint_eq(largest, 56592);
	r.no_mm = true;
	model_overcommit_largest(&era, &v, &r, &largest);
	ck_assert_uint_eq(largest, 56602);
	v.user_reserve_kb = 131072;
	r.no_mm = false;
	r.total_vm = 32000;	/* a 1/32, not 3 % */
	model_overcommit_largest(&era, &v, &r, &largest);
	ck_assert_uint_eq(largest, 57731 - 1128 - 1000 - 1);
	v.committed = 99999;
	model_overcommit_largest(&era, &v, &r, &largest);
	ck_assert_uint_eq(largest, 0);
}
END_TEST

START_TEST(commit_limit)
{
	struct era era = of("6.1.0"), old = of("3.13.0");
	struct model_vm v = vm(2);
	v.total_swap = 1000;
	v.hugetlb = 1024;
	ck_assert_uint_eq(model_commit_limit(&era, &v), (115462 - 1024) / 2 + 1000);
	v.overcommit_kb = 40000;
	ck_assert_uint_eq(model_commit_limit(&era, &v), 10000 + 1000);
	ck_assert_uint_eq(model_commit_limit(&old, &v), (115462 - 1024) / 2 + 1000);
	v.overcommit_kb = 0;
	v.ratio = 200;
	ck_assert_uint_eq(model_commit_limit(&era, &v), (115462 - 1024) * 2 + 1000);
}
END_TEST

/* MemTotal + SwapTotal is fine, one page more is not. */
START_TEST(heuristic)
{
	struct era era = of("5.2.0"), old = of("5.1.0");
	struct model_vm v = vm(0);
	v.total_swap = 1000;
	struct model_request r = { .pages = 116462 };
	ck_assert_int_eq(model_overcommit(&era, &v, &r), ADMIT_YES);
	r.pages++;
	ck_assert_int_eq(model_overcommit(&era, &v, &r), ADMIT_NO);
	ck_assert_int_eq(model_overcommit(&old, &v, &r), ADMIT_NO);
	r.pages--;
	ck_assert_int_eq(model_overcommit(&old, &v, &r), ADMIT_UNKNOWN);
	r.noreserve = true;
	r.pages = 1 << 30;
	ck_assert_int_eq(model_overcommit(&era, &v, &r), ADMIT_YES);
	r.noreserve = false;
	v.mode = 1;
	ck_assert_int_eq(model_overcommit(&era, &v, &r), ADMIT_YES);
}
END_TEST

/* Until 5.1: what is free, what can be freed, less reserves, must exceed the request. */
START_TEST(guessed)
{
	struct era old = of("4.17.0"), newer = of("4.18.0");
	struct model_vm v = vm(0);
	v.free = 80000, v.file = 20000, v.shmem = 5000, v.free_swap = 1000, v.slab_reclaimable = 500, v.misc_reclaimable = 7;
	v.totalreserve = 3000;
	struct model_request r = { .cap_sys_admin = true };
	uint64_t largest;
	ck_assert(model_overcommit_largest(&old, &v, &r, &largest));
	ck_assert_uint_eq(largest, 80000 + 20000 - 5000 + 1000 + 500 - 3000 - 1);
	ck_assert(model_overcommit_largest(&newer, &v, &r, &largest));
	ck_assert_uint_eq(largest, 80000 + 20000 - 5000 + 1000 + 500 + 7 - 3000 - 1);
	r.cap_sys_admin = false;
	ck_assert(model_overcommit_largest(&old, &v, &r, &largest));
	ck_assert_uint_eq(largest, 80000 + 20000 - 5000 + 1000 + 500 - 3000 - 2048 - 1);
	v.totalreserve = 99999;
	ck_assert(model_overcommit_largest(&old, &v, &r, &largest));
	ck_assert_uint_eq(largest, 0);
}
END_TEST

/* As 6.1 has it on a machine of 192M and one of 320M with a plugged in module, whose zone is movable. */
START_TEST(watermarks)
{
	static const struct {
		uint64_t managed, lowmem, pages_min, scale;
		bool movable;
		uint64_t min, low, high;
	} table[] = {
		{ 44056, 44056, 2048, 300, false, 2048, 3369, 4690 },
		{ 44056, 44056, 2048, 10, false, 2048, 2560, 3072 },	/* a quarter of min is more than the scale's share */
		{ 65536, 44056, 2048, 300, true, 64, 2030, 3996 },
		{ 16384, 44056, 2048, 300, true, 32, 523, 1014 },
		{ 1 << 20, 44056, 2048, 300, true, 128, 31585, 63042 },
		{ 0, 44056, 2048, 300, false, 0, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct model_watermarks m = model_watermarks(table[i].managed, table[i].lowmem, table[i].pages_min, table[i].scale,
							     table[i].movable);
		ck_assert_uint_eq(m.min, table[i].min);
		ck_assert_uint_eq(m.low, table[i].low);
		ck_assert_uint_eq(m.high, table[i].high);
	}
	ck_assert_uint_eq(model_lowmem_reserve(3840, 32768, 64), 512);
	ck_assert_uint_eq(model_lowmem_reserve(3840, 32768, 0), 0);
	ck_assert_uint_eq(model_lowmem_reserve(0, 32768, 64), 0);
}
END_TEST

TESTS("model_proc", watermarks, floor_of_adj, oom_adj, copied, strict, commit_limit, heuristic, guessed)
