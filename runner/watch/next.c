// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/jbytes.h"
#include "base/util.h"
#include "watch/state.h"

#define NEXT 3

static char *words(const struct audit *a, const struct ranking *r, json_t *list)
{
	char *text = xstrdup("nobody can be killed");
	for (size_t i = 0; i < r->series.n; i++) {
		const struct machine_task *t = &a->machine->tasks[r->series.steps[i].victim];
		CLEANUP_FREE char *who = audit_who(a, r->series.steps[i].victim);
		char *more = i ? xasprintf("%s, %s", text, who) : xasprintf("next to die: %s", who);
		free(text);
		text = more;
		json_array_append_new(list, json_pack("{si so si}", "pid", t->pid, "comm", json_bytes(t->comm, strlen(t->comm)), "adj", t->adj));
	}
	return text;
}

char *next_victims(const char *cgroup, json_t **list)
{
	struct audit_options o = { .most = NEXT, .near_percent = 101, .cgroups = &cgroup, .n_cgroups = cgroup ? 1 : 0 };
	struct machine m;
	struct audit a = { 0 };
	char *text = NULL;
	*list = json_array();
	if (machine_collect("", &m, NULL) == 0 && audit_make(&m, &o, &a, NULL) == 0)
		text = words(&a, cgroup ? &a.cgroups[0] : &a.global, *list);
	audit_free(&a);
	machine_free(&m);
	return text ? text : xstrdup("who is next is not known");
}
