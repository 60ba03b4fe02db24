// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/oom_score against the model (fs/proc/base.c:proc_oom_score). */
#include "base/util.h"
#include "judge/look.h"
#include "judge/scene.h"
#include "judge/trial.h"

/* oom_score as the kernel computes it, from sizes read back to back with it. */
static void check_score(struct trial *t, const struct step *s, const char *who, const json_t *read, uint64_t totalpages,
			int64_t page_kb)
{
	struct model_task m;
	model_task_init(&m);
	m.pages.anon = look_int(read, "anon_kb", 0) / page_kb;
	m.pages.file = look_int(read, "file_kb", 0) / page_kb;
	m.pages.shmem = look_int(read, "shmem_kb", 0) / page_kb;
	m.pages.swap = look_int(read, "swap_kb", 0) / page_kb;
	m.pages.ptes = look_int(read, "pte_kb", 0) / page_kb;
	int adj = (int)look_int(read, "adj", 0);
	bool in_vfork = scene_in_vfork(t, who);
	int64_t base = model_base(&t->era, &m.pages);
	int64_t error = model_rss_error(&t->era, SOURCE_STATUS, t->ncpus, 1);
	bool root = look_int(read, "uid", 0) == 0;
	int64_t low = MODEL_INELIGIBLE, high = MODEL_INELIGIBLE;
	if (adj != ADJ_MIN && !(in_vfork && t->era.vfork_exempt)) {
		low = model_points(&t->era, base > error ? base - error : 0, adj, root, totalpages);
		high = model_points(&t->era, base + error, adj, root, totalpages);
	}
	trial_check_range(t, CHECK_SCORE, who, &s->where, model_oom_score(&t->era, low, totalpages),
			  model_oom_score(&t->era, high, totalpages), look_int(read, "score", -1));
}

void check_scores(struct trial *t, const struct step *s, size_t step)
{
	const json_t *answer = trial_answer(t, step, "score"), *scores = json_object_get(answer, "scores");
	int64_t k = look_int(t->seen->hello, "page_size", 4096) / 1024, memory = look_int(answer, "memtotal_kb", -1);
	if (!scores || memory < 0)
		return;
	uint64_t totalpages = (uint64_t)((memory + look_int(answer, "swaptotal_kb", 0)) / k);
	for (size_t i = 0; i < s->n_tasks; i++) {
		const json_t *read = json_object_get(scores, s->tasks[i]);
		if (read)
			check_score(t, s, s->tasks[i], read, totalpages, k);
		else
			trial_check_text(t, CHECK_SCORE, s->tasks[i], &s->where, "a number", "not there");
	}
}

/* @by fewer pages, of whatever kind: only their sum counts (mm/oom_kill.c:oom_badness). */
static void take_pages(struct model_pages *pages, int64_t by)
{
	int64_t *kinds[] = { &pages->anon, &pages->shmem, &pages->file, &pages->swap };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int64_t n = by < *kinds[i] ? by : *kinds[i];
		*kinds[i] -= n;
		by -= n;
	}
}

/*
 * Every test looks at the scores of its tasks before an episode: they hold still then, and the snapshot has a score
 * only where the sizes were the same before and after it was read.
 */
void check_scores_before(struct trial *t, const struct episode *e)
{
	struct scene s;
	scene_open(&s, t, e);
	for (size_t i = 0; i < s.model.n_tasks; i++) {
		const json_t *row = s.rows[i];
		CLEANUP_FREE char *name = look_bytes(look_text(row, "name"));
		struct model_task low = s.tasks[i], high = s.tasks[i];
		/* Whether a victim was reaped yet decides whether it has a score. */
		if (!name || low.threads != 1 || low.no_mm || trial_killed_earlier(t, e, row) || look_int(row, "score", -1) < 0 ||
		    (e->k && trial_grows(t, &t->episodes[e->k - 1], look_text(row, "name"))))
			continue;
		take_pages(&low.pages, low.less);
		high.pages.anon += high.more;
		trial_check_range(t, CHECK_SCORE_BEFORE, name, NULL,
				  model_score_of_task(&t->era, &s.model, &low, low.mems),
				  model_score_of_task(&t->era, &s.model, &high, high.mems), look_int(row, "score", -1));
	}
	scene_close(&s);
}
