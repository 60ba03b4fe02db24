// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel records by themselves: those that the case asks for, and kills where no episode is.
 */
#include <regex.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "case/pattern.h"
#include "judge/look.h"
#include "judge/records.h"
#include "judge/trial.h"

/* The text of a record as bytes; the caller frees. */
static char *record_text(const struct trial *t, size_t i)
{
	return json_bytes_get(json_object_get(json_array_get(t->seen->kmsg, i), "text"), NULL);
}

/*
 * Behind the last episode nothing else is provoked, so what comes there is its own: the reaper, for one, speaks when memory is
 * back already, but before the victim has ended for good (mm/oom_kill.c:oom_reap_task_mm, under the mmap lock).
 */
static size_t end_of_records(const struct trial *t, const struct episode *e)
{
	return e->k + 1 == t->n_episodes ? json_array_size(t->seen->kmsg) : e->last_record;
}

/* The first record that matches, malloced, or NULL. */
static char *first_match(const struct trial *t, const struct episode *e, const regex_t *re)
{
	for (size_t i = e->first_record; i < end_of_records(t, e); i++) {
		CLEANUP_FREE char *text = record_text(t, i);
		if (text && regexec(re, text, 0, NULL, 0) == 0)
			return TAKE_PTR(text);
	}
	return NULL;
}

/* A machine that panics has its last records on the console only, with a time stamp before each. */
static json_t *console_records(const struct trial *t)
{
	json_t *lines = json_array();
	CLEANUP_FREE char *copy = xstrdup(t->seen->console ? t->seen->console : "");
	for (char *save, *line = strtok_r(copy, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		const char *text = *line == '[' && strstr(line, "] ") ? strstr(line, "] ") + 2 : line;
		json_array_append_new(lines, json_pack("{so}", "text", json_bytes(text, strlen(text))));
	}
	json_t *whole = records_whole(lines);
	json_decref(lines);
	return whole;
}

/* torn: a line of it has no rest, and nobody knows what it said. */
static bool on_console(const struct trial *t, const regex_t *re, bool *torn)
{
	json_t *records = console_records(t);
	bool found = false;
	for (size_t i = 0; i < json_array_size(records) && !found; i++) {
		*torn |= json_is_true(json_object_get(json_array_get(records, i), "torn"));
		CLEANUP_FREE char *text = json_bytes_get(json_object_get(json_array_get(records, i), "text"), NULL);
		found = text && regexec(re, text, 0, NULL, 0) == 0;
	}
	json_decref(records);
	return found;
}

/* Faults may fail for other reasons than a memcg's or the machine's memory: huge pages of a pool, failures on purpose. */
static bool only_memory_fails(const struct trial *t)
{
	for (size_t i = 0; i < t->test->n_tasks; i++)
		if (streq(t->test->tasks[i].kind, "hugetlb"))
			return false;
	for (size_t i = 0; i < t->test->n_steps; i++) {
		const struct step *s = &t->test->steps[i];
		if (s->op == STEP_WRITE && starts_with(s->file, "/sys/kernel/debug/fail"))
			return false;
	}
	return true;
}

/*
 * Who can't get a page in a fault comes again, and that is warned of only when nobody was killed for it
 * (mm/oom_kill.c:pagefault_out_of_memory, since 5.16). Here each report killed somebody, and who grew died or got all.
 */
void check_leaks(struct trial *t, const struct episode *e)
{
	bool got_it = e->expect->end == END_DEAD || e->expect->end == END_FILLED;
	if (trial_cut_short(e) || e->no_oom || !e->n_reports || !got_it || !only_memory_fails(t))
		return;
	for (size_t i = 0; i < e->n_reports; i++)
		if (e->reports[i]->no_killable)
			return;
	trial_check_int(t, CHECK_LEAKS, NULL, NULL, 0,
			trial_times_logged(t, e->first_record, end_of_records(t, e), "VM_FAULT_OOM leaked"));
}

static void check_pattern(struct trial *t, const struct episode *e, const char *pattern, const regex_t *re)
{
	const struct expectation *x = e->expect;
	CLEANUP_FREE char *match = first_match(t, e, re);
	bool torn = false, ok = match || (x->panic && on_console(t, re, &torn));
	char seen[64];
	snprintf(seen, sizeof(seen), "none of %zu records", end_of_records(t, e) - e->first_record);
	if (ok || !torn)
		trial_check(t, CHECK_LOG_RECORD, NULL, &x->where, pattern, ok ? pattern : seen, ok);
}

/* Others' records are no fault of this episode's. */
static void check_no_match(struct trial *t, const struct episode *e, const char *pattern, const regex_t *re)
{
	CLEANUP_FREE char *match = first_match(t, e, re), *want = xasprintf("none like %s", pattern);
	if (trial_own_machine(t))
		trial_check(t, CHECK_LOG_NONE, NULL, &e->expect->where, want, match ? match : want, !match);
}

void check_log(struct trial *t, struct episode *e)
{
	const struct expectation *x = e->expect;
	if (!x->panic && (trial_cut_short(e) || e->no_oom))
		return;
	for (size_t i = 0; i < x->n_log; i++) {
		regex_t re;
		bool none;
		const char *pattern = pattern_of_log(x->log[i], &none);
		if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
			continue;	/* the loader has compiled it before */
		(none ? check_no_match : check_pattern)(t, e, pattern, &re);
		regfree(&re);
	}
}

/* Is the record in an episode, or before the next one that is still to come? */
enum place { INSIDE, BEFORE, BEHIND };

static enum place place_of(const struct trial *t, size_t record)
{
	enum place place = BEHIND;
	for (size_t k = 0; k < t->n_episodes; k++) {
		const struct episode *e = &t->episodes[k];
		if (!e->before || (record >= e->first_record && record < e->last_record))
			return INSIDE;	/* without a snapshot there is no telling */
		if (record < e->first_record)
			place = BEFORE;
	}
	return place;
}

/*
 * When the first of the files was read that the runner wants and the case knows nothing of (run --collect): the kernel
 * may need much memory for that, and the scene fills the machine still. INT64_MAX: none was.
 */
static int64_t collecting_since(const struct trial *t)
{
	size_t i;
	json_t *step;
	json_array_foreach(t->seen->steps, i, step)
		if (streq(look_text(step, "op"), "read") && !trial_told(t, step))	/* no step of the test's own plan */
			return look_int(step, "t", INT64_MAX);
	return INT64_MAX;
}

/*
 * Between the episodes memory is not to run out. A kill behind the last one comes when the kernel had been quiet with enough
 * memory: it is the kernel's fault. Before one, tasks are being filled: the scene may be too large for the machine.
 */
void check_outside(struct trial *t)
{
	CLEANUP_FREE char *behind = NULL;
	int64_t end = collecting_since(t);
	for (size_t i = 0; i < json_array_size(t->seen->kmsg) && look_int(json_array_get(t->seen->kmsg, i), "t", 0) < end; i++) {
		char *text = record_text(t, i);
		char **keep = NULL;
		if (text && strstr(text, "Killed process ") && !trial_strangers_kill(t, text)) {
			enum place place = place_of(t, i);
			keep = place == BEFORE ? &t->outside : place == BEHIND ? &behind : NULL;
		}
		if (keep && !*keep)
			*keep = text;
		else
			free(text);
	}
	if (t->seen->fate == FATE_ENDED && !t->outside)
		trial_check_text(t, CHECK_OUTSIDE, NULL, NULL, "nobody", behind ? behind : "nobody");
}
