// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/select.h"

#include "base/util.h"

struct candidate {
	int task;
	int64_t low, points, high;	/* with the least base, as given, with the largest base */
};

/* What every step of one scan needs. */
struct scan {
	const struct era *era;
	const struct model_scene *scene;
	const struct model_oom *oom;
	enum constraint constraint;
	uint64_t totalpages;
	struct candidate *candidates;	/* in scan order */
	size_t n;
	bool shared;		/* some candidate shares its mm */
	bool adj_counts;	/* some candidate's adj is not 0 */
};

bool model_out_of_domain(enum model_why why)
{
	return why == WHY_INIT || why == WHY_KTHREAD || why == WHY_OTHER_MEMCG || why == WHY_OTHER_MEMS ||
	       why == WHY_OTHER_POLICY;
}

static enum model_why eligible(const struct scan *s, int task)
{
	return model_eligible(s->era, s->scene, s->oom, s->constraint, &s->scene->tasks[task]);
}

static struct candidate score(const struct scan *s, int task)
{
	const struct model_task *t = &s->scene->tasks[task];
	int64_t base = model_base(s->era, &t->pages);
	return (struct candidate){
		.task = task,
		.low = model_points(s->era, base - t->less, t->adj, t->cap_sys_admin, s->totalpages),
		.points = model_points(s->era, base, t->adj, t->cap_sys_admin, s->totalpages),
		.high = model_points(s->era, base + t->more, t->adj, t->cap_sys_admin, s->totalpages),
	};
}

/* mm/oom_kill.c:oom_evaluate_task(); before 4.9 oom_scan_process_thread(). False: the scan is over. */
static bool evaluate(struct scan *s, int task)
{
	const struct era *era = s->era;
	const struct model_task *t = &s->scene->tasks[task];
	bool sysrq = s->oom->trigger == TRIGGER_SYSRQ;
	if (era->dying_hidden && t->in_exit && s->constraint == CONSTRAINT_MEMCG)
		return true;
	enum model_why why = eligible(s, task);
	if (model_out_of_domain(why))
		return true;
	if (t->in_flight && !sysrq) {
		if (t->skip && era->skip_flag)
			return true;
		return false;
	}
	if (t->origin) {	/* before badness: not even -1000 protects */
		s->candidates[s->n++] = (struct candidate){ task, MODEL_ORIGIN, MODEL_ORIGIN, MODEL_ORIGIN };
		return true;
	}
	if (era->exiting_aborts && t->exiting && !t->no_mm && !sysrq)
		return false;
	if (why == WHY_ELIGIBLE) {
		s->candidates[s->n++] = score(s, task);
		s->shared = s->shared || t->mm > 0;
		s->adj_counts = s->adj_counts || t->adj;
	}
	return true;
}

/*
 * Of tasks that share an mm and have the same adj only one can ever be chosen, whatever the sizes: the one that wins
 * the tie between them. The others are taken out, so that they are not mistaken for rivals.
 */
static void drop_sharers(struct scan *s)
{
	size_t tasks = s->scene->n_tasks;
	if (s->scene->order == ORDER_UNKNOWN || !s->shared)
		return;
	CLEANUP_FREE size_t *seen = xcalloc(tasks + 1, sizeof(*seen));	/* by mm: 1 + index of its winner so far */
	for (size_t i = 0; i < s->n; i++) {
		const struct model_task *t = &s->scene->tasks[s->candidates[i].task];
		if (t->mm <= 0 || (size_t)t->mm > tasks || t->origin)
			continue;
		size_t other = seen[t->mm];
		if (other) {
			const struct model_task *o = &s->scene->tasks[s->candidates[other - 1].task];
			if (o->adj != t->adj || o->cap_sys_admin != t->cap_sys_admin)
				continue;
			size_t loser = s->era->ties_last ? other - 1 : i;
			s->candidates[loser].task = -1;
			if (!s->era->ties_last)
				continue;
		}
		seen[t->mm] = i + 1;
	}
	size_t kept = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->candidates[i].task >= 0)
			s->candidates[kept++] = s->candidates[i];
	s->n = kept;
}

/* Does a later candidate with `points` take over from an earlier one with `best`? */
static bool takes_over(const struct era *era, int64_t points, int64_t best)
{
	if (points == MODEL_ORIGIN)
		return true;	/* a later origin wins in every era */
	return era->ties_last ? points >= best : points > best;
}

/* Index of the winner by points (or by the low bound), leaving out tasks that share skip's mm. s->n if there is
 * none. */
static size_t winner(const struct scan *s, bool low, int skip)
{
	size_t best = s->n;
	int skip_mm = skip >= 0 ? s->scene->tasks[skip].mm : 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct candidate *c = &s->candidates[i];
		if (skip >= 0 && (c->task == skip || (skip_mm > 0 && s->scene->tasks[c->task].mm == skip_mm)))
			continue;
		if (best == s->n || takes_over(s->era, low ? c->low : c->points,
					       low ? s->candidates[best].low : s->candidates[best].points))
			best = i;
	}
	return best;
}

/* Candidate i at its largest against the winner of the smallest: can i be chosen? */
static bool can_beat(const struct scan *s, size_t i, size_t top)
{
	int64_t high = s->candidates[i].high, low = s->candidates[top].low;
	if (i == top)
		return true;
	if (high == low && s->scene->order == ORDER_UNKNOWN)
		return true;
	return i > top ? takes_over(s->era, high, low) : !takes_over(s->era, low, high);
}

/* Children of each task, as lists in array order. */
struct children {
	int *first, *next;
};

