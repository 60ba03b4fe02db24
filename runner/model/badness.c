// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How bad is a task: mm/oom_kill.c:oom_badness(), fs/proc/base.c:proc_oom_score(), and how precise the numbers are.
 */
#include "base/util.h"
#include "model/model.h"

int64_t model_base(const struct era *era, const struct model_pages *p)
{
	return p->anon + p->file + p->shmem + p->swap + p->ptes + (era->pgtables_pmds ? p->pmds : 0);
}

int64_t model_adj_unit(uint64_t totalpages)
{
	return (int64_t)(totalpages / 1000);	/* truncated before it is multiplied */
}

/* What no machine has (an observation may say it) is no overflow. */
static int64_t saturated(__int128 n)
{
	const __int128 most = INT64_MAX / 4;
	return (int64_t)(n > most ? most : n < -most ? -most : n);
}

int64_t model_points(const struct era *era, int64_t base, int adj, bool cap_sys_admin, uint64_t totalpages)
{
	int64_t points = base < 0 ? 0 : base;
	if (era->root_bonus && cap_sys_admin)
		points -= points * 3 / 100;
	points = saturated(points + (__int128)adj * model_adj_unit(totalpages));
	if (!era->signed_points && points <= 0)
		points = 1;	/* 0 means not eligible there */
	return points;
}

/* Thousandths of totalpages, as the kernel divides. */
static int64_t permille(int64_t points, int64_t total)
{
	return saturated((__int128)points * 1000 / total);
}

/* mm/oom_kill.c:oom_badness() of 2.6.36 to 3.5; the scale was given up by a7f638f999ff in 3.6. */
int64_t model_points_permille(int64_t base, int adj, bool cap_sys_admin, uint64_t totalpages)
{
	int64_t total = totalpages ? (int64_t)totalpages : 1;
	int64_t points = permille(base < 0 ? 0 : base, total);
	if (cap_sys_admin)
		points -= 30;
	points += adj;
	return points > 0 ? points : 1;
}

int64_t model_oom_score(const struct era *era, int64_t points, uint64_t totalpages)
{
	int64_t total = (int64_t)totalpages;
	if (points == MODEL_INELIGIBLE || total <= 0)
		return 0;
	if (!era->signed_points)
		return permille(points, total);
	return (1000 + permille(points, total)) * 2 / 3;	/* C division: towards zero */
}

int model_points_of_score(const struct era *era, int64_t score, uint64_t totalpages, int64_t *min, int64_t *max)
{
	int64_t total = (int64_t)totalpages;
	if (score < 0 || score > 1000000 || total <= 0 || total > INT64_MAX / 8000000)
		return -1;
	/* The score rises with the points: find the first points that read as at least score, and as more. */
	int64_t bound[2];
	for (int i = 0; i < 2; i++) {
		int64_t lo = era->signed_points ? -2 * total : 1;
		int64_t hi = (score + 2) * 2 * (total / 1000 + 1);
		while (lo < hi) {
			int64_t mid = lo + (hi - lo) / 2;
			if (model_oom_score(era, mid, totalpages) >= score + i)
				hi = mid;
			else
				lo = mid + 1;
		}
		bound[i] = lo;
	}
	if (bound[0] == bound[1])
		return -1;
	*min = bound[0];
	*max = bound[1] - 1;
	return 0;
}

int64_t model_log_score(int64_t points, uint64_t totalpages)
{
	return totalpages && totalpages <= INT64_MAX ? permille(points, (int64_t)totalpages) : 0;
}

int64_t model_rss_error(const struct era *era, enum model_source source, int cpus, int threads)
{
	const int64_t counters = 4;	/* anon, file, shmem, swap */
	if (source == SOURCE_TABLE)
		return 0;	/* those are the numbers that were compared */
	if (era->rss_split)	/* mm/memory.c:check_sync_rss_stat(), TASK_RSS_EVENTS_THRESH */
		return source == SOURCE_STATUS ? 0 : counters * 64 * (threads < 1 ? 1 : threads);
	if (era->rss_exact || !era->rss_percpu)
		return 0;
	if (source == SOURCE_STATUS && !era->status_exact && !era_unsure(era, "status_exact"))
		return 0;	/* both read the same approximation */
	/* lib/percpu_counter.c:compute_batch_value(); each CPU holds back less than a batch */
	int64_t batch = cpus * 2 > 32 ? cpus * 2 : 32;
	return counters * cpus * (batch - 1);
}

int64_t model_rss_held(const struct era *era, int threads)
{
	return era->rss_split ? 64 * (int64_t)threads : 0;	/* mm/memory.c:check_sync_rss_stat() */
}
