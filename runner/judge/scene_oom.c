// SPDX-License-Identifier: GPL-2.0-or-later
/* What an episode of the case asks of a scene: who asks for memory, how, and at which limit. */
#include "judge/scene.h"

#include "base/util.h"
#include "case/kinds.h"
#include "judge/look.h"

bool scene_asks(const struct step *s)
{
	return s->op == STEP_GROW || (s->op == STEP_SET && !streq(s->file, "memory.oom_control")) || s->op == STEP_SYSRQ ||
	       (s->op == STEP_CALL && step_can_oom(s) == OOM_SURELY);
}

const struct step *scene_trigger(const struct trial *t, const struct episode *e)
{
	const struct step *found = NULL;
	for (size_t i = e->first_step; i < e->last_step; i++)
		if (scene_asks(&t->test->steps[i]))
			found = &t->test->steps[i];
	return found;
}

/* Does it ask inside a system call, not by a page fault of user mode? Old kernels tell the two apart (syscall_charge_kills). */
static bool in_syscall(const struct trial *t, const struct step *step)
{
	if (step->op == STEP_CALL)
		return !starts_with(step->value, "fault");
	const struct test_task *task = step->op == STEP_GROW ? trial_task(t, step->tasks[0]) : NULL;
	const struct kind_facts *kind = task ? kind_facts(task->kind) : NULL;
	return kind && kind->in_kernel;
}

/* Index of the task that asks. */
static int who_asks(const struct scene *s, const struct episode *e, const struct step *step,
		    const struct oom_report *report)
{
	if (report && report->trigger.pid != OOM_UNKNOWN)
		return scene_task(s, report->trigger.pid);
	if (e->expect->trigger)
		return scene_task_named(s, e->expect->trigger);
	return step && (step->op == STEP_GROW || step->op == STEP_CALL) ? scene_task_named(s, step->tasks[0]) : -1;
}

int scene_limit_hit(const struct scene *s, const struct trial *t, const struct episode *e,
		       const struct oom_report *report)
{
	if (e->expect->memcg >= 0)
		return scene_memcg(s, t->test->cgroups[e->expect->memcg].name);
	return report ? scene_memcg_at(s, report->oom_memcg) : -1;
}

void scene_oom(const struct scene *s, const struct trial *t, const struct episode *e, const struct oom_report *report,
	       struct model_oom *oom)
{
	const struct step *step = scene_trigger(t, e);
	model_oom_init(oom);
	oom->memcg = scene_limit_hit(s, t, e, report);
	oom->current = who_asks(s, e, step, report);
	if (step && step->op == STEP_SYSRQ)
		oom->trigger = TRIGGER_SYSRQ;
	else if (step && step->op == STEP_SET)
		oom->trigger = TRIGGER_LIMIT_WRITE;
	else if (step && in_syscall(t, step))
		oom->trigger = TRIGGER_SYSCALL;
	if (oom->current < 0)
		return;
	const struct model_task *asks = &s->tasks[oom->current];
	oom->current_mems = asks->mems;
	oom->has_nodemask = scene_task_bound_to(s, t, e, oom->current, &oom->nodemask);
}
