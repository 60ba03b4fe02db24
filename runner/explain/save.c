// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "explain/explain.h"

#define TOO_MANY 20000	/* rows beyond which it would take seconds */

static int64_t known(int64_t v)
{
	return v < 0 || v > INT64_C(1) << 48 ? 0 : v;
}

/* A row as the model has it. */
static void task_of(const struct oom_report *r, const struct oom_row *row, const struct recomputed *c,
		    struct model_task *t)
{
	const int64_t *v = row->value;
	model_task_init(t);
	t->pid = v[OOM_COL_TGID];
	t->comm = row->name;
	t->pages.anon = known(v[OOM_COL_RSS]);
	t->pages.swap = known(v[OOM_COL_SWAPENTS]);
	t->pages.ptes = known(v[OOM_COL_NR_PTES]) + known(v[OOM_COL_PGTABLES_BYTES]) / c->page_size;
	t->pages.pmds = known(v[OOM_COL_NR_PMDS]);
	t->adj = v[OOM_COL_OOM_SCORE_ADJ] < ADJ_MIN || v[OOM_COL_OOM_SCORE_ADJ] > ADJ_MAX
			 ? ADJ_MIN
			 : (int)v[OOM_COL_OOM_SCORE_ADJ];
	t->cap_sys_admin = v[OOM_COL_UID] == 0 && !(c->root_plain && (r->memcg || row == c->victim));
}

static const struct oom_row *row_at(const struct oom_report *r, int i)
{
	return i >= 0 ? &r->rows[i] : NULL;
}

/* The decision again, and what changes it. False: it is another one. */
static bool decide(const struct oom_report *r, const struct recomputed *c, const struct model_task *tasks,
		   int64_t totalpages, struct saving *s)
{
	struct model_scene scene;
	model_scene_init(&scene);
	scene.tasks = tasks;
	scene.n_tasks = r->n_rows;
	scene.order = ORDER_GIVEN;
	scene.machine.page_size = (int)c->page_size;
	struct model_oom oom;
	model_oom_init(&oom);
	/* the table has the candidates only: who is in it is in the domain */
	oom.constraint = CONSTRAINT_NONE;
	oom.totalpages = (uint64_t)totalpages;
	/* who is whose child is not in a table: nobody is */
	struct era era = c->era;
	era_override(&era, "child_sacrifice", false);
	struct model_decision d = { .victim = -1 };
	model_out_of_memory(&era, &scene, &oom, &d);
	bool same = d.outcome == OUTCOME_KILL && d.chosen >= 0 && &r->rows[d.chosen] == c->victim;
	if (same) {
		model_what_would_save(&era, &scene, &oom, &d, &s->model);
		s->adj_victim = row_at(r, s->model.adj_victim);
		s->raise_victim = row_at(r, s->model.raise_victim);
		s->lower_victim = row_at(r, s->model.lower_victim);
	}
	model_decision_free(&d);
	return same;
}

enum saved explain_save(const struct oom_report *r, const struct recomputed *c, struct saving *s)
{
	/* only where everything that counts is in the table */
	if (c->agreement != AGREES || c->permille || !c->have || c->row != c->victim || r->n_rows > TOO_MANY ||
	    !(r->columns >> OOM_COL_SWAPENTS & 1))
		return SAVED_UNSAID;
	int64_t least = total_least(r, c->page_size);
	if (!least && c->n_eligible > 1)
		return SAVED_BY_UNKNOWN;
	CLEANUP_FREE struct model_task *tasks = xcalloc(r->n_rows, sizeof(*tasks));
	for (size_t i = 0; i < r->n_rows; i++)
		task_of(r, &r->rows[i], c, &tasks[i]);
	return decide(r, c, tasks, least ? least : 1, s) ? SAVED_BY : SAVED_UNSAID;
}
