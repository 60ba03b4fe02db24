// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who died in an episode, by what, and who lives. A kill counts when the kernel's record, the wait status and (in
 * check_counters.c) the counter agree on it; SIGKILL alone is no evidence.
 */
#include <signal.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/scene.h"
#include "judge/trial.h"

static bool listed(char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (look_same(names[i], name))
			return true;
	return false;
}

/* "a b c" of some names; the caller frees. */
static char *join(const char *const *names, size_t n)
{
	if (!n)
		return xstrdup("nobody");
	size_t len = 1;
	for (size_t i = 0; i < n; i++)
		len += strlen(names[i]) + 1;
	char *text = xcalloc(len, 1), *p = text;
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, i ? " %s" : "%s", names[i]);
	return text;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * The order in which the members of a group die is the kernel's iteration order, which the model knows and
 * check_choice.c holds against the log; an author states the chosen one first and then the members, in any order.
 */
static void sort_groups(const struct episode *e, const char **seen, const char **stated, size_t n_seen, size_t n_stated)
{
	for (size_t i = 0; i < e->n_deaths; i++) {
		if (!e->deaths[i].by_group)
			continue;
		if (n_seen > 1)
			qsort(seen + 1, n_seen - 1, sizeof(*seen), by_name);
		if (n_stated > 1)
			qsort(stated + 1, n_stated - 1, sizeof(*stated), by_name);
		return;
	}
}

/* Fewer died than stated: is that the kernel's doing, or was there enough memory after all? Who died gave back at most all
 * that is counted for it. */
static bool must_oom(const struct trial *t, const struct episode *e)
{
	struct scene s;
	int64_t freed = 0;
	scene_open(&s, t, e);
	for (size_t i = 0; i < e->n_deaths; i++) {
		int task = e->deaths[i].again ? -1 : scene_task(&s, e->deaths[i].tgid);
		if (task >= 0)
			freed += model_base(&t->era, &s.tasks[task].pages);
	}
	bool must = scene_must_oom(&s, t, e, freed);
	scene_close(&s);
	return must;
}

/*
 * Is the victim's memory back before it is out of the way? Since 6.0 exit_mmap() sets MMF_OOM_SKIP when all is
 * unmapped, while what its mmu_gather holds is not free yet: up to MAX_GATHER_BATCH_COUNT batches, 10000 pages
 * (include/asm-generic/tlb.h). A victim of more has freed some by then, and the charge that comes back finds room
 * (era margin_recheck).
 */
static bool frees_in_time(const struct trial *t, const struct episode *e)
{
	if (!t->era.overkill_window)
		return true;
	for (size_t i = 0; i < e->n_deaths && i < e->expect->n_victims; i++) {
		const struct oom_kill *line = e->deaths[i].line;
		if ((line->anon_rss_kb + (line->shmem_rss_kb > 0 ? line->shmem_rss_kb : 0)) / t->page_kb <= 10000)
			return false;
	}
	return true;
}

/* Is one of the victims that the case states a task of this kind? */
static bool any_victim(const struct trial *t, const struct episode *e, const char *kind)
{
	for (size_t i = 0; i < t->test->n_tasks; i++) {
		const struct test_task *task = &t->test->tasks[i];
		size_t len = strlen(task->name);
		for (size_t k = 0; streq(task->kind, kind) && k < e->expect->n_victims; k++)
			if (starts_with(e->expect->victims[k], task->name) &&
			    (!e->expect->victims[k][len] || e->expect->victims[k][len] == '/'))
				return true;
	}
	return false;
}

/*
 * May more die than the case states? Where it says so; and where the victim is not the one who asks and has locked
 * memory, which before 5.18 (era reaps_mlocked) exit_mmap() frees only after MMF_OOM_SKIP is set
 * (mm/oom_kill.c:__oom_reap_task_mm leaves VM_LOCKED out). In a memcg OOM also: where its memory may come back too late;
 * where it is shared, for whoever shares it holds it until it has ended too, and nothing marks that one as on its way;
 * and since 7.0 always, for the scan no longer sees a victim that is inside do_exit()
 * (kernel/cgroup/cgroup.c:css_task_iter_advance), so the charge that comes back while its memory is still being freed
 * takes the next one. That the next one is the right one is check_choice.c's business.
 */
