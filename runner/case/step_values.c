// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/step_values.h"

#include <signal.h>

#include "base/bytes.h"
#include "base/suggest.h"
#include "base/util.h"
#include "case/kinds.h"
#include "case/pattern.h"
#include "case/text.h"

void step_set_task(struct build *b, struct step *s, const char *key, const char *raw)
{
	char *name = text_of(b, key, raw);
	(void)task_named(b, key, name);
	s->tasks = xcalloc(1, sizeof(*s->tasks));
	s->tasks[0] = name;
	s->n_tasks = 1;
}

void step_set_tasks(struct build *b, struct step *s, const char *key, char *const *raw, size_t n)
{
	s->tasks = text_list(b, key, raw, n);
	s->n_tasks = n;
	for (size_t i = 0; i < n && !b->failed; i++) {
		char item[32];
		snprintf(item, sizeof(item), "%s[%zu]", key, i);
		(void)task_named(b, item, s->tasks[i]);
	}
}

/* The same for what is only looked at: a child, NAME/N, may be named too. */
void step_set_members(struct build *b, struct step *s, const char *key, char *const *raw, size_t n)
{
	s->tasks = text_list(b, key, raw, n);
	s->n_tasks = n;
	check_names(b, key, s->tasks, n);
}

void step_set_cgroup(struct build *b, struct step *s, const char *key, const char *raw)
{
	CLEANUP_FREE char *name = text_of(b, key, raw);
	s->cgroup = cgroup_named(b, key, name);
}

/* "ok" or the name of an errno. */
void step_set_result(struct build *b, struct step *s, const char *raw)
{
	const char *words[140];
	size_t n = 0;
	words[n++] = "ok";
	words[n++] = "SIGBUS";	/* of a call that reads memory which can't be had */
	for (int e = 1; e < 134; e++) {
		if (strerrorname_np(e))
			words[n++] = strerrorname_np(e);
	}
	s->result = text_or_null(b, "result", raw);
	for (size_t i = 0; s->result && i < n; i++) {
		if (streq(words[i], s->result))
			return;
	}
	if (!s->result || b->failed)
		return;
	char shown[320];
	const char *near = suggest(s->result, words, n);
	bad(b, "result", "result: \"%s\" is neither ok nor the name of an errno%s%s%s", show_text(shown, s->result),
	    near ? "; did you mean \"" : ", like EBUSY", near ? near : "", near ? "\"?" : "");
}

void step_set_signal(struct build *b, struct step *s, const char *raw)
{
	CLEANUP_FREE char *text = text_of(b, "signal", raw);
	const char *name = starts_with(text, "SIG") ? text + 3 : text;
	const char *words[64];
	size_t n = 0;
	for (int i = 1; i < 32; i++) {
		if (sigabbrev_np(i))
			words[n++] = sigabbrev_np(i);
	}
	for (size_t i = 0; i < n; i++) {
		if (streq(words[i], name))
			s->value = xasprintf("SIG%s", name);
	}
	if (!s->value && !b->failed)
		bad_word(b, "signal", "a signal", name, words, n);
}

/* ">= 5", "!=max", "5": the comparison, and the value, put into *to. */
static void set_comparison(struct build *b, struct step *s, const char *raw, char **to)
{
	static const char *const operators[] = { ">=", "<=", "!=", "!~", "~" };
	CLEANUP_FREE char *text = text_of(b, "is", raw);
	const char *value = text;
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (!starts_with(text, operators[i]))
			continue;
		s->compare = xstrdup(operators[i]);
		value = text + strlen(operators[i]);
		value += strspn(value, " ");
	}
	s->compare = s->compare ? s->compare : xstrdup("=");
	*to = xstrdup(value);
	int64_t number;
	uint64_t size;
	char why[200];
	if (strchr(s->compare, '~') && (s->op != STEP_READ || !pattern_fits(value, why)))
		bad(b, "is", "is: %s needs an extended regular expression behind it, and stands in a `read` only", s->compare);
	if (!b->failed && (s->compare[0] == '<' || s->compare[0] == '>') &&
	    (strlen(value) > 40 || (parse_int(value, INT64_MIN, INT64_MAX, &number, NULL) < 0 &&
				    parse_size(value, &size, NULL) < 0)))
		bad(b, "is", "is: %s needs a whole number or a size behind it", s->compare);
}

/* Each task whose pid a pattern has. */
static void check_pids(struct build *b, const char *pattern)
{
	for (char *name; !b->failed && (pattern_pid(pattern, &name, &pattern)); free(name))
		check_names(b, "is", &name, 1);
}

/* A cgroup's file, or an absolute path. */
void step_set_source(struct build *b, struct step *s, const struct raw_target *raw)
{
	if (!raw->path == !(raw->cgroup || raw->file) || !raw->cgroup != !raw->file)
		bad(b, NULL, "%s `cgroup` and `file`, or `path`", raw->path ? "give either" : "give");
	if (b->failed)
		return;
	if (raw->cgroup)
		step_set_cgroup(b, s, "cgroup", raw->cgroup);
	s->file = text_of(b, raw->path ? "path" : "file", raw->path ? raw->path : raw->file);
	s->field = text_or_null(b, "field", raw->field);
	if (raw->path && s->file[0] != '/')
		bad(b, "path", "path: it must be absolute, like /proc/meminfo");
	if (raw->file && (!s->file[0] || strchr(s->file, '/')))
		bad(b, "file", "file: a cgroup's file is a name without /, like memory.events");
	if (s->field && (!s->field[0] || strpbrk(s->field, " \n\t")))
		bad(b, "field", "field: the first word of a line of the file, like oom_kill");
	if (raw->is)
		set_comparison(b, s, raw->is, &s->value);
	if (!b->failed && s->compare && strchr(s->compare, '~'))
		check_pids(b, s->value);
}

void step_set_call(struct build *b, struct step *s, const char *raw, const char *is)
{
	size_t n;
	const char *const *names = call_names(&n);
	s->value = text_of(b, "what", raw);
	char word[64];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(s->value, " "), s->value);
	if (!call_facts(s->value) && !b->failed)
		bad_word(b, "what", "a call of oomload", word, names, n);
	const char *lacks = b->failed ? NULL : call_lacks(s->value);
	char shown[320];
	if (lacks)
		bad(b, "what", "what: \"%s\" needs %s; `oomload --list` shows what each call takes", show_text(shown, s->value), lacks);
	if (strchr(s->value, '\n'))
		bad(b, "what", "what: a line break in a call");
	if (is)
		set_comparison(b, s, is, &s->number);
	int64_t number;
	if (s->number && !b->failed && parse_int(s->number, INT64_MIN, INT64_MAX, &number, NULL) < 0)
		bad(b, "is", "is: a call's result is a whole number");
}
