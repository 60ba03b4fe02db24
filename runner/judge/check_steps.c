// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the case itself asked for, step by step: results of writes and system calls, contents of files, scores, waits.
 */
#include <inttypes.h>
#include <regex.h>

#include "base/bytes.h"
#include "base/util.h"
#include "case/pattern.h"
#include "judge/look.h"
#include "judge/trial.h"

static const char *step_errno(const json_t *answer)
{
	const char *e = look_text(answer, "errno");
	return e ? e : "ok";
}

/* "wrote EBUSY": how a write in the background ended, NULL when nobody said. */
static const char *written_later(const struct trial *t, const json_t *answer)
{
	size_t i;
	json_t *a;
	json_array_foreach(t->seen->answers, i, a)
		if (look_int(a, "step", -1) == look_int(answer, "i", -2))
			return look_text(a, "text");
	return NULL;
}

static void check_write(struct trial *t, const struct step *s, size_t i, const char *op)
{
	const json_t *answer = trial_answer(t, i, op);
	if (!answer)
		return;
	if (s->background) {
		/* It may be waiting still: that is only wrong where the case says how it returns. */
		const char *text = written_later(t, answer);
		if (text && (starts_with(text, "wrote ") || s->result))
			trial_check_text(t, CHECK_WRITE, s->file, &s->where, s->result ? s->result : "ok",
					 starts_with(text, "wrote ") ? text + 6 : text);
		return;
	}
	trial_check_text(t, CHECK_WRITE, s->file, &s->where, s->result ? s->result : "ok", step_errno(answer));
}

/* The guest's answer: EBUSY when it does not let go of memory. What the host could not do is an error, and said elsewhere. */
static void check_host(struct trial *t, const struct step *s, size_t i)
{
	const json_t *answer = trial_answer(t, i, "host");
	if (answer && !json_is_true(json_object_get(answer, "timeout")))
		trial_check_text(t, CHECK_HOST, s->value, &s->where, s->result ? s->result : "ok", step_errno(answer));
}

static bool holds(const char *compare, bool numeric, int64_t want, int64_t have, const char *want_text,
		  const char *have_text)
{
	if (!compare || streq(compare, "="))
		return numeric ? want == have : streq(want_text, have_text);
	if (streq(compare, "!="))
		return numeric ? want != have : !streq(want_text, have_text);
	if (!numeric)
		return false;
	return streq(compare, ">=") ? have >= want : streq(compare, "<=") ? have <= want : false;
}

/* "called getadj 300 ok": the number in the middle. */
static void check_number(struct trial *t, const struct step *s, const char *what, const char *answer)
{
	long long have;
	if (sscanf(answer, "called %*s %lld", &have) != 1)
		return;
	char want[64], seen[32];
	snprintf(want, sizeof(want), "%s%s", streq(s->compare, "=") ? "" : s->compare, s->number);
	snprintf(seen, sizeof(seen), "%lld", have);
	bool ok = holds(s->compare, true, strtoll(s->number, NULL, 10), have, NULL, NULL);
	trial_check(t, CHECK_CALL, what, &s->where, want, seen, ok);
}

/* The answer to a call in the background, which comes by itself; NULL: it did not return. */
static const char *called_later(const struct trial *t, const struct step *s, const json_t *step)
{
	CLEANUP_FREE char *begin = xasprintf("called %.*s ", (int)strcspn(s->value, " "), s->value);
	size_t i;
	json_t *a;
	json_array_foreach(t->seen->answers, i, a)
		if (look_same(s->tasks[0], look_text(a, "name")) && look_int(a, "t", -1) >= look_int(step, "t", 0) &&
		    starts_with(look_text(a, "text"), begin))
			return look_text(a, "text");
	return NULL;
}

/* "called mmap 0 ENOMEM": the last word is ok or the errno. In the background it may be at it still: that is only wrong
 * where the case says how it returns. */
static void check_call(struct trial *t, const struct step *s, size_t i)
{
	const json_t *answer = trial_answer(t, i, "call");
	const char *text = look_text(answer, "answer");
	if (answer && s->background)
		text = called_later(t, s, answer);
	if (!text && !(answer && s->background && s->result && t->seen->fate == FATE_ENDED))
		return;
	text = text ? text : "nothing";
	const char *last = strrchr(text, ' ');
	char what[128];
	snprintf(what, sizeof(what), "%s in %s", s->value, s->tasks[0]);
	if (trial_check_text(t, CHECK_CALL, what, &s->where, s->result ? s->result : "ok", last ? last + 1 : text) &&
	    s->number)
		check_number(t, s, what, text);
}

/* The value of a file (or of one line of it, behind blanks) as the case compares it: without the newline at its end. */
static char *value_of(const char *text, const char *field)
{
	if (field) {
		size_t len = strlen(field);
		const char *p = text + strspn(text, " \t");
		while (p && !(strncmp(p, field, len) == 0 && (p[len] == ' ' || p[len] == ':' || p[len] == '\t')))
			p = (p = strchr(p, '\n')) ? p + 1 + strspn(p + 1, " \t") : NULL;
		if (!p)
			return NULL;
		p += len;
		p += strspn(p, ": \t");
		return strndup(p, strcspn(p, "\n"));
	}
	size_t len = strlen(text);
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	return strndup(text, len);
}

