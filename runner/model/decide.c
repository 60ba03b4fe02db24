// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mm/oom_kill.c:out_of_memory(), from who asks to who dies.
 */
#include "base/util.h"
#include "model/kill.h"
#include "model/model.h"
#include "model/select.h"

void model_decision_free(struct model_decision *d)
{
	free(d->possible);
	free(d->deaths);
	d->possible = NULL;
	d->deaths = NULL;
	d->n_possible = d->n_deaths = 0;
}

static bool is_memcg(const struct model_oom *oom)
{
	return oom->memcg >= 0 || oom->constraint == CONSTRAINT_MEMCG;
}

/* Does a charge at its limit, or the write of a limit, get as far as out_of_memory() at all? */
static enum model_outcome not_asked(const struct era *era, const struct model_scene *scene, const struct model_oom *oom)
{
	bool syscall = oom->trigger == TRIGGER_SYSCALL;
	if (oom->memcg < 0)
		return OUTCOME_KILL;
	if (scene->v1 && oom->trigger == TRIGGER_LIMIT_WRITE)
		return OUTCOME_FAILS;
	if (scene->v1 && scene->memcgs[oom->memcg].oom_kill_disable)
		return syscall ? OUTCOME_FAILS : OUTCOME_SLEEPS;
	return syscall && !era->syscall_charge_kills ? OUTCOME_FAILS : OUTCOME_KILL;
}

enum model_charge model_charge(const struct era *era, const struct model_oom *oom, const struct model_decision *d)
{
	switch (d->outcome) {
	case OUTCOME_FAILS:
		return CHARGE_FAILS;
	case OUTCOME_SLEEPS:
		return CHARGE_SLEEPS;
	case OUTCOME_NOBODY:
		if (era->unkillable_forced)
			return CHARGE_FORCED;
		return oom->trigger == TRIGGER_FAULT ? CHARGE_SPINS : CHARGE_FAILS;
	default:
		return CHARGE_RETRIED;
	}
}

/* current, if it is a task of the scene and not the kworker or kswapd. */
static const struct model_task *current_task(const struct model_scene *scene, const struct model_oom *oom)
{
	if (oom->trigger == TRIGGER_SYSRQ || oom->trigger == TRIGGER_KSWAPD)
		return NULL;
	return oom->current >= 0 ? &scene->tasks[oom->current] : NULL;
}

/* mm/oom_kill.c:task_will_free_mem() */
static bool will_free_mem(const struct era *era, const struct model_task *t)
{
	return t->exiting && !t->no_mm && !(t->skip && era->skip_flag);
}

/* mm/oom_kill.c:check_panic_on_oom() */
static const char *panic_on_oom(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
				enum constraint constraint)
{
	int sysctl = scene->machine.panic_on_oom;
	if (!sysctl || (sysctl != 2 && constraint != CONSTRAINT_NONE))
		return NULL;
	if (oom->trigger == TRIGGER_SYSRQ && era->sysrq_no_panic)
		return NULL;
	return sysctl == 2 ? "Out of memory: compulsory panic_on_oom is enabled" :
			     "Out of memory: system-wide panic_on_oom is enabled";
}

static bool takes_allocating_task(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
				  enum constraint constraint)
{
	const struct model_task *t = current_task(scene, oom);
	if (!scene->machine.kill_allocating_task || is_memcg(oom) || !t || t->no_mm || t->adj == ADJ_MIN)
		return false;
	return !model_out_of_domain(model_eligible(era, scene, oom, constraint, t));
}

/* Behaviours that can change the choice, where they are unsure and this scene has what they are about. */
static size_t unsure_of_choice(const struct era *era, const struct model_scene *scene, const char *names[16])
{
	bool any = false;
	for (size_t i = 0; i < ERA_MAX_BEHAVIOURS; i++)
		any = any || era->unsure[i];
	if (!any)
		return 0;
	bool cap = false, kids = false, owner = false, interleave = false, skip = false, vfork = false, exiting = false,
	     in_exit = false, pmds = false;
	for (size_t i = 0; i < scene->n_tasks; i++) {
		const struct model_task *t = &scene->tasks[i];
		cap |= t->cap_sys_admin;
		kids |= t->parent >= 0;
		owner |= t->owner_memcg != MODEL_SAME && t->owner_memcg != t->memcg;
		interleave |= t->policy == POLICY_INTERLEAVE;
		skip |= t->skip;
		vfork |= t->in_vfork;
		exiting |= t->exiting;
		in_exit |= t->in_exit;
		pmds |= t->pages.pmds != 0;
	}
	const struct {
		const char *name;
		bool matters;
	} all[] = {
		{ "ties_last", true },
		{ "signed_points", true },
		{ "child_sacrifice", kids },
		{ "root_bonus", cap },
		{ "domain_in_badness", owner },
		{ "interleave_restricts", interleave },
		{ "skip_flag", skip },
		{ "vfork_exempt", vfork },
		{ "exiting_aborts", exiting },
		{ "dying_hidden", in_exit },
		{ "pgtables_pmds", pmds },
	};
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].matters && era_unsure(era, all[i].name))
			names[n++] = all[i].name;
	return n;
}

bool model_choice_is_unsure(const struct era *era, const struct model_scene *scene)
{
	const char *names[16];
	return unsure_of_choice(era, scene, names) > 0;
}

#define MAX_FLIPS 6

