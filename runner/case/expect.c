// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>

#include "base/bytes.h"
#include "base/util.h"
#include "base/vmstat.h"
#include "case/build.h"
#include "case/files.h"
#include "case/kinds.h"
#include "case/pattern.h"
#include "case/text.h"

void check_names(struct build *b, const char *key, char *const *names, size_t n)
{
	const char *words[256];
	for (size_t i = 0; i < b->t->n_tasks; i++)
		words[i] = b->t->tasks[i].name;
	for (size_t i = 0; i < n && !b->failed; i++) {
		char item[32];
		snprintf(item, sizeof(item), "%s[%zu]", key, i);
		if (find_task(b->t, names[i]) < 0)
			bad_word(b, item, "a task of this case (or NAME/N)", names[i], words, b->t->n_tasks);
		for (size_t j = 0; j < i; j++) {
			if (streq(names[i], names[j]))
				bad(b, item, "\"%s\" stands twice", names[i]);
		}
	}
}

/* A victim has a "Killed process" line, and who dies also has none: nobody is both. */
static void check_apart(struct build *b, const struct expectation *e)
{
	for (size_t i = 0; i < e->n_also_die && !b->failed; i++) {
		char item[32];
		snprintf(item, sizeof(item), "also_die[%zu]", i);
		for (size_t j = 0; j < e->n_victims; j++) {
			if (streq(e->also_die[i], e->victims[j]))
				bad(b, item, "\"%s\" is one of the victims; also_die names those who die without a line of their own",
				    e->also_die[i]);
		}
	}
}

/* "N", ">=N", "<=N" or "MIN-MAX" */
static void read_range(struct build *b, const char *key, const char *raw, int64_t *min, int64_t *max)
{
	CLEANUP_FREE char *text = text_of(b, key, raw);
	char low[32], shown[320];
	const char *dash = strchr(text, '-');
	bool least = starts_with(text, ">="), most = starts_with(text, "<=");
	const char *number = least || most ? text + 2 + strspn(text + 2, " ") : text;
	bool ok;
	if (least || most || !dash) {
		ok = parse_int(number, 0, INT64_MAX, min, NULL) == 0;
		*max = least ? INT64_MAX : *min;
		*min = most ? 0 : *min;
	} else {
		snprintf(low, sizeof(low), "%.*s", (int)(dash - text), text);
		ok = dash - text < 30 && parse_int(low, 0, INT64_MAX, min, NULL) == 0 &&
		     parse_int(dash + 1, 0, INT64_MAX, max, NULL) == 0 && *min <= *max;
	}
	if (!ok && !b->failed)
		bad(b, key, "%s: \"%s\" is not a count; allowed: N, >=N, <=N, MIN-MAX", key, show_text(shown, text));
}

static void read_counters(struct build *b, const struct raw_expect *raw, struct expectation *e)
{
	size_t here = strlen(b->at);
	e->counters = xcalloc(raw->n_counters, sizeof(*e->counters));
	e->n_counters = raw->n_counters;
	for (size_t i = 0; i < e->n_counters; i++) {
		const struct raw_counter *r = &raw->counters[i];
		struct counter_claim *c = &e->counters[i];
		snprintf(b->at + here, sizeof(b->at) - here, ".counters[%zu]", i);
		c->where = where_of(b, NULL);
		c->cgroup = -1;
		c->file = r->file ? text_of(b, "file", r->file) : xstrdup(r->cgroup ? "memory.events" : "/proc/vmstat");
		c->field = text_of(b, "field", r->field);
		read_range(b, "rises", r->rises, &c->at_least, &c->at_most);
		if (r->cgroup) {
			CLEANUP_FREE char *name = text_of(b, "cgroup", r->cgroup);
			c->cgroup = cgroup_named(b, "cgroup", name);
		} else if (r->file && !streq(c->file, "/proc/vmstat")) {
			bad(b, "file", "file: without `cgroup` the counter is one of /proc/vmstat; leave file out");
		} else if (vmstat_is_level(c->field)) {
			bad(b, "field", "field: %s is a level, which does not only rise; compare it in a `read` of /proc/vmstat", c->field);
		}
	}
	b->at[here] = '\0';
}

