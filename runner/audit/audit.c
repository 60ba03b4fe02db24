// SPDX-License-Identifier: GPL-2.0-or-later
#include "audit/audit.h"

#include "base/util.h"
#include "explain/explain.h"

#define NEAR_MOST 20		/* cgroups near their limit that are ranked unasked */

const char *severity_name(enum severity s)
{
	static const char *const names[] = { "notice", "warning", "critical" };
	return names[s];
}

char *audit_who(const struct audit *a, int task)
{
	const struct machine_task *t = &a->machine->tasks[task];
	return xasprintf("%s (pid %d)", t->comm, t->pid);
}

char *audit_where(const struct audit *a, int task)
{
	const char *path = machine_path(a->machine, a->machine->tasks[task].cgroup);
	struct place p;
	place_of(path, &p);
	const char *name = p.container[0] ? names_of(&a->names, p.container) : NULL;
	if (p.container[0] && p.pod[0] && !name)
		return xasprintf("pod %s, container %s", p.pod, p.container);
	if (p.container[0])
		return xasprintf("container %s", name ? name : p.container);
	if (p.pod[0])
		return xasprintf("pod %s", p.pod);
	return xstrdup(p.unit[0] ? p.unit : path);
}

static int find_cgroup(const struct machine *m, const char *path, int *index, struct error *err)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < m->n_cgroups; i++) {
		if (strlen(m->cgroups[i].path) == len && memcmp(m->cgroups[i].path, path, len) == 0) {
			*index = (int)i;
			return 0;
		}
	}
	return error_set(err, 0, "no memory cgroup %s in this snapshot (%zu are; paths begin with / and leave the mount point out)",
			 path, m->n_cgroups);
}

static bool is_near(const struct machine_cgroup *g, int percent)
{
	return g->limit != MACHINE_MAX && g->limit && g->current >= g->limit / 100 * (uint64_t)percent;
}

static bool is_ranked(const struct audit *a, int cgroup)
{
	for (size_t i = 0; i < a->n_cgroups; i++)
		if (a->cgroups[i].cgroup == cgroup)
			return true;
	return false;
}

static int rank_all(struct audit *a, const struct audit_options *o, struct error *err)
{
	const struct machine *m = a->machine;
	rank_cgroup(a, -1, true, o->most);
	rank_nodes(a, o->most);
	for (size_t i = 0; i < o->n_cgroups; i++) {
		int cgroup = -1;
		if (find_cgroup(m, o->cgroups[i], &cgroup, err) < 0)
			return -1;
		if (!is_ranked(a, cgroup))
			rank_cgroup(a, cgroup, true, o->most);
	}
	size_t near = 0;
	for (size_t i = 0; i < m->n_cgroups && near < NEAR_MOST; i++) {
		if (!is_near(&m->cgroups[i], o->near_percent) || is_ranked(a, (int)i))
			continue;
		rank_cgroup(a, (int)i, false, o->most);
		near++;
	}
	return 0;
}

static void find_places(struct audit *a)
{
	a->place = xcalloc(a->machine->n_tasks, sizeof(*a->place));
	for (size_t i = 0; i < a->global.series.n; i++) {
		const struct model_step *step = &a->global.series.steps[i];
		for (size_t k = 0; k < step->n_deaths; k++)
			if (!a->place[step->deaths[k].task])
				a->place[step->deaths[k].task] = i + 1;
	}
}

int audit_make(const struct machine *m, const struct audit_options *options, struct audit *a, struct error *err)
{
	*a = (struct audit){ .machine = m, .critical = options->critical, .n_critical = options->n_critical };
	if (options->root)
		names_read(options->root, &a->names);
	scene_make(a);
	scene_check_scores(a);
	if (rank_all(a, options, err) < 0)
		return -1;
	find_places(a);
	findings_make(a);
	return 0;
}

void audit_free(struct audit *a)
{
	for (size_t i = 0; i < a->n_findings; i++) {
		free(a->findings[i].subject);
		free(a->findings[i].reason);
		free(a->findings[i].remedy);
	}
	free(a->findings);
	for (size_t i = 0; i < a->n_cgroups; i++)
		model_series_free(&a->cgroups[i].series);
	free(a->cgroups);
	for (size_t i = 0; i < a->n_numa; i++)
		model_series_free(&a->numa[i].series);
	free(a->numa);
	model_series_free(&a->global.series);
	free(a->place);
	free(a->tasks);
	free(a->memcgs);
	names_free(&a->names);
	*a = (struct audit){ 0 };
}
