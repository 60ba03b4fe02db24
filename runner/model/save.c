// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What would have let the victim live: the same decision again, with one number changed.
 */
#include "base/util.h"
#include "model/model.h"

struct retry {
	const struct era *era;
	struct model_scene scene;	/* with tasks of its own */
	struct model_oom oom;
	struct model_task *tasks;
	int victim;
	int instead;		/* who died at the last try that saved; -1: nobody */
};

/* Decides again. Does the victim live? */
static bool lives(struct retry *r)
{
	struct model_decision d;
	model_out_of_memory(r->era, &r->scene, &r->oom, &d);
	bool alive = d.outcome != OUTCOME_SILENT || d.victim != r->victim;
	for (size_t i = 0; i < d.n_deaths; i++)
		alive = alive && d.deaths[i].task != r->victim;
	if (alive)
		r->instead = d.outcome == OUTCOME_KILL ? d.victim : -1;
	model_decision_free(&d);
	return alive;
}

static bool lives_with_adj(struct retry *r, const struct model_task *original, int adj)
{
	const struct model_task *victim = &original[r->victim];
	for (size_t i = 0; i < r->scene.n_tasks; i++) {
		bool shared = r->era->adj_shared_mm && victim->mm > 0 && r->tasks[i].mm == victim->mm &&
			      !r->tasks[i].in_vfork && !r->tasks[i].init && !r->tasks[i].kthread;
		if ((int)i == r->victim || shared)
			r->tasks[i].adj = adj;
	}
	bool alive = lives(r);
	memcpy(r->tasks, original, r->scene.n_tasks * sizeof(*original));
	return alive;
}

/*
 * The lower the adj the safer, also where children are sacrificed (once the victim is not the worst, the choice no
 * longer depends on it), so the boundary is found by halving.
 */
static void find_adj(struct retry *r, const struct model_task *original, struct model_save *save)
{
	int own = original[r->victim].adj;
	int low = ADJ_MIN, high = own - 1;
	if (lives_with_adj(r, original, ADJ_MIN)) {
		while (low < high) {
			int mid = low + (high - low + 1) / 2;
			if (lives_with_adj(r, original, mid))
				low = mid;
			else
				high = mid - 1;
		}
		save->adj_found = true;
		save->adj = low;
		lives_with_adj(r, original, low);
	}
	save->adj_victim = save->adj_found ? r->instead : -1;
}

/*
 * The adj unit at which a rival with another adj draws level with the victim: base_v + adj_v * u = base_r + adj_r * u.
 * Of all rivals the unit nearest to the present one, above or below it, 0: none.
 */
static int64_t nearest_unit(const struct retry *r, enum constraint constraint, int64_t unit, bool above)
{
	const struct model_task *v = &r->tasks[r->victim];
	int64_t base = model_points(r->era, model_base(r->era, &v->pages), 0, v->cap_sys_admin, 0), best = -1;
	for (size_t i = 0; i < r->scene.n_tasks; i++) {
		const struct model_task *t = &r->tasks[i];
		int more = t->adj - v->adj;
		if ((int)i == r->victim || (above ? more <= 0 : more >= 0) ||
		    model_eligible(r->era, &r->scene, &r->oom, constraint, t) != WHY_ELIGIBLE)
			continue;
		int64_t other = model_points(r->era, model_base(r->era, &t->pages), 0, t->cap_sys_admin, 0);
		int64_t level = (base - other) / more;	/* or one beside it: the caller tries */
		if (above ? level < unit : level >= unit)
			level = above ? unit : unit - 1;
		if (level >= 0 && (best < 0 || (above ? level < best : level > best)))
			best = level;
	}
	return best;
}

/* Tries the unit at which a rival draws level and the next ones. True: *totalpages is the nearest that saves. */
static bool find_totalpages(struct retry *r, const struct model_decision *d, bool above, uint64_t *totalpages,
			    int *victim)
{
	int64_t level = nearest_unit(r, d->constraint, d->unit, above);
	bool found = false;
	for (int64_t step = 0; level >= 0 && step < 3 && !found; step++) {
		int64_t unit = above ? level + step : level - step + 1;
		if (unit < 0 || (above ? unit <= d->unit : unit >= d->unit))
			continue;
		r->oom.totalpages = (uint64_t)unit * 1000 + (above ? 0 : 999);
		found = lives(r);
	}
	if (found) {
		*totalpages = r->oom.totalpages;
		*victim = r->instead;
	}
	return found;
}

void model_what_would_save(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
			   const struct model_decision *d, struct model_save *save)
{
	*save = (struct model_save){ .adj_victim = -1, .raise_victim = -1, .lower_victim = -1 };
	if (d->outcome != OUTCOME_KILL)
		return;
	CLEANUP_FREE struct model_task *tasks = xcalloc(scene->n_tasks, sizeof(*tasks));
	memcpy(tasks, scene->tasks, scene->n_tasks * sizeof(*tasks));
	struct retry r = { era, *scene, *oom, tasks, d->victim, -1 };
	r.scene.tasks = tasks;
	r.oom.constraint = d->constraint;
	r.oom.totalpages = d->totalpages;
	find_adj(&r, scene->tasks, save);
	if (d->allocating_task)
		return;
	save->raise_found = find_totalpages(&r, d, true, &save->raise_totalpages, &save->raise_victim);
	save->lower_found = find_totalpages(&r, d, false, &save->lower_totalpages, &save->lower_victim);
}
