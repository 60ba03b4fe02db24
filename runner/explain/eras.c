// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rules held: by the release where the log names it and its lines look like that release's, by the lines
 * otherwise. */
#include "base/util.h"
#include "explain/recompute.h"

/* The rules of selection changed at these steps; each is stood for by one release. */
static const struct { uint64_t from, until; const char *release; } steps[] = {
	{ KVER(2, 6, 0), KVER(3, 6, 0), "3.0.0" },
	{ KVER(3, 6, 0), KVER(4, 17, 0), "4.4.0" },	/* 3 % for root, points at least 1, first of equals */
	{ KVER(4, 17, 0), KVER(5, 3, 0), "5.0.0" },	/* no bonus */
	{ KVER(5, 3, 0), KVER(5, 9, 0), "5.6.0" },	/* last of equals */
	{ KVER(5, 9, 0), UINT64_MAX, "6.12.0" },	/* negative points compared */
};

static bool has(const struct oom_report *r, enum oom_column c)
{
	return r->columns >> c & 1;
}

/* Since 5.4 ", UID:… pgtables:… oom_score_adj:…" follows (mm/oom_kill.c:__oom_kill_process()). */
static bool ends_at_shmem(const struct oom_kill *k)
{
	return k->shmem_rss_kb != OOM_UNKNOWN && k->uid == OOM_UNKNOWN && k->pgtables_kb == OOM_UNKNOWN && !k->more;
}

/* What the lines say of the version: [from, until). */
static void range_of(const struct oom_report *r, uint64_t *from, uint64_t *until)
{
	*from = 0;
	*until = UINT64_MAX;
	if (has(r, OOM_COL_CPU) || has(r, OOM_COL_OOM_ADJ))
		*until = KVER(3, 6, 0);
	else if (has(r, OOM_COL_NR_PMDS))
		*from = KVER(4, 0, 0), *until = KVER(4, 15, 0);
	else if (has(r, OOM_COL_NR_PTES))
		*from = KVER(3, 6, 0), *until = KVER(4, 0, 0);
	else if (has(r, OOM_COL_RSS_ANON))
		*from = KVER(6, 8, 0);
	else if (has(r, OOM_COL_PGTABLES_BYTES))
		*from = KVER(4, 15, 0);
	if (r->choice.present && *until > KVER(5, 1, 0))
		*until = KVER(5, 1, 0);
	if (r->has_selected && *from < KVER(5, 0, 0))
		*from = KVER(5, 0, 0);
	if (r->n_kills && r->kills[0].prefix != OOM_PREFIX_NONE && !r->choice.present) {
		uint64_t since = r->kills[0].oom_score_adj != OOM_UNKNOWN ? KVER(5, 4, 0) : KVER(5, 1, 0);
		if (*from < since)
			*from = since;
		if (ends_at_shmem(&r->kills[0]) && *until > KVER(5, 4, 0))
			*until = KVER(5, 4, 0);
	}
}

/* Do the lines look as this era's do? A distribution's kernel may carry the rules of another. */
static bool looks_like(const struct oom_report *r, const struct era *era)
{
	if (r->choice.present && !era->kill_process_line)
		return false;
	if (r->has_selected && !era->summary_line)
		return false;
	if (r->n_kills && r->kills[0].prefix != OOM_PREFIX_NONE && !r->choice.present && !era->killed_reason)
		return false;
	if (has(r, OOM_COL_PGTABLES_BYTES) && !era->pgtables_bytes)
		return false;
	return true;
}

/* The behaviours that decide who is chosen, each both ways where the version leaves it open. */
static size_t open_ways(struct era eras[MAX_ERAS], size_t n)
{
	static const char *const names[] = { "root_bonus", "signed_points", "ties_last" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		bool value;
		if (!era_unsure(&eras[0], names[i]) || era_find_behaviour(&eras[0], names[i], &value) < 0)
			continue;
		for (size_t have = n, j = 0; j < have && n < MAX_ERAS; j++) {
			eras[n] = eras[j];
			era_override(&eras[n++], names[i], !value);
		}
	}
	return n;
}

size_t eras_of(const struct oom_report *r, struct era eras[MAX_ERAS])
{
	size_t n = 0;
	if (r->kernel) {
		era_from_release(r->kernel, &eras[0]);
		if (eras[0].known) {
			n = open_ways(eras, 1);
			if (looks_like(r, &eras[0]))
				return n;
		}
	}
	uint64_t from, until;
	range_of(r, &from, &until);
	for (size_t i = ARRAY_SIZE(steps); i-- > 0 && n < MAX_ERAS;)
		if (steps[i].from < until && steps[i].until > from)
			era_from_release(steps[i].release, &eras[n++]);
	if (!n)
		era_from_release(NULL, &eras[n++]);
	return n;
}

bool era_is_permille(const struct oom_report *r, const struct era *era)
{
	return era->version < KVER(3, 6, 0) && !has(r, OOM_COL_NR_PTES) && !has(r, OOM_COL_PGTABLES_BYTES);
}
