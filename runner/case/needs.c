// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "case/case.h"
#include "case/era_words.h"
#include "case/plan.h"
#include "case/when.h"

static void add_missing(json_t *missing, char *need, char *why, char *how)
{
	json_array_append_new(missing, json_pack("{s:s, s:s, s:s}", "need", need, "why", why, "how", how));
	free(need);
	free(why);
	free(how);
}

static void check_kernel(const struct need *need, const char *release, json_t *missing)
{
	/* Axes in the condition were replaced or checked when the test was made; what is left is about the kernel. */
	struct when_context context = { .release = release };
	bool holds = true;
	if (release && when_holds(need->text, &context, &holds, NULL, NULL) == 0 && !holds)
		add_missing(missing, xstrdup(need->text), xasprintf("the kernel is %s", release),
			    xasprintf("run with a kernel for which this holds: -k, see `oomtests kernels`"));
}

static void check_era(const struct need *need, const char *release, json_t *missing)
{
	bool holds = true;
	if (release && era_behaves(need->text, release, &holds) && !holds)
		add_missing(missing, xasprintf("era %s", need->text),
			    xasprintf("kernel %s does not behave so", release),
			    xasprintf("run with a kernel of another era: -k, see docs/eras.md"));
}

json_t *test_unmet_needs(const struct test *t, const char *release, bool throw_away, const char *target)
{
	json_t *missing = json_array();
	for (size_t i = 0; i < t->n_needs; i++) {
		const struct need *need = &t->needs[i];
		switch (need->kind) {
		case NEED_KERNEL:
			check_kernel(need, release, missing);
			break;
		case NEED_ERA:
			check_era(need, release, missing);
			break;
		case NEED_GUEST:
			if (!throw_away)
				add_missing(missing, xstrdup("guest"),
					    xasprintf("target %s is a machine in use", target),
					    xasprintf("run in a machine that is thrown away: -t vm or -t uml"));
			break;
		case NEED_TARGET:
			if (!streq(need->text, target))
				add_missing(missing, xasprintf("target %s", need->text),
					    xasprintf("the target is %s", target), xasprintf("-t %s", need->text));
			break;
		case NEED_CGROUP_FILE:
		case NEED_PATH:
		case NEED_CAPABILITY:
			break; /* the agent looks */
		}
	}
	if (test_expected_panic(t) && !throw_away)
		add_missing(missing, xstrdup("a machine whose panic is seen"), xasprintf("target %s has no console here", target),
			    xstrdup("-t vm or -t uml"));
	return missing;
}

/* Appends "kind text", the kind with blanks for underscores. */
static void add_words(json_t *needs, const char *kind, const char *text)
{
	CLEANUP_FREE char *words = xasprintf("%s%s%s", kind, *kind && *text ? " " : "", text);
	for (size_t i = 0; kind[i]; i++) {
		if (words[i] == '_')
			words[i] = ' ';
	}
	for (size_t i = 0; i < json_array_size(needs); i++) {
		if (streq(json_string_value(json_array_get(needs, i)), words))
			return;
	}
	json_array_append_new(needs, json_string(words));
}

json_t *test_needs(const struct test *t)
{
	static const char *const kinds[] = {
		[NEED_KERNEL] = "", [NEED_CGROUP_FILE] = "cgroup_file", [NEED_PATH] = "path",
		[NEED_CAPABILITY] = "capability", [NEED_GUEST] = "guest", [NEED_TARGET] = "target", [NEED_ERA] = "era",
	};
	json_t *needs = json_array(), *plan = plan_make(t, "oomtests", 1), *need;
	size_t i;
	for (i = 0; i < t->n_needs; i++)
		add_words(needs, kinds[t->needs[i].kind], t->needs[i].kind == NEED_GUEST ? "" : t->needs[i].text);
	if (t->uses_cgroups)
		add_words(needs, "cgroup", t->hierarchy == HIERARCHY_V1 ? "v1" : "v2");
	json_array_foreach(json_object_get(plan, "needs"), i, need) {
		const char *kind = json_string_value(json_object_get(need, "kind"));
		const char *text = json_string_value(json_object_get(need, "text"));
		if (!streq(kind, "room"))	/* every test has one; machines made for it do too */
			add_words(needs, kind ? kind : "", text ? text : "");
	}
	if (t->dangerous)
		add_words(needs, "guest", "");
	json_decref(plan);
	return needs;
}