/* With the number that each `<pid TASK>` stands for. The caller frees. */
static char *with_pids(const struct trial *t, const char *pattern)
{
	char *whole = xstrdup(""), *name;
	for (const char *at, *end; (at = pattern_pid(pattern, &name, &end)); pattern = end) {
		char *more = xasprintf("%s%.*s%" PRId64, whole, (int)(at - pattern), pattern, trial_pid(t, name));
		free(name);
		free(whole);
		whole = more;
	}
	char *more = xasprintf("%s%s", whole, pattern);
	free(whole);
	return more;
}

/* Each line is a line to ^ and $. */
static bool matches(const struct trial *t, const char *pattern, const char *text)
{
	regex_t re;
	CLEANUP_FREE char *whole = with_pids(t, pattern);
	if (regcomp(&re, whole, REG_EXTENDED | REG_NOSUB | REG_NEWLINE))
		return false;
	bool found = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

/* "memory.events oom", ">=1": the file of a step, and what it must be. */
static void name_file(char *to, size_t size, const struct step *s)
{
	snprintf(to, size, "%s%s%s", s->file, s->field ? " " : "", s->field ? s->field : "");
}

static void name_value(char *to, size_t size, const struct step *s)
{
	snprintf(to, size, "%s%s", s->compare && !streq(s->compare, "=") ? s->compare : "", s->value);
}

static void check_read(struct trial *t, const struct step *s, size_t i)
{
	const json_t *answer = trial_answer(t, i, "read");
	if (!answer)
		return;
	char what[192];
	name_file(what, sizeof(what), s);
	const char *text = look_text(answer, "text");
	CLEANUP_FREE char *have = text ? value_of(text, s->field) : NULL;
	if (!have) {
		trial_check_text(t, CHECK_READ, what, &s->where, s->value, text ? "no such line" : step_errno(answer));
		return;
	}
	uint64_t want_size;
	int64_t want = 0, number = 0;
	bool numeric = parse_size(s->value, &want_size, NULL) == 0;
	if (numeric)
		want = (int64_t)want_size;
	else
		numeric = parse_int(s->value, INT64_MIN, INT64_MAX, &want, NULL) == 0;
	/* "12 kB", as in /proc/meminfo, is the number 12. */
	char *end = have;
	if (numeric) {
		number = strtoll(have, &end, 10);
		numeric = end != have && (!*end || *end == ' ');
	}
	bool ok = s->compare && strchr(s->compare, '~') ? matches(t, s->value, have) == streq(s->compare, "~") :
							  holds(s->compare, numeric, want, number, s->value, have);
	char expected[256];
	name_value(expected, sizeof(expected), s);
	trial_check(t, CHECK_READ, what, &s->where, expected, have, ok);
}

/*
 * What the kernel owes did not come, though so many times in a row, 20 ms apart (runner/agent/step_file.c:POLL_TICK_MS), the agent
 * looked, went back to sleep and was woken: the machine did not stand still. With fewer looks nothing is said but that a wait passed its deadline.
 */
#define OWED_LOOKS 500

static void check_owed(struct trial *t, const struct step *s, size_t i)
{
	const json_t *answer = trial_answer(t, i, "poll");
	bool late = json_is_true(json_object_get(answer, "timeout"));
	if (!answer || (late && look_int(answer, "looks", 0) < OWED_LOOKS))
		return;
	char what[192], expected[256];
	const char *text = look_text(answer, "text");
	name_file(what, sizeof(what), s);
	name_value(expected, sizeof(expected), s);
	trial_check(t, CHECK_OWED, what, &s->where, expected, text ? text : step_errno(answer), !late);
}

/* A wait that ended otherwise than asked. A wait that timed out is an error, and said elsewhere. */
static void check_wait(struct trial *t, const struct step *s, size_t i)
{
	if (s->owed)
		check_owed(t, s, i);
	static const char *const words[] = { "any", "filled", "dead", "failed", "blocked" };
	const json_t *answer = trial_answer(t, i, "await");
	const char *how = look_text(answer, "how");
	if (!how || !s->n_tasks || s->until == END_ANY)
		return;
	trial_check_text(t, CHECK_WAIT, s->tasks[0], &s->where, words[s->until], how);
}

/* A move, or a removal: where the case says nothing of a move's result, a failure is an error, and said elsewhere. */
static void check_cgroup_step(struct trial *t, const struct step *s, size_t i, const char *op, enum check_id id)
{
	const json_t *answer = trial_answer(t, i, op);
	if (answer && (s->result || s->op == STEP_RMDIR))
		trial_check_text(t, id, s->n_tasks ? s->tasks[0] : t->test->cgroups[s->cgroup].name, &s->where,
				 s->result ? s->result : "ok", step_errno(answer));
}

void check_steps(struct trial *t)
{
	for (size_t i = 0; i < t->test->n_steps; i++) {
		const struct step *s = &t->test->steps[i];
		switch (s->op) {
		case STEP_SET:
		case STEP_WRITE:
			check_write(t, s, i, "write");
			break;
		case STEP_HOST:
			check_host(t, s, i);
			break;
		case STEP_MOVE:
			check_cgroup_step(t, s, i, "move", CHECK_MOVE);
			break;
		case STEP_RMDIR:
			check_cgroup_step(t, s, i, "rmdir", CHECK_RMDIR);
			break;
		case STEP_CALL:
			check_call(t, s, i);
			break;
		case STEP_READ:
			check_read(t, s, i);
			break;
		case STEP_SCORE:
			check_scores(t, s, i);
			break;
		case STEP_COMMIT:
			check_commit(t, s, i);
			break;
		case STEP_WAIT:
			check_wait(t, s, i);
			break;
		default:
			break;
		}
	}
}
