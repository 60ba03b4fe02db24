// SPDX-License-Identifier: GPL-2.0-or-later
/* Each rule of a policy against an audit. */
#include <inttypes.h>

#include "audit/policy_file.h"
#include "base/util.h"

/* --- who a name means --------------------------------------------------------------------------------------- */

static bool is_optional(const struct policy *p, const char *name)
{
	for (unsigned i = 0; i < p->raw->n_optional; i++)
		if (streq(p->raw->optional[i], name))
			return true;
	return false;
}

/* Says error, or skip for what may be missing, where a name means nobody. */
static bool anybody(const struct policy *p, const struct audit *a, const char *name, struct result *r)
{
	for (size_t i = 0; i < a->machine->n_tasks; i++)
		if (select_task(a, name, (int)i))
			return true;
	if (is_optional(p, name))
		result_say(r, VERDICT_SKIP, "no process, unit, container or cgroup \"%s\", which is optional", name);
	else
		result_say(r, VERDICT_ERROR, "no process, unit, container or cgroup \"%s\" in the snapshot; name it in \"optional\" if it may be missing",
			   name);
	return false;
}

static char *number_of(const struct audit *a, int task)
{
	CLEANUP_FREE char *who = audit_who(a, task);
	if (a->place[task])
		return xasprintf("%s is number %zu", who, a->place[task]);
	return xasprintf("%s is never killed (oom_score_adj %d)", who, a->tasks[task].adj);
}

/* The first to die of those that a name means; -1: none of them ever does. */
static int first_death(const struct audit *a, const char *name)
{
	int first = -1;
	for (size_t i = 0; i < a->machine->n_tasks; i++)
		if (a->place[i] && select_task(a, name, (int)i) && (first < 0 || a->place[i] < a->place[first]))
			first = (int)i;
	return first;
}

/* The last one; one who never dies is later than all, but for the init process. */
static int last_death(const struct audit *a, const char *name)
{
	int last = -1;
	for (size_t i = 0; i < a->machine->n_tasks; i++) {
		if (a->tasks[i].init || !select_task(a, name, (int)i))
			continue;
		if (!a->place[i])
			return (int)i;
		if (last < 0 || a->place[i] > a->place[last])
			last = (int)i;
	}
	return last;
}

/* Could this kernel's inexact counters turn round the order of two steps? */
static bool too_near(const struct audit *a, size_t earlier, size_t later)
{
	const struct model_step *steps = a->global.series.steps;
	const struct model_task *x = &a->tasks[steps[earlier - 1].victim], *y = &a->tasks[steps[later - 1].victim];
	int64_t low = steps[earlier - 1].points - x->less, high = steps[later - 1].points + y->more;
	return (x->less || y->more) && high >= low;
}

/* --- the rules ---------------------------------------------------------------------------------------------- */

static struct result *rule(const struct audit *a, const char *kind, unsigned i, const char *about, const char *why)
{
	CLEANUP_FREE char *id = xasprintf("%s[%u]: %s", kind, i, about);
	return result_new(id, why, a->machine->release, "audit");
}

static char *where_of(const struct policy *p, const char *kind, unsigned i)
{
	CLEANUP_FREE char *part = xasprintf("%s[%u]", kind, i);
	const struct mark *m = tree_find(&p->tree, part);
	return xasprintf("%s:%d:%d", p->path, m->line, m->column);
}

static void decide(const struct policy *p, struct result *r, const char *kind, unsigned i, bool ok, const char *expected,
		   const char *seen)
{
	CLEANUP_FREE char *where = where_of(p, kind, i);
	result_check(r, kind, ok, where, expected, seen);
	result_say(r, ok ? VERDICT_PASS : VERDICT_FAIL, "%s", "");
}

static struct result *outlives(const struct policy *p, const struct audit *a, unsigned i)
{
	const struct raw_pair *o = &p->raw->outlives[i];
	CLEANUP_FREE char *about = xasprintf("%s outlives %s", o->who, o->whom);
	struct result *r = rule(a, "outlives", i, about, o->why);
	if (!anybody(p, a, o->who, r) || !anybody(p, a, o->whom, r))
		return r;
	int who = first_death(a, o->who), whom = last_death(a, o->whom);
	CLEANUP_FREE char *expected = xasprintf("every %s dies before the first %s", o->whom, o->who);
	if (who < 0 || whom < 0) {
		decide(p, r, "outlives", i, true, expected, who < 0 ? "it is never killed" : "it is the init process");
		return r;
	}
	CLEANUP_FREE char *one = number_of(a, who), *other = number_of(a, whom);
	CLEANUP_FREE char *seen = xasprintf("%s, %s", one, other);
	bool ok = a->place[whom] && a->place[whom] < a->place[who];
	size_t early = ok ? a->place[whom] : a->place[who], late = ok ? a->place[who] : a->place[whom];
	if (late && late != early && too_near(a, early, late)) {
		result_say(r, VERDICT_ERROR, "%s: nearer than this kernel's counters are exact", seen);
		return r;
	}
	decide(p, r, "outlives", i, ok, expected, seen);
	return r;
}

static struct result *never_first(const struct policy *p, const struct audit *a, unsigned i)
{
	const char *name = p->raw->never_first[i];
	struct result *r = rule(a, "never_first", i, name, NULL);
	if (!anybody(p, a, name, r))
		return r;
	int who = first_death(a, name);
	CLEANUP_FREE char *expected = p->first == 1 ? xstrdup("not the first to die") :
						      xasprintf("not among the first %" PRId64 " to die", p->first);
	CLEANUP_FREE char *seen = who < 0 ? xstrdup("it is never killed") : number_of(a, who);
	decide(p, r, "never_first", i, who < 0 || (int64_t)a->place[who] > p->first, expected, seen);
	return r;
}