static bool may_overkill(const struct trial *t, const struct episode *e)
{
	const struct expectation *x = e->expect;
	if (x->overkill)
		return true;
	if (!x->n_victims || (x->trigger && streq(x->victims[x->n_victims - 1], x->trigger)))
		return false;
	if (!t->era.reaps_mlocked && any_victim(t, e, "mlock"))
		return true;
	return x->constraint == CONSTRAINT_MEMCG &&
	       (t->era.dying_hidden || !frees_in_time(t, e) || any_victim(t, e, "sharer"));
}

static bool overkilled(const struct trial *t, const struct episode *e)
{
	size_t n = 0;
	for (size_t i = 0; i < e->n_deaths; i++)
		n += !e->deaths[i].again;
	return n > e->expect->n_victims && may_overkill(t, e);
}

/* Who dies with a group needs no memory that ran out again. */
static bool has_groups(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_cgroups; i++)
		if (t->test->cgroups[i].group)
			return true;
	for (size_t i = 0; i < t->test->n_steps; i++)
		if (t->test->steps[i].op == STEP_SET && streq(t->test->steps[i].file, "memory.oom.group"))
			return true;
	return false;
}

static void check_victims(struct trial *t, struct episode *e)
{
	const struct expectation *x = e->expect;
	CLEANUP_FREE const char **seen = xcalloc(e->n_deaths, sizeof(*seen));
	CLEANUP_FREE const char **stated = xcalloc(x->n_victims, sizeof(*stated));
	size_t n_seen = 0;
	for (size_t i = 0; i < e->n_deaths; i++)
		if (!e->deaths[i].again)
			seen[n_seen++] = e->deaths[i].name;
	for (size_t i = 0; i < x->n_victims; i++)
		stated[i] = x->victims[i];
	sort_groups(e, seen, stated, n_seen, x->n_victims);
	if (x->any_order) {
		qsort(seen, n_seen, sizeof(*seen), by_name);
		qsort(stated, x->n_victims, sizeof(*stated), by_name);
	}

	/* Without evidence of the end only what happened can be held against the kernel: somebody it should not be. */
	size_t n = n_seen;
	bool open = trial_cut_short(e), vain = trial_in_vain(t, e);
	if ((open && n < x->n_victims) || overkilled(t, e))
		n = n < x->n_victims ? n : x->n_victims;
	bool ok = n == (open && n < x->n_victims ? n : x->n_victims);
	for (size_t i = 0; ok && i < n; i++)
		ok = streq(seen[i], stated[i]);
	if (ok && open && n_seen < x->n_victims && !vain)
		return;
	ok &= !vain;
	bool fewer = n_seen < x->n_victims && (!n_seen || !has_groups(t));
	for (size_t i = 0; fewer && i < n_seen; i++)
		fewer = streq(seen[i], stated[i]);
	if (fewer && !vain && !must_oom(t, e)) {
		e->no_oom = true;
		return;
	}
	CLEANUP_FREE char *want = join(stated, x->n_victims), *have = join(seen, n_seen);
	trial_check(t, CHECK_VICTIMS, NULL, &x->where, want, have, ok);
}

static const json_t *episode_answer(const struct trial *t, const struct episode *e, const char *op)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step)
		if (look_int(trial_told(t, step), "episode", -1) == (int64_t)e->k && streq(look_text(step, "op"), op))
			return step;
	return NULL;
}

/* Did the settle of the episode wait for this one in vain? */
static bool lives(const struct trial *t, const struct episode *e, const char *name)
{
	size_t i;
	json_t *waiting;
	json_array_foreach(json_object_get(episode_answer(t, e, "settle"), "waiting"), i, waiting)
		if (look_same(name, json_string_value(waiting)))
			return true;
	return false;
}