static void check_log(struct build *b, const struct expectation *e)
{
	for (size_t i = 0; i < e->n_log && !b->failed; i++) {
		char key[32], why[200];
		bool none;
		snprintf(key, sizeof(key), "log[%zu]", i);
		if (!pattern_fits(pattern_of_log(e->log[i], &none), why))
			bad(b, key, "log: not an extended regular expression: %s", why);
	}
}

void build_expectation(struct build *b, const struct raw_expect *raw, struct expectation *e)
{
	static const char *const constraints[] = { "none", "cpuset", "memory_policy", "memcg" };
	static const char *const ends[] = { "any", "filled", "dead", "failed", "blocked" };
	e->where = where_of(b, NULL);
	e->victims = text_list(b, "victims", raw->victims, e->n_victims = raw->n_victims);
	e->also_die = text_list(b, "also_die", raw->also_die, e->n_also_die = raw->n_also_die);
	e->log = text_list(b, "log", raw->log, e->n_log = raw->n_log);
	e->constraint = (enum constraint)choice_of(b, "constraint", raw->constraint, CONSTRAINT_ANY, constraints, 4);
	e->end = (enum grow_end)choice_of(b, "end", raw->end, END_ANY, ends, 5);
	e->panic = text_or_null(b, "panic", raw->panic);
	e->trigger = text_or_null(b, "trigger", raw->trigger);
	e->overkill = flag_of(b, "overkill", raw->overkill, false);
	e->allocating_task = flag_of(b, "allocating_task", raw->allocating_task, false);
	e->no_report = flag_of(b, "no_report", raw->no_report, false);
	e->any_order = flag_of(b, "any_order", raw->any_order, false);
	e->memcg = -1;
	e->ooms_min = e->ooms_max = -1;
	if (raw->ooms)
		read_range(b, "ooms", raw->ooms, &e->ooms_min, &e->ooms_max);
	if (raw->memcg) {
		CLEANUP_FREE char *name = text_of(b, "memcg", raw->memcg);
		e->memcg = cgroup_named(b, "memcg", name);
		if (raw->constraint && e->constraint != CONSTRAINT_MEMCG)
			bad(b, "memcg", "memcg: only with `constraint: memcg`");
		e->constraint = CONSTRAINT_MEMCG;
	}
	check_names(b, "victims", e->victims, e->n_victims);
	check_names(b, "also_die", e->also_die, e->n_also_die);
	check_apart(b, e);
	if (e->trigger && !streq(e->trigger, "agent") && !streq(e->trigger, "kworker") &&
	    find_task(b->t, e->trigger) < 0)
		bad(b, "trigger", "trigger: \"%s\" is neither a task of this case nor agent or kworker", e->trigger);
	read_counters(b, raw, e);
	check_log(b, e);
}

/* What the steps so far have made of the scene, and who may have asked for memory in this episode. */
struct scene {
	const struct test *t;
	int cgroup_of[256];	 /* of each task: moves count */
	uint64_t limit[256];	 /* of each cgroup: writes count */
	const struct step *last; /* the last step that may start an OOM, or NULL */
	unsigned askers;	 /* how many such steps */
	enum constraint asked;	 /* what the first of them would be, at which limit, and whether another would be something else */
	int asked_memcg;
	bool mixed, memcgs_differ;
};

static bool is_below(const struct test *t, int cgroup, int ancestor)
{
	const char *name = t->cgroups[cgroup].name, *top = t->cgroups[ancestor].name;
	size_t len = strlen(top);
	return strncmp(name, top, len) == 0 && (name[len] == '\0' || name[len] == '/');
}

static uint64_t limit_from_text(const char *value)
{
	uint64_t bytes;
	return parse_size(value, &bytes, NULL) == 0 ? bytes : NO_LIMIT;
}