static struct result *survives(const struct policy *p, const struct audit *a, unsigned i)
{
	const char *name = p->raw->survives[i];
	struct result *r = rule(a, "survives", i, name, NULL);
	if (!anybody(p, a, name, r))
		return r;
	int who = first_death(a, name);
	CLEANUP_FREE char *seen = who < 0 ? xstrdup("it is never killed") : number_of(a, who);
	decide(p, r, "survives", i, who < 0, "never killed", seen);
	return r;
}

static struct result *adj(const struct policy *p, const struct audit *a, unsigned i)
{
	const struct raw_value *v = &p->raw->adj[i];
	CLEANUP_FREE char *about = xasprintf("oom_score_adj of %s is %s", v->name, v->is);
	struct result *r = rule(a, "adj", i, about, v->why);
	struct bound b;
	if (!anybody(p, a, v->name, r) || bound_parse(v->is, &b, NULL) < 0)
		return r;
	CLEANUP_FREE char *seen = xstrdup("all have");
	bool ok = true;
	for (size_t k = 0; k < a->machine->n_tasks && ok; k++) {
		if (!select_task(a, v->name, (int)k) || bound_holds(&b, a->tasks[k].adj))
			continue;
		CLEANUP_FREE char *who = audit_who(a, (int)k);
		ok = false;
		free(seen);
		seen = xasprintf("%s has %d", who, a->tasks[k].adj);
	}
	decide(p, r, "adj", i, ok, v->is, seen);
	return r;
}

static struct result *sysctl(const struct policy *p, const struct audit *a, unsigned i)
{
	const struct raw_value *v = &p->raw->sysctls[i];
	CLEANUP_FREE char *about = xasprintf("%s is %s", v->name, v->is);
	struct result *r = rule(a, "sysctls", i, about, v->why);
	const struct machine_pairs *pairs = &a->machine->sysctl;
	struct bound b;
	bool there = false;
	for (size_t k = 0; k < pairs->n; k++)
		there = there || streq(pairs->all[k].name, v->name);
	if (!there || bound_parse(v->is, &b, NULL) < 0) {
		CLEANUP_FREE char *known = xstrdup("");
		for (size_t k = 0; k < pairs->n; k++) {
			char *more = xasprintf("%s%s%s", known, k ? ", " : "", pairs->all[k].name);
			free(known);
			known = more;
		}
		result_say(r, VERDICT_ERROR, "the snapshot has no sysctl \"%s\"; it has %s", v->name, known);
		return r;
	}
	int64_t value = machine_value(pairs, v->name);
	CLEANUP_FREE char *seen = xasprintf("%" PRId64, value);
	decide(p, r, "sysctls", i, bound_holds(&b, value), v->is, seen);
	return r;
}

static bool is_allowed(const struct raw_findings *f, const char *id)
{
	for (unsigned i = 0; i < f->n_allow; i++)
		if (streq(f->allow[i], id))
			return true;
	return false;
}

static struct result *findings(const struct policy *p, const struct audit *a)
{
	const struct raw_findings *f = p->raw->findings;
	int worst = !f->worst || streq(f->worst, "none") ? -1 : streq(f->worst, "notice") ? SEVERITY_NOTICE : SEVERITY_WARNING;
	struct result *r = result_new("findings", NULL, a->machine->release, "audit");
	bool ok = true;
	for (size_t i = 0; i < a->n_findings; i++) {
		const struct finding *n = &a->findings[i];
		if ((int)n->severity <= worst || is_allowed(f, n->id))
			continue;
		CLEANUP_FREE char *name = xasprintf("%s %s", severity_name(n->severity), n->id);
		CLEANUP_FREE char *seen = xasprintf("%s: %s; remedy: %s", n->subject, n->reason, n->remedy);
		ok = result_check(r, name, false, NULL, "no such finding", seen);
	}
	result_say(r, ok ? VERDICT_PASS : VERDICT_FAIL, "%s", "");
	for (unsigned i = 0; i < p->raw->n_critical && ok; i++) {
		const char *name = p->raw->critical[i];
		if (audit_has_critical(a, name) || is_optional(p, name))
			continue;
		result_say(r, VERDICT_ERROR, "no process or unit \"%s\" of \"critical\" in the snapshot; name it in \"optional\" if it may be missing",
			   name);
		break;
	}
	return r;
}

size_t policy_rules(const struct policy *p)
{
	const struct raw_policy *r = p->raw;
	return r->n_outlives + r->n_never_first + r->n_survives + r->n_adj + r->n_sysctls + (r->findings != NULL);
}

struct result *policy_judge(const struct policy *p, size_t i, const struct audit *a)
{
	const struct raw_policy *r = p->raw;
	const struct {
		unsigned n;
		struct result *(*judge)(const struct policy *p, const struct audit *a, unsigned i);
	} kinds[] = {
		{ r->n_outlives, outlives }, { r->n_never_first, never_first }, { r->n_survives, survives },
		{ r->n_adj, adj }, { r->n_sysctls, sysctl },
	};
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (i < kinds[k].n)
			return kinds[k].judge(p, a, (unsigned)i);
		i -= kinds[k].n;
	}
	return findings(p, a);
}