/*
 * The signal by which the case made it dump its core, or 0. Who is killed in the midst of that has the dump's signal in its wait
 * status, not SIGKILL (kernel/signal.c:get_signal: the group's exit code was set when the dump began).
 */
static int dumps_by(const struct trial *t, const char *name)
{
	static const int cores[] = { SIGABRT, SIGQUIT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGTRAP };
	for (size_t i = 0; i < t->test->n_steps; i++) {
		const struct step *s = &t->test->steps[i];
		for (size_t k = 0; s->op == STEP_SIGNAL && streq(s->tasks[0], name) && k < ARRAY_SIZE(cores); k++)
			if (streq(s->value + strlen("SIG"), sigabbrev_np(cores[k])))
				return cores[k];
	}
	return 0;
}

static void check_status(struct trial *t, const struct episode *e, const char *name, int64_t pid, const struct where *w)
{
	const json_t *exit = look_exit(t->seen, pid);
	char how[32];
	/* Whoever lived on after the episode was only ended by the clean-up: that is no death by the kernel. */
	if (lives(t, e, name)) {
		trial_check_text(t, CHECK_DIED_BY, name, w, "SIGKILL", "nothing, it lives");
		return;
	}
	if (!exit)
		return;	/* a child of another task, which waits for it */
	/* Nobody told how it ended: its parent was not the agent, and is gone too. */
	if (json_is_null(json_object_get(exit, "signal")) && json_is_null(json_object_get(exit, "code")))
		return;
	if (json_is_true(json_object_get(exit, "by_agent"))) {
		trial_check_text(t, CHECK_DIED_BY, name, w, "SIGKILL", "nothing, until the clean-up");
		return;
	}
	int64_t signal = look_int(exit, "signal", 0);
	if (signal && signal == dumps_by(t, name))
		signal = SIGKILL;
	snprintf(how, sizeof(how), signal == SIGKILL ? "SIGKILL" : signal ? "signal %d" : "exit %d",
		 (int)(signal ? signal : look_int(exit, "code", -1)));
	trial_check_text(t, CHECK_DIED_BY, name, w, "SIGKILL", how);
}

/* Only a group kill comes by its first victim once more; who is dying is nobody's victim again. */
static void check_once(struct trial *t, struct episode *e)
{
	const char *twice = "nobody";
	for (size_t i = 0; i < e->n_deaths; i++)
		if (e->deaths[i].again && !e->deaths[i].by_group)
			twice = e->deaths[i].name;
	if (e->n_deaths)
		trial_check_text(t, CHECK_KILLED_ONCE, NULL, NULL, "nobody", twice);
}

/* A signal of the plan itself may end a task: it is then not the kernel's doing. */
static bool signalled_by_plan(const struct trial *t, const char *name)
{
	for (size_t i = 0; i < t->test->n_steps; i++) {
		const struct step *s = &t->test->steps[i];
		if (s->op == STEP_SIGNAL && listed(s->tasks, s->n_tasks, name))
			return true;
	}
	return false;
}

static bool logged_death(const struct episode *e, int64_t pid)
{
	for (size_t i = 0; i < e->n_deaths; i++)
		if (e->deaths[i].tgid == pid || e->deaths[i].pid == pid)
			return true;
	return false;
}

/* Everybody who ended in the episode must have a reason to. */
static void check_nobody_else(struct trial *t, struct episode *e)
{
	int64_t from = look_int(e->before, "t", 0), to = look_int(e->after, "t", INT64_MAX);
	const struct test_task *stress = trial_stress_ng(t);
	const char *others[64];
	size_t n = 0, i;
	json_t *exit;
	json_array_foreach(t->seen->exits, i, exit) {
		int64_t when = look_int(exit, "t", -1);
		const char *name = look_text(exit, "name");
		if (!name || when < from || when > to || n == ARRAY_SIZE(others))
			continue;
		if (stress && starts_with(name, stress->name))
			continue;	/* its processes end each other when one of them is killed */
		int64_t pid = look_int(exit, "pid", -1);
		if (logged_death(e, pid) || trial_killed_earlier(t, e, look_task_pid(e->before, pid)) || signalled_by_plan(t, name) ||
		    listed(e->expect->also_die, e->expect->n_also_die, name))
			continue;
		others[n++] = name;
	}
	CLEANUP_FREE char *have = join(others, n);
	trial_check_text(t, CHECK_NOBODY_ELSE, NULL, NULL, "nobody", have);
}