struct choice {
	const struct model_scene *scene;
	const struct model_oom *oom;
	enum constraint constraint;
	uint64_t totalpages;
	bool given;		/* current is the victim, by vm.oom_kill_allocating_task */
};

static void pick_in(const struct choice *c, const struct era *era, struct pick *pick, bool *possible)
{
	if (c->given)
		model_pick_given(era, c->scene, c->oom, c->constraint, c->totalpages, c->oom->current, pick, possible);
	else
		model_pick(era, c->scene, c->oom, c->constraint, c->totalpages, pick, possible);
}

/*
 * Chooses by the era as it is, then again with each combination of what is unsure in it. The possible victims are those
 * of all; *doubt is the first thing that made a difference.
 */
static void choose(const struct choice *c, const struct era *era, struct pick *pick, bool *possible, const char **doubt)
{
	pick_in(c, era, pick, possible);
	*doubt = pick->doubt;
	const char *names[16];
	size_t n = unsure_of_choice(era, c->scene, names);
	if (n > MAX_FLIPS) {	/* too many worlds to try them all */
		*doubt = *doubt ? *doubt : names[MAX_FLIPS];
		n = MAX_FLIPS;
	}
	for (unsigned flips = 1; flips < 1u << n; flips++) {
		struct era other = *era;
		const char *first = NULL;
		for (size_t i = 0; i < n; i++) {
			bool value;
			if (!(flips >> i & 1))
				continue;
			era_find_behaviour(era, names[i], &value);
			era_override(&other, names[i], !value);
			first = first ? first : names[i];
		}
		struct pick again;
		pick_in(c, &other, &again, possible);
		if (!*doubt && (again.victim != pick->victim || again.aborted != pick->aborted || again.doubt))
			*doubt = first;
	}
	bool nodes = c->constraint == CONSTRAINT_CPUSET || c->constraint == CONSTRAINT_MEMORY_POLICY;
	if (!*doubt && pick->adj_counts && nodes && !c->oom->totalpages && era_unsure(era, "node_present"))
		*doubt = "node_present";
}

static void tell(const struct pick *pick, struct model_decision *d)
{
	d->chosen = pick->chosen;
	d->points = pick->points;
	d->victim = pick->victim;
	d->victim_points = pick->victim_points;
	d->runner_up = pick->runner_up;
	d->runner_up_points = pick->runner_up_points;
	d->n_eligible = pick->n_eligible;
	if (pick->runner_up >= 0 && pick->points != MODEL_ORIGIN)
		d->margin_pages = pick->points - pick->runner_up_points;
}

static void tell_possible(const struct model_scene *scene, const bool *possible, struct model_decision *d)
{
	size_t n = 0;
	for (size_t i = 0; i < scene->n_tasks; i++)
		n += possible[i];
	d->possible = xcalloc(n, sizeof(*d->possible));
	for (size_t i = 0; i < scene->n_tasks; i++)
		if (possible[i])
			d->possible[d->n_possible++] = (int)i;
}

/* Nobody to kill: the end of mm/oom_kill.c:out_of_memory(). */
static void nobody(const struct era *era, const struct model_oom *oom, struct model_decision *d)
{
	bool sysrq = oom->trigger == TRIGGER_SYSRQ;
	if (is_memcg(oom) || (sysrq && era->sysrq_no_panic)) {
		d->outcome = OUTCOME_NOBODY;
		return;
	}
	d->outcome = OUTCOME_PANIC;
	d->panic = era->deadlock_text ? "System is deadlocked on memory" :
					"Out of memory and no killable processes...";
}

void model_out_of_memory(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
			 struct model_decision *d)
{
	*d = (struct model_decision){
		.chosen = -1, .victim = -1, .runner_up = -1, .group = -1, .margin_pages = INT64_MAX, .certain = true,
	};
	const struct model_task *current = current_task(scene, oom);
	d->constraint = model_constraint(era, scene, oom, &d->totalpages);
	d->unit = model_adj_unit(d->totalpages);

	d->outcome = not_asked(era, scene, oom);
	if (d->outcome != OUTCOME_KILL)
		return;
	if (current && will_free_mem(era, current)) {
		d->outcome = OUTCOME_SILENT;
		d->victim = oom->current;
		return;
	}
	if (oom->no_fs && !is_memcg(oom)) {
		d->outcome = OUTCOME_NO_FS;
		return;
	}
	d->panic = panic_on_oom(era, scene, oom, d->constraint);
	if (d->panic) {
		d->outcome = OUTCOME_PANIC;
		return;
	}
	CLEANUP_FREE bool *possible = xcalloc(scene->n_tasks, sizeof(*possible));
	struct choice c = { scene, oom, d->constraint, d->totalpages,
			    takes_allocating_task(era, scene, oom, d->constraint) };
	struct pick pick;
	choose(&c, era, &pick, possible, &d->doubt);
	if (era->ancient && !d->doubt)
		d->doubt = "rules before 3.10";
	d->certain = !d->doubt;
	d->allocating_task = c.given;
	tell(&pick, d);
	tell_possible(scene, possible, d);
	if (pick.aborted) {
		d->outcome = OUTCOME_ABORTED;
	} else if (pick.chosen < 0) {
		nobody(era, oom, d);
	} else if (will_free_mem(era, &scene->tasks[pick.chosen])) {
		d->outcome = OUTCOME_SILENT;
		d->victim = pick.chosen;
	} else {
		d->outcome = OUTCOME_KILL;
		model_kill(era, scene, oom, d);
	}
}
