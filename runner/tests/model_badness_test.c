// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Points and scores, with numbers seen on real kernels.
 */
#include "base/util.h"
#include "model/model.h"
#include "tests/harness.h"

static struct era of(const char *release)
{
	struct era era;
	era_from_release(release, &era);
	return era;
}

/* 6.1, MemTotal 204188 kB: base 5213, adj 500 read 1067. */
START_TEST(seen_on_6_1)
{
	struct era era = of("6.1.192");
	uint64_t total = 204188 / 4;
	ck_assert_uint_eq(total, 51047);
	ck_assert_int_eq(model_adj_unit(total), 51);
	ck_assert_int_eq(model_points(&era, 5213, 500, true, total), 30713);
	ck_assert_int_eq(model_oom_score(&era, 30713, total), 1067);
}
END_TEST

START_TEST(base_by_era)
{
	struct model_pages p = { .anon = 1000, .file = 200, .shmem = 30, .swap = 4, .ptes = 5, .pmds = 2 };
	static const struct {
		const char *release;
		int64_t base;
	} t[] = { { "3.10.105", 1239 }, { "3.19.0", 1239 }, { "4.0.0", 1241 }, { "4.14.1", 1241 }, { "4.15.0", 1239 }, { "7.3.4", 1239 } };
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct era era = of(t[i].release);
		ck_assert_msg(model_base(&era, &p) == t[i].base, "%s: %lld", t[i].release, (long long)model_base(&era, &p));
	}
}
END_TEST

START_TEST(root_bonus)
{
	struct era old = of("4.16.18"), new = of("4.17.0");
	ck_assert_int_eq(model_points(&old, 10305, 0, true, 10240), 10305 - 309);	/* 309.15 */
	ck_assert_int_eq(model_points(&old, 10305, 0, false, 10240), 10305);
	ck_assert_int_eq(model_points(&new, 10305, 0, true, 10240), 10305);
	/* the bonus is taken before adj is added */
	ck_assert_int_eq(model_points(&old, 1000, 100, true, 100000), 970 + 10000);
}
END_TEST

/* 40 M limit, 10275 rss and 30 page tables, root: 4.15 says "score 976". */
START_TEST(score_in_the_log)
{
	struct era v4_15 = of("4.15.18");
	ck_assert_int_eq(model_log_score(model_points(&v4_15, 10275 + 30, 0, true, 10240), 10240), 976);
	/* limit 0: totalpages 1, absurd scores */
	ck_assert_int_eq(model_log_score(570, 1), 570000);
}
END_TEST

START_TEST(floor_of_old_kernels)
{
	struct era old = of("5.8.18"), new = of("5.9.0"), ubuntu = of("5.4.0-216-generic");
	ck_assert_int_eq(model_points(&old, 7680, -900, false, 128000), 1);
	ck_assert_int_eq(model_points(&old, 0, 0, false, 128000), 1);
	ck_assert_int_eq(model_points(&new, 7680, -900, false, 128000), 7680 - 900 * 128);
	ck_assert_int_eq(model_points(&new, 0, 0, false, 128000), 0);
	ck_assert_int_eq(model_points(&ubuntu, 0, -1, false, 128000), -128);
}
END_TEST

/* totalpages / 1000 is truncated before it is multiplied. */
/* 16 TB are 2^32 pages; half of it is 500 points, whatever 32 bits say. */
START_TEST(many_terabytes)
{
	struct era era = of("7.2.13");
	int64_t total = INT64_C(1) << 32;
	ck_assert_int_eq(model_points(&era, total / 2, 0, true, (uint64_t)total), total / 2);
	ck_assert_int_eq(model_points(&era, total, 1000, true, (uint64_t)total), total + INT64_C(4294967) * 1000);
	ck_assert_int_eq(model_oom_score(&era, total / 2, (uint64_t)total), (1000 + 500) * 2 / 3);
	ck_assert_int_eq(model_oom_score(&era, total + INT64_C(4294967) * 1000, (uint64_t)total), (1000 + 1999) * 2 / 3);
}
END_TEST

START_TEST(truncated_unit)
{
	struct era era = of("6.12.1");
	ck_assert_int_eq(model_points(&era, 0, 1000, false, 51999), 51000);
	ck_assert_int_eq(model_points(&era, 0, -999, false, 51999), -50949);
	ck_assert_int_eq(model_points(&era, 200, 1000, false, 999), 200);
	ck_assert_int_eq(model_adj_unit(10240), 10);
	ck_assert_int_eq(model_adj_unit(768), 0);
	ck_assert_int_eq(model_adj_unit(1280), 1);
}
END_TEST

