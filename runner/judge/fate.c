// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/fate.h"

#include <signal.h>
#include <stdlib.h>

#include "base/util.h"
#include "case/plan.h"
#include "judge/look.h"
#include "judge/trial.h"
#include "model/model.h"

/* The line of the panic, without the console's time stamp. */
static char *panic_text(const char *console)
{
	const char *p = console ? console_panic(console) : NULL;
	return p ? strndup(p, strcspn(p, "\r\n")) : NULL;
}

/*
 * Was it this one's turn? The last records of a machine that dies are not sent any more: who was to die behind others who did
 * may have been killed, too, and been given up by the reaper before it had ended (mm/oom_kill.c:oom_reap_task).
 */
static bool was_next(const struct episode *e, const char *name)
{
	for (size_t i = 0; e->n_deaths && name && i < e->expect->n_victims; i++)
		if (look_same(e->expect->victims[i], name))
			return true;
	return false;
}

/* Is a task of the scene left that the killer could take? By the last snapshot there is, less those that ended since. */
static bool victim_left(const struct trial *t)
{
	const json_t *snapshot = json_array_get(t->seen->snapshots, json_array_size(t->seen->snapshots) - 1);
	size_t i;
	json_t *task;
	json_array_foreach(json_object_get(snapshot, "tasks"), i, task) {
		int64_t pid = look_int(task, "pid", -1);
		bool gone = look_exit(t->seen, pid) != NULL;
		for (size_t k = 0; k < t->n_episodes; k++) {
			gone |= was_next(&t->episodes[k], look_text(task, "name"));
			for (size_t j = 0; j < t->episodes[k].n_deaths; j++)
				gone |= t->episodes[k].deaths[j].tgid == pid;
		}
		if (!gone && look_text(task, "name") && look_int(task, "adj", 0) != ADJ_MIN)
			return true;
	}
	return false;
}

/* Only an OOM of the machine panics for want of a victim, not a memcg's, nor sysrq (mm/oom_kill.c:out_of_memory). */
static bool may_deadlock(const struct trial *t)
{
	const struct episode *last = NULL;
	for (size_t k = 0; k < t->n_episodes; k++)
		if (t->episodes[k].before)
			last = &t->episodes[k];
	if (!last || last->expect->constraint == CONSTRAINT_MEMCG)
		return !last;
	size_t asks = 0, sysrqs = 0;
	for (size_t i = last->first_step; i < last->last_step; i++) {
		const struct step *s = &t->test->steps[i];
		asks += s->op == STEP_GROW || s->op == STEP_CALL;
		sysrqs += s->op == STEP_SYSRQ;
	}
	return asks || !sysrqs;
}

/*
 * Whoever panics because memory is out tells first how it ran out, past every rate limit (mm/oom_kill.c:check_panic_on_oom,
 * out_of_memory: dump_header). A report that a kill follows is of another OOM.
 */
static bool panic_has_report(const char *console)
{
	const char *panic = console_panic(console);
	bool reported = false;
	for (const char *line = console; line < panic; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, "\n");
		if (memmem(line, len, " invoked oom-killer: ", strlen(" invoked oom-killer: ")))
			reported = true;
		else if (memmem(line, len, "Killed process ", strlen("Killed process ")))
			reported = false;
	}
	return reported;
}

/*
 * PID 1 ended, and not by SIGKILL: then the agent crashed. That signal comes to it from nobody but the kernel
 * (kernel/signal.c:sig_task_ignored), which must never choose it (mm/oom_kill.c:oom_unkillable_task).
 */
static bool agent_crashed(const char *panic)
{
	const char *code = strstr(panic, "exitcode=");
	return strstr(panic, "Attempted to kill init") && !(code && strtoull(code + strlen("exitcode="), NULL, 16) == SIGKILL);
}

/*
 * A panic that nobody expected is the kernel's fault, but for three: the agent crashed, or the scene left nobody to kill
 * (mm/oom_kill.c:out_of_memory; the words changed with 4.20), or nothing of the scene was there yet. (Seen: the emulator, QEMU 7.2
 * with two CPUs, left the operand of a cmpxchg16b in the flags.)
 */
static void judge_panic(struct trial *t)
{
	const struct expectation *x = test_expected_panic(t->test);
	CLEANUP_FREE char *text = panic_text(t->seen->console);
	if (x) {
		char want[256];
		snprintf(want, sizeof(want), "Kernel panic - not syncing: %s", x->panic);
		trial_check(t, CHECK_PANIC, NULL, &x->where, want, text ? text : "no panic", text && strstr(text, x->panic));
		if (text && strstr(text, "memory"))
			trial_check_text(t, CHECK_PANIC_REPORT, NULL, NULL, "there", panic_has_report(t->seen->console) ? "there" : "missing");
		return;
	}
	if (text && agent_crashed(text))
		result_say(t->r, VERDICT_ERROR, "the agent ended inside the machine: %s", text);
	else if (text && (strstr(text, "System is deadlocked on memory") || strstr(text, "no killable processes")) &&
		 may_deadlock(t) && !victim_left(t))
		result_say(t->r, VERDICT_ERROR, "the scene left nobody to kill: %s", text);
	else if (text && !look_snapshot(t->seen, "begin"))
		result_say(t->r, VERDICT_ERROR, "the machine panicked before the test began: %s", text);
	else
		trial_check_text(t, CHECK_NO_PANIC, NULL, NULL, "none", text ? text : "none");
}

/* A panic was due and the machine lives: the kernel's fault only if it was out of memory, as a kill proves. */
static void judge_no_panic(struct trial *t)
{
	const struct expectation *x = test_expected_panic(t->test);
	if (!x)
		return;
	for (size_t k = 0; k < t->n_episodes; k++) {
		if (t->episodes[k].expect == x && t->episodes[k].n_reports) {
			judge_panic(t);
			return;
		}
	}
	result_say(t->r, VERDICT_ERROR, "no panic, and no sign that memory ran out");
}

void judge_fate(struct trial *t)
{
	const struct observation *o = t->seen;
	switch (o->fate) {
	case FATE_ENDED:
		judge_no_panic(t);
		break;
	case FATE_PANIC:
		judge_panic(t);
		break;
	case FATE_SILENT:
		result_say(t->r, VERDICT_ERROR, "no end within the deadline: %s",
			   o->fate_text ? o->fate_text : "the machine said nothing more");
		break;
	case FATE_DIED:
		result_say(t->r, VERDICT_ERROR, "the machine ended by itself: %s",
			   o->fate_text ? o->fate_text : "no panic on its console");
		break;
	case FATE_NOT_STARTED:
		result_say(t->r, VERDICT_ERROR, "%s", o->fate_text ? o->fate_text : "the machine did not start");
		break;
	}
}
