// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/test.h"

#include "base/util.h"
#include "case/build.h"

static void free_texts(char **texts, size_t n)
{
	for (size_t i = 0; texts && i < n; i++)
		free(texts[i]);
	free(texts);
}

static void free_settings(struct setting *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(s[i].file);
		free(s[i].value);
	}
	free(s);
}

static void free_expectation(struct expectation *e)
{
	if (!e)
		return;
	free_texts(e->victims, e->n_victims);
	free_texts(e->also_die, e->n_also_die);
	free_texts(e->log, e->n_log);
	for (size_t i = 0; i < e->n_counters; i++) {
		free(e->counters[i].file);
		free(e->counters[i].field);
	}
	free(e->counters);
	free(e->trigger);
	free(e->panic);
	free(e);
}

void step_clear(struct step *s)
{
	free_texts(s->tasks, s->n_tasks);
	free(s->file);
	free(s->field);
	free(s->value);
	free(s->compare);
	free(s->number);
	free(s->result);
	free_expectation(s->expect);
	*s = (struct step){ 0 };
}

void test_free(struct test *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_needs; i++)
		free(t->needs[i].text);
	for (size_t i = 0; i < t->n_cgroups; i++) {
		free(t->cgroups[i].name);
		free(t->cgroups[i].mems);
		free_settings(t->cgroups[i].settings, t->cgroups[i].n_settings);
	}
	for (size_t i = 0; i < t->n_tasks; i++) {
		free(t->tasks[i].name);
		free(t->tasks[i].kind);
		free(t->tasks[i].args);
		free(t->tasks[i].cpus);
	}
	for (size_t i = 0; i < t->n_steps; i++)
		step_clear(&t->steps[i]);
	free_settings(t->sysctls, t->n_sysctls);
	free_texts(t->source, t->n_source);
	free_texts(t->fixes, t->n_fixes);
	free_texts(t->tags, t->n_tags);
	free(t->needs);
	free(t->cgroups);
	free(t->tasks);
	free(t->steps);
	free(t->shape.cmdline);
	free_expectation(t->bug_right);
	free(t->bug_commit);
	free(t->bug_when);
	free(t->id);
	free(t->path);
	free(t->title);
	free(t->why);
	free(t);
}