START_TEST(oom_score_file)
{
	struct era old = of("5.8.0"), new = of("5.9.0");
	uint64_t total = 51047;
	ck_assert_int_eq(model_oom_score(&old, MODEL_INELIGIBLE, total), 0);
	ck_assert_int_eq(model_oom_score(&new, MODEL_INELIGIBLE, total), 0);
	ck_assert_int_eq(model_oom_score(&old, model_points(&old, 10, 0, false, total), total), 0);
	ck_assert_int_eq(model_oom_score(&new, 10, total), 666);
	ck_assert_int_eq(model_oom_score(&new, model_points(&new, 100, 1, false, total), total), 668);
	/* adj 1000 with 20 M of 512 M */
	ck_assert_int_eq(model_oom_score(&new, model_points(&new, 5577, 1000, false, 131072), 131072), 1360);
	ck_assert_int_eq(model_oom_score(&new, model_points(&new, 5578, 1000, false, 131072), 131072), 1361);
	/* -999 is not protection: 30 to 70, not 0 */
	ck_assert_int_eq(model_oom_score(&new, model_points(&new, 2600, -999, false, total), total), 35);
	/* both divisions truncate towards zero */
	ck_assert_int_eq(model_oom_score(&new, -51, total), 666);
	ck_assert_int_eq(model_oom_score(&new, -52, total), 666);
	ck_assert_int_eq(model_oom_score(&new, -103, total), 665);
}
END_TEST

START_TEST(points_of_a_score)
{
	static const char *const releases[] = { "5.8.0", "6.1.0" };
	uint64_t total = 51047;
	for (size_t r = 0; r < 2; r++) {
		struct era era = of(releases[r]);
		for (int64_t points = r ? -50949 : 1; points < 60000; points += 97) {
			int64_t min, max, score = model_oom_score(&era, points, total);
			ck_assert_int_eq(model_points_of_score(&era, score, total, &min, &max), 0);
			ck_assert(min <= points && points <= max);
			ck_assert_int_eq(model_oom_score(&era, min, total), score);
			ck_assert_int_eq(model_oom_score(&era, max, total), score);
			ck_assert_int_eq(model_oom_score(&era, max + 1, total) == score, 0);
			ck_assert(r == 0 || max - min <= 3 * 52);
		}
	}
	int64_t min, max;
	struct era era = of("6.1.0");
	ck_assert_int_eq(model_points_of_score(&era, -1, total, &min, &max), -1);
}
END_TEST

START_TEST(precision)
{
	struct era v6_1 = of("6.1.100"), v6_5 = of("6.5.13"), v6_18 = of("6.18.15"), v7 = of("7.0.1");
	ck_assert_int_eq(model_rss_error(&v6_1, SOURCE_STATUS, 8, 4), 0);
	ck_assert_int_eq(model_rss_error(&v6_1, SOURCE_TOUCHED, 8, 4), 4 * 64 * 4);
	ck_assert_int_eq(model_rss_error(&v6_5, SOURCE_STATUS, 8, 1), 0);	/* both approximate */
	ck_assert_int_eq(model_rss_error(&v6_5, SOURCE_TOUCHED, 2, 1), 4 * 2 * 31);
	ck_assert_int_eq(model_rss_error(&v6_18, SOURCE_STATUS, 2, 1), 4 * 2 * 31);
	ck_assert_int_eq(model_rss_error(&v6_18, SOURCE_STATUS, 256, 1), INT64_C(4) * 256 * 511);
	ck_assert_int_eq(model_rss_error(&v6_18, SOURCE_TABLE, 256, 1), 0);
	ck_assert_int_eq(model_rss_error(&v7, SOURCE_STATUS, 256, 9), 0);
	/* where it is not known whether status is exact, the worse is assumed */
	struct era debian = of("6.12.0-9-amd64"), ubuntu = of("6.14.0-37-generic"), before = of("6.12.38"), since = of("6.12.39");
	ck_assert_int_eq(model_rss_error(&debian, SOURCE_STATUS, 1, 1), 4 * 31);
	ck_assert_int_eq(model_rss_error(&ubuntu, SOURCE_STATUS, 1, 1), 4 * 31);
	ck_assert_int_eq(model_rss_error(&before, SOURCE_STATUS, 1, 1), 0);	/* both approximate */
	ck_assert_int_eq(model_rss_error(&since, SOURCE_STATUS, 1, 1), 4 * 31);
}
END_TEST

TESTS("model_badness", seen_on_6_1, base_by_era, root_bonus, score_in_the_log, floor_of_old_kernels, many_terabytes, truncated_unit,
      oom_score_file, points_of_a_score, precision)
