// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>

#include "base/util.h"
#include "run/shard.h"
#include "tests/harness.h"

#define N 40

static struct test tests[N];
static char ids[N][16];
static struct kernel kernels[2] = { { .name = (char[]){ "k" } }, { .name = (char[]){ "l" } } };

static void make(struct schedule_job *jobs)
{
	for (size_t i = 0; i < N; i++) {
		sprintf(ids[i], "t/%zu", i / 2);
		tests[i] = (struct test){ .id = ids[i] };
		jobs[i] = (struct schedule_job){ .kernel = &kernels[i % 2], .test = &tests[i], .seconds = 1 + (double)(i * i % 7) };
	}
}

static int by_address(const void *a, const void *b)
{
	const struct schedule_job *x = a, *y = b;
	return x->test < y->test ? -1 : x->test > y->test;
}

/* Each job is in one part; parts are about as long; the order of the arguments does not matter. */
START_TEST(parts)
{
	for (unsigned of = 1; of <= N + 2; of++) {
		unsigned seen[N] = { 0 };
		double total = 0, longest = 0, most = 0, least = 1e9;
		for (unsigned i = 1; i <= of; i++) {
			struct schedule_job jobs[N], reversed[N];
			make(jobs);
			for (size_t j = 0; j < N; j++)
				reversed[j] = jobs[N - 1 - j];
			size_t n = shard_pick(jobs, N, (struct shard){ i, of });
			ck_assert_uint_eq(n, shard_pick(reversed, N, (struct shard){ i, of }));
			qsort(reversed, n, sizeof(*reversed), by_address);
			double seconds = 0;
			for (size_t j = 0; j < n; j++) {
				ck_assert_ptr_eq(jobs[j].test, reversed[j].test);	/* its own order is kept */
				seen[jobs[j].test - tests]++;
				seconds += jobs[j].seconds;
				longest = jobs[j].seconds > longest ? jobs[j].seconds : longest;
			}
			total += seconds;
			most = seconds > most ? seconds : most;
			least = seconds < least ? seconds : least;
		}
		for (size_t j = 0; j < N; j++)
			ck_assert_uint_eq(seen[j], 1);
		/* who has least gets the next: no two parts differ by more than the longest job */
		ck_assert_msg(most - least <= longest + 1e-9, "%u parts: %g to %g s", of, least, most);
		ck_assert(total > 0);
	}
}
END_TEST

START_TEST(words)
{
	static const char *const bad[] = { "", "1", "/", "0/3", "4/3", "1/0", "a/3", "1/3x", "-1/3", "1/3/3", " 1/3", "1/99999" };
	struct shard s = { 0 };
	struct error err = { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_msg(shard_parse(bad[i], &s, &err) < 0, "%s was taken", bad[i]);
		ck_assert_ptr_nonnull(strstr(err.text, "is not I/N"));
	}
	ck_assert_int_eq(shard_parse("2/4", &s, &err), 0);
	ck_assert(s.i == 2 && s.of == 4);
	struct schedule_job jobs[N];
	make(jobs);
	ck_assert_uint_eq(shard_pick(jobs, N, (struct shard){ 0, 0 }), N);
}
END_TEST

TESTS("shard", parts, words)