static void scene_start(struct scene *s, const struct test *t)
{
	*s = (struct scene){ .t = t };
	for (size_t i = 0; i < t->n_tasks; i++)
		s->cgroup_of[i] = t->tasks[i].cgroup;
	for (size_t i = 0; i < t->n_cgroups; i++) {
		const struct test_cgroup *g = &t->cgroups[i];
		s->limit[i] = g->limit == UNSET ? NO_LIMIT : g->limit;
		for (size_t j = 0; j < g->n_settings; j++) {
			if (cgroup_file_is_limit(g->settings[j].file))
				s->limit[i] = limit_from_text(g->settings[j].value);
		}
	}
}

/* Is this cgroup's limit one that is hit before the machine itself is full? */
static bool is_limited(const struct scene *s, int cgroup)
{
	return s->limit[cgroup] < s->t->shape.memory;
}

/* How many limited cgroups hold the cgroup (itself counts); *which is the nearest. */
static unsigned limits_above(const struct scene *s, int cgroup, int *which)
{
	unsigned n = 0;
	*which = -1;
	for (size_t i = s->t->n_cgroups; cgroup >= 0 && i-- > 0;) { /* parents come first */
		if (!is_limited(s, (int)i) || !is_below(s->t, cgroup, (int)i))
			continue;
		if (n++ == 0)
			*which = (int)i;
	}
	return n;
}

static bool in_cpuset(const struct test *t, int cgroup)
{
	for (size_t i = 0; cgroup >= 0 && i < t->n_cgroups; i++) {
		uint64_t mask = 0;
		if (t->cgroups[i].mems && is_below(t, cgroup, (int)i) &&
		    parse_mask(t->cgroups[i].mems, &mask, NULL) == 0 && __builtin_popcountll(mask) < t->shape.nodes)
			return true;
	}
	return false;
}

/* A task asks: its memcg's limit, else its policy's nodes, else its cpuset's, else the machine (mm/oom_kill.c:
 * constrained_alloc). */
static void complete_for_task(const struct scene *s, int task, struct expectation *e)
{
	const struct test *t = s->t;
	int nearest;
	unsigned limits = limits_above(s, s->cgroup_of[task], &nearest);
	if (limits > 0) {
		e->constraint = CONSTRAINT_MEMCG;
		e->memcg = limits == 1 ? nearest : -1;
	} else if (t->tasks[task].policy == POLICY_BIND) {
		e->constraint = CONSTRAINT_MEMORY_POLICY;
	} else {
		e->constraint = in_cpuset(t, s->cgroup_of[task]) ? CONSTRAINT_CPUSET : CONSTRAINT_NONE;
	}
}

static void complete(const struct scene *s, struct expectation *e)
{
	const struct step *by = s->last;
	if (!by || (e->n_victims == 0 && !e->panic && e->ooms_max <= 0))
		return;
	bool by_task = by->op == STEP_GROW || by->op == STEP_CALL;
	int task = by_task ? find_task(s->t, by->tasks[0]) : -1;
	bool open = e->constraint == CONSTRAINT_ANY;
	if (open && by->op == STEP_SYSRQ) {
		e->constraint = CONSTRAINT_NONE;
	} else if (open && by->op == STEP_SET) {
		e->constraint = CONSTRAINT_MEMCG;
		e->memcg = by->cgroup;
	} else if (open && s->mixed) {
		return;
	} else if (open && task >= 0) {
		complete_for_task(s, task, e);
		e->memcg = s->memcgs_differ ? -1 : e->memcg;
	} else if (e->constraint == CONSTRAINT_MEMCG && e->memcg < 0 && task >= 0 && s->askers == 1) {
		int nearest;
		if (limits_above(s, s->cgroup_of[task], &nearest) == 1)
			e->memcg = nearest;
	}
	if (e->trigger || s->askers != 1)
		return;
	/* In a memcg nobody else charges, but for a child that has just been born; on a full machine anybody may be the
	 * one who asks. */
	if (by->op == STEP_SYSRQ)
		e->trigger = xstrdup("kworker");
	else if (by->op == STEP_SET && e->constraint == CONSTRAINT_MEMCG)
		e->trigger = xstrdup("agent");
	else if (task >= 0 && e->constraint == CONSTRAINT_MEMCG && !kind_facts(s->t->tasks[task].kind)->many &&
		 !(by->op == STEP_CALL && starts_with(by->value, "fork")))
		e->trigger = xstrdup(s->t->tasks[task].name);
}

