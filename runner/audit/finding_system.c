// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings about the kernel and about killers in user space. */
#include "audit/audit.h"
#include "base/util.h"

/* Rules of old kernels that later ones count as bugs. */
static const struct {
	const char *behaviour;
	bool bad;		/* the value that has the bug */
	enum severity severity;
	const char *what;
} known[] = {
	{ "child_sacrifice", true, SEVERITY_NOTICE,
	  "a child of the chosen process may die in its place, which frees little and kills again" },
	{ "reaper", false, SEVERITY_WARNING, "there is no oom_reaper: a victim that can't exit blocks every further kill" },
	{ "signed_points", false, SEVERITY_WARNING,
	  "processes whose oom_score_adj brings them to 0 points or less all count the same: which of them dies is chance" },
	{ "margin_recheck", false, SEVERITY_NOTICE, "a charge that waited for another kill may kill again although there is room" },
};

static const struct era_behaviour *row_of(const char *name)
{
	size_t n;
	const struct era_behaviour *table = era_table(&n);
	for (size_t i = 0; i < n; i++)
		if (streq(table[i].name, name))
			return &table[i];
	return NULL;
}

static void find_rss(struct audit *a)
{
	int64_t error = model_rss_error(&a->era, SOURCE_STATUS, a->machine->cpus, 1);
	if (!a->era.rss_percpu || audit_bytes(a, error) < 32 << 20)
		return;
	finding_add(a, "inexact-rss", SEVERITY_WARNING, xasprintf("Linux %s", a->machine->release),
		    xasprintf("with %d CPUs this kernel compares sizes that may be wrong by %lld MiB a process: the wrong one may die "
			      "(fixed in 7.0 by 5898aa8f9a0b)", a->machine->cpus, (long long)(audit_bytes(a, error) >> 20)),
		    xstrdup("a newer kernel; until then keep oom_score_adj of what must live further apart"));
}

void find_kernel(struct audit *a)
{
	if (!a->era.known)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const struct era_behaviour *row = row_of(known[i].behaviour);
		bool value;
		if (!row || era_find_behaviour(&a->era, row->name, &value) < 0 || value != known[i].bad ||
		    era_unsure(&a->era, row->name) || (known[i].bad && row->until == ERA_NEVER))
			continue;
		finding_add(a, "known-bug", known[i].severity, xasprintf("Linux %s", a->machine->release),
			    xasprintf("%s (%s%s%s)", known[i].what, row->commit, *row->commit ? ", " : "", row->source),
			    xstrdup("a newer kernel"));
	}
	find_rss(a);
}

/* Each kills by its own measure. Two of them at work kill twice for one shortage. */
void find_killers(struct audit *a)
{
	static const char *const killers[] = { "earlyoom", "nohang", "systemd-oomd", "oomd", "bustd", "psi-monitor", "le9ctl" };
	const char *found[ARRAY_SIZE(killers)];
	size_t n = 0;
	for (size_t k = 0; k < ARRAY_SIZE(killers); k++) {
		for (size_t i = 0; i < a->machine->n_tasks; i++) {
			if (!streq(a->machine->tasks[i].comm, killers[k]))
				continue;
			found[n++] = killers[k];
			break;
		}
	}
	if (n > 1)
		finding_add(a, "killers-fight", SEVERITY_WARNING, xasprintf("%s and %s", found[0], found[1]),
			    xstrdup("both kill before the kernel does, each by its own rule, and neither waits for the other"),
			    xasprintf("systemctl disable --now %s", found[1]));
	else if (n == 1)
		finding_add(a, "user-space-killer", SEVERITY_NOTICE, xstrdup(found[0]),
			    xstrdup("it kills before the kernel does, by its own rules: the order below is the kernel's"),
			    xstrdup("nothing; `oomtests watch` tells which of the two acted"));
}