static void check_also_die(struct trial *t, struct episode *e)
{
	for (size_t i = 0; i < e->expect->n_also_die; i++) {
		const char *name = e->expect->also_die[i];
		int64_t pid = trial_pid(t, name);
		if (pid >= 0)
			check_status(t, e, name, pid, &e->expect->where);
	}
}

static void check_survivors(struct trial *t, struct episode *e)
{
	const json_t *all = json_object_get(episode_answer(t, e, "ping"), "silent");
	json_t *silent = json_array(), *name;
	size_t i;
	if (all) {
		/* To answer takes memory: at a limit where nobody may be killed there is none. */
		json_array_foreach(all, i, name)
			if (!trial_waits_for(t, e->after, look_text(look_task(e->after, json_string_value(name)), "cgroup")))
				json_array_append(silent, name);
		CLEANUP_FREE char *text = json_array_size(silent) ? json_dumps(silent, JSON_COMPACT) : NULL;
		trial_check_text(t, CHECK_SURVIVORS, NULL, NULL, "all", text ? text : "all");
	}
	json_decref(silent);
}

static void check_end(struct trial *t, struct episode *e)
{
	static const char *const words[] = { "any", "filled", "dead", "failed", "blocked" };
	const json_t *answer = episode_answer(t, e, "await");
	const char *how = look_text(answer, "how");
	if (!how || e->expect->end == END_ANY || overkilled(t, e))
		return;
	trial_check_text(t, CHECK_GROW_END, NULL, &e->expect->where, words[e->expect->end], how);
}

static bool freezes(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_steps; i++)
		if (t->test->steps[i].op == STEP_FREEZE)
			return true;
	return false;
}

/*
 * The wait for somebody to end passed its deadline, and it was the clean-up that ended it: the log says that it was killed, or all
 * were killed with whom the case says it dies, and it was not. Only threads in a v1 freezer could be as slow (era v1_frozen_dies).
 */
static void check_undead(struct trial *t, struct episode *e)
{
	bool slow = freezes(t) && t->v1 && !t->era.v1_frozen_dies;
	size_t killed = 0;
	if (!streq(e->timed_out_op, "settle"))
		return;
	for (size_t i = 0; i < e->n_deaths; i++) {
		const struct death *d = &e->deaths[i];
		killed += !d->again;
		if (slow && look_int(look_task_pid(e->before, d->tgid), "threads", 1) > 1)
			continue;
		if (!d->again && d->ours && json_is_true(json_object_get(look_exit(t->seen, d->tgid), "by_agent")))
			check_status(t, e, d->name, d->tgid, NULL);
	}
	for (size_t i = 0; !slow && killed >= e->expect->n_victims && i < e->expect->n_also_die; i++) {
		const char *name = e->expect->also_die[i];
		int64_t pid = trial_pid(t, name);
		if (pid >= 0 && json_is_true(json_object_get(look_exit(t->seen, pid), "by_agent")))
			check_status(t, e, name, pid, &e->expect->where);
	}
}

void check_deaths(struct trial *t, struct episode *e)
{
	check_victims(t, e);
	check_once(t, e);
	if (e->timed_out)
		check_undead(t, e);
	if (!e->after)
		return;
	for (size_t i = 0; i < e->n_deaths; i++)
		if (!e->deaths[i].again && e->deaths[i].ours)
			check_status(t, e, e->deaths[i].name, e->deaths[i].tgid, NULL);
	if (e->timed_out)
		return;
	if (!e->no_oom)
		check_also_die(t, e);
	check_nobody_else(t, e);
	check_survivors(t, e);
	check_end(t, e);
}
