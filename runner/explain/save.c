// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "explain/explain.h"

#define TOO_MANY 20000	/* rows beyond which it would take seconds */

static int64_t known(int64_t v)
{
	return v < 0 || v > INT64_C(1) << 48 ? 0 : v;
}

/* The scene of the table: only where everything that counts is in it. */
bool explain_save(const struct oom_report *r, const struct recomputed *c, struct model_save *save,
		  const struct oom_row **adj_victim, const struct oom_row **raise_victim,
		  const struct oom_row **lower_victim)
{
	if (c->agreement != AGREES || c->permille || !c->have || c->row != c->victim || r->n_rows > TOO_MANY ||
	    !(r->columns >> OOM_COL_SWAPENTS & 1))
		return false;
	CLEANUP_FREE struct model_task *tasks = xcalloc(r->n_rows, sizeof(*tasks));
	for (size_t i = 0; i < r->n_rows; i++) {
		const int64_t *v = r->rows[i].value;
		struct model_task *t = &tasks[i];
		model_task_init(t);
		t->pid = v[OOM_COL_TGID];
		t->comm = r->rows[i].name;
		t->pages.anon = known(v[OOM_COL_RSS]);
		t->pages.swap = known(v[OOM_COL_SWAPENTS]);
		t->pages.ptes = known(v[OOM_COL_NR_PTES]) + known(v[OOM_COL_PGTABLES_BYTES]) / c->page_size;
		t->pages.pmds = known(v[OOM_COL_NR_PMDS]);
		t->adj = v[OOM_COL_OOM_SCORE_ADJ] < ADJ_MIN || v[OOM_COL_OOM_SCORE_ADJ] > ADJ_MAX
				 ? ADJ_MIN
				 : (int)v[OOM_COL_OOM_SCORE_ADJ];
		t->cap_sys_admin = v[OOM_COL_UID] == 0;
	}
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
	oom.totalpages = (uint64_t)c->total_low;
	/* who is whose child is not in a table: nobody is */
	struct era era = c->era;
	era_override(&era, "child_sacrifice", false);
	struct model_decision d = { .victim = -1 };
	model_out_of_memory(&era, &scene, &oom, &d);
	bool ok = d.outcome == OUTCOME_KILL && d.chosen >= 0 && &r->rows[d.chosen] == c->victim;
	if (ok) {
		model_what_would_save(&era, &scene, &oom, &d, save);
		*adj_victim = save->adj_victim >= 0 ? &r->rows[save->adj_victim] : NULL;
		*raise_victim = save->raise_victim >= 0 ? &r->rows[save->raise_victim] : NULL;
		*lower_victim = save->lower_victim >= 0 ? &r->rows[save->lower_victim] : NULL;
	}
	model_decision_free(&d);
	return ok;
}
