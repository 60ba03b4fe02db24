// SPDX-License-Identifier: GPL-2.0-or-later
/* All findings, in the order in which they are looked for. */
#include "audit/audit.h"
#include "base/util.h"

static finding_fn *const all[] = {
	find_panic, find_nobody, find_critical, find_hogs, find_endless, find_group, find_tiny_limit, find_oom_disabled,
	find_high, find_min, find_near, find_allocating, find_overcommit, find_swap, find_pods, find_killers, find_kernel,
	find_dump,
};

const char *const finding_ids[] = {
	"panic-without-reboot", "panic-on-any-oom", "panic-on-oom", "little-to-kill", "critical-unprotected", "protected-hog",
	"unkillable-hog", "group-kill", "group-not-whole", "adj-without-effect", "oom-kill-disabled", "throttled", "min-starves",
	"near-limit", "kills-allocating-task", "fork-refused", "no-swap", "swap-full", "pod-adj", "killers-fight",
	"user-space-killer", "known-bug", "inexact-rss", "no-task-table", NULL,
};

void finding_add(struct audit *a, const char *id, enum severity severity, char *subject, char *reason, char *remedy)
{
	a->findings = xrealloc(a->findings, a->n_findings + 1, sizeof(*a->findings));
	a->findings[a->n_findings++] = (struct finding){ id, severity, subject, reason, remedy };
}

void findings_make(struct audit *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		all[i](a);
	/* worst first, else as they were found: an insertion sort is stable, and these are few */
	for (size_t i = 1; i < a->n_findings; i++) {
		struct finding f = a->findings[i];
		size_t at = i;
		for (; at > 0 && a->findings[at - 1].severity < f.severity; at--)
			a->findings[at] = a->findings[at - 1];
		a->findings[at] = f;
	}
}