/* Does the step reach beyond the scene's own cgroups? */
static bool is_global(const struct scene *s, const struct step *step)
{
	int nearest;
	switch (step->op) {
	case STEP_CALL:
		if (call_facts(step->value)->machine || step_can_oom(step) != OOM_SURELY)
			return call_facts(step->value)->machine;
		/* fall through */
	case STEP_GROW:
		return limits_above(s, s->cgroup_of[find_task(s->t, step->tasks[0])], &nearest) == 0;
	case STEP_WRITE:
	case STEP_SYSRQ:
	case STEP_HOST:
		return true;
	default:
		return false;
	}
}

static bool is_last_expect(const struct test *t, const struct step *step)
{
	for (const struct step *s = step + 1; s < t->steps + t->n_steps; s++)
		if (s->op == STEP_EXPECT)
			return false;
	return true;
}

static void see_asker(struct scene *s, const struct step *step)
{
	bool by_task = step->op == STEP_GROW || step->op == STEP_CALL;
	int task = by_task ? find_task(s->t, step->tasks[0]) : -1;
	struct expectation e = { .memcg = -1 };
	if (task < 0)
		return;
	complete_for_task(s, task, &e);
	s->mixed = s->askers && (s->mixed || e.constraint != s->asked);
	s->memcgs_differ = s->askers && (s->memcgs_differ || e.memcg != s->asked_memcg);
	s->asked = e.constraint;
	s->asked_memcg = e.memcg;
}

static void follow(struct scene *s, const struct step *step)
{
	int moved;
	switch (step->op) {
	case STEP_MOVE:
		moved = find_task(s->t, step->tasks[0]);	/* -1: a child */
		if (moved >= 0 && (!step->result || streq(step->result, "ok")))
			s->cgroup_of[moved] = step->cgroup;
		return;
	case STEP_SET:
		if (cgroup_file_is_limit(step->file))
			s->limit[step->cgroup] = limit_from_text(step->value);
		break;
	case STEP_EXPECT:
		complete(s, step->expect);
		if (s->t->bug_right && is_last_expect(s->t, step))
			complete(s, s->t->bug_right);
		s->last = NULL;
		s->askers = 0;
		return;
	default:
		break;
	}
	/* what only maps or forks counts when nothing in the episode asks for sure */
	if (step_can_oom(step) == OOM_NEVER || (step_can_oom(step) == OOM_PERHAPS && s->last))
		return;
	if (s->last && step_can_oom(s->last) == OOM_PERHAPS)
		s->askers = 0;
	bool same = s->last && s->last->op == STEP_SYSRQ && step->op == STEP_SYSRQ;	/* it is always a kworker */
	s->last = step;
	see_asker(s, step);
	s->askers += !same;
}

void complete_expectations(struct build *b)
{
	struct test *t = b->t;
	struct scene s;
	if (b->failed)
		return;
	scene_start(&s, t);
	bool global = false;
	for (size_t i = 0; i < t->n_steps; i++) {
		bool here = is_global(&s, &t->steps[i]);
		global = global || here;
		t->machine_wide = t->machine_wide || (here && t->steps[i].op == STEP_GROW);
		follow(&s, &t->steps[i]);
	}
	global = global || t->n_sysctls || t->swap != SWAP_NONE || t->shape.nodes > 1;
	at(b, "%s", "");
	t->dangerous = flag_of(b, "dangerous", b->raw->dangerous, global);
	if (!t->dangerous && t->machine_wide)
		bad(b, "dangerous",
		    "dangerous: false, but a task grows in no limited cgroup; the whole machine would run out of memory");
}
