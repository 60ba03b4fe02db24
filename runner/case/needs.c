// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "case/case.h"
#include "case/era_words.h"
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
	return missing;
}