static struct children children_of_all(const struct model_scene *scene)
{
	struct children c = { xcalloc(scene->n_tasks, sizeof(int)), xcalloc(scene->n_tasks, sizeof(int)) };
	for (size_t i = 0; i < scene->n_tasks; i++)
		c.first[i] = c.next[i] = -1;
	for (size_t i = scene->n_tasks; i-- > 0;) {
		int p = scene->tasks[i].parent;
		if (p < 0 || (size_t)p >= scene->n_tasks)
			continue;
		c.next[i] = c.first[p];
		c.first[p] = (int)i;
	}
	return c;
}

static void children_free(struct children *c)
{
	free(c->first);
	free(c->next);
}

/* A child that may die in its parent's place: an mm of its own, and badness says so. */
static bool is_sacrifice(const struct scan *s, int parent, int child)
{
	int mm = s->scene->tasks[parent].mm;
	return !(mm > 0 && s->scene->tasks[child].mm == mm) && eligible(s, child) == WHY_ELIGIBLE;
}

/*
 * Until 5.0: mm/oom_kill.c:oom_kill_process() kills the worst child, however small, in the chosen task's place; of
 * equals the first. Marks whoever the bounds leave possible. Returns the victim, and its points.
 */
static int sacrifice(const struct scan *s, const struct children *kids, int parent, int64_t *points, bool *possible)
{
	int best = -1, top = -1;	/* top: the winner when all are at their smallest */
	int64_t most = 0, most_low = 0;
	for (int k = kids->first[parent]; k >= 0; k = kids->next[k]) {
		if (!is_sacrifice(s, parent, k))
			continue;
		struct candidate c = score(s, k);
		if (c.points > most) {
			most = c.points;
			best = k;
		}
		if (c.low > most_low) {
			most_low = c.low;
			top = k;
		}
	}
	if (best < 0) {
		possible[parent] = true;
		return parent;
	}
	for (int k = kids->first[parent]; k >= 0; k = kids->next[k]) {
		if (!is_sacrifice(s, parent, k))
			continue;
		struct candidate c = score(s, k);
		if (c.high > most_low || (c.high == most_low && (k <= top || s->scene->order == ORDER_UNKNOWN)))
			possible[k] = true;
	}
	*points = most;
	return best;
}

static void follow_chosen(const struct scan *s, const struct children *kids, struct pick *pick, bool *possible)
{
	pick->victim = pick->chosen;
	pick->victim_points = pick->points;
	if (!s->era->child_sacrifice)
		possible[pick->chosen] = true;
	else
		pick->victim = sacrifice(s, kids, pick->chosen, &pick->victim_points, possible);
}

static const char *doubt_of(const struct scan *s, const bool *possible)
{
	size_t n = 0;
	bool sizes = false;
	for (size_t i = 0; i < s->scene->n_tasks; i++) {
		n += possible[i];
		sizes = sizes || (possible[i] && (s->scene->tasks[i].less || s->scene->tasks[i].more));
	}
	return n < 2 ? NULL : sizes ? "sizes" : "order";
}

/* Fills pick from the candidates of a finished scan. */
static void choose(struct scan *s, struct pick *pick, bool *possible)
{
	pick->n_eligible = s->n;
	pick->adj_counts = s->adj_counts;
	if (!s->n)
		return;
	drop_sharers(s);
	struct children kids = { NULL, NULL };
	if (s->era->child_sacrifice)
		kids = children_of_all(s->scene);
	CLEANUP_FREE bool *mine = xcalloc(s->scene->n_tasks, sizeof(*mine));

	const struct candidate *best = &s->candidates[winner(s, false, -1)];
	pick->chosen = best->task;
	pick->points = best->points;
	follow_chosen(s, &kids, pick, mine);

	size_t second = winner(s, false, best->task);
	if (second < s->n) {
		pick->runner_up = s->candidates[second].task;
		pick->runner_up_points = s->candidates[second].points;
	}
	size_t top = winner(s, true, -1);
	for (size_t i = 0; i < s->n; i++) {
		if (!can_beat(s, i, top))
			continue;
		struct pick other = { .chosen = s->candidates[i].task };
		follow_chosen(s, &kids, &other, mine);
	}
	pick->doubt = doubt_of(s, mine);
	for (size_t i = 0; i < s->scene->n_tasks; i++)
		possible[i] = possible[i] || mine[i];
	children_free(&kids);
}

void model_pick(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
		enum constraint constraint, uint64_t totalpages, struct pick *pick, bool *possible)
{
	*pick = (struct pick){ .chosen = -1, .victim = -1, .runner_up = -1 };
	CLEANUP_FREE struct candidate *candidates = xcalloc(scene->n_tasks, sizeof(*candidates));
	CLEANUP_FREE int *order = xcalloc(scene->n_tasks, sizeof(*order));
	struct scan s = { .era = era, .scene = scene, .oom = oom, .constraint = constraint, .totalpages = totalpages,
			  .candidates = candidates };
	size_t n = model_scan_order(scene, oom->memcg, order);
	for (size_t i = 0; i < n; i++) {
		if (!evaluate(&s, order[i])) {
			pick->aborted = true;
			return;
		}
	}
	choose(&s, pick, possible);
}

void model_pick_given(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
		      enum constraint constraint, uint64_t totalpages, int chosen, struct pick *pick, bool *possible)
{
	*pick = (struct pick){ .chosen = -1, .victim = -1, .runner_up = -1 };
	struct candidate candidate;
	struct scan s = { .era = era, .scene = scene, .oom = oom, .constraint = constraint, .totalpages = totalpages,
			  .candidates = &candidate };
	candidate = score(&s, chosen);
	s.n = 1;
	choose(&s, pick, possible);
}
