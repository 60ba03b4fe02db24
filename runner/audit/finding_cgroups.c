// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings about memory cgroups. */
#include "audit/audit.h"
#include "base/bytes.h"
#include "base/util.h"

#define MANY 10

static char *path_of(const struct audit *a, size_t i)
{
	return xstrdup(a->machine->cgroups[i].path);
}

/* Processes in a cgroup and below. */
static size_t members(const struct audit *a, size_t cgroup)
{
	size_t n = 0;
	for (size_t i = 0; i < a->scene.n_tasks; i++)
		n += a->tasks[i].memcg >= (int)cgroup && model_memcg_below(&a->scene, a->tasks[i].memcg, (int)cgroup);
	return n;
}

/* The command that sets a property of the unit, or writes the file. */
static char *set(const struct audit *a, size_t i, const char *property, const char *file, const char *value)
{
	const char *path = a->machine->cgroups[i].path, *last = strrchr(path, '/') + 1;
	size_t len = strlen(last);
	if ((len > 8 && streq(last + len - 8, ".service")) || (len > 6 && (streq(last + len - 6, ".slice") || streq(last + len - 6, ".scope"))))
		return xasprintf("systemctl set-property '%s' %s=%s", last, property, value);
	return xasprintf("echo %s > '/sys/fs/cgroup%s%s/%s'", value, a->machine->memory_v2 ? "" : "/memory", path, file);
}

void find_group(struct audit *a)
{
	size_t told = 0;
	for (size_t i = 0; i < a->machine->n_cgroups && a->era.group_kill; i++) {
		if (!a->machine->cgroups[i].group)
			continue;
		size_t n = members(a, i), spared = 0;
		for (size_t k = 0; k < a->scene.n_tasks; k++)
			spared += a->tasks[k].adj == ADJ_MIN && model_memcg_below(&a->scene, a->tasks[k].memcg, (int)i);
		if (n < 2 || ++told > MANY)
			continue;
		if (spared)
			finding_add(a, "group-not-whole", SEVERITY_WARNING, path_of(a, i),
				    xasprintf("memory.oom.group is set, but %zu of its %zu processes have oom_score_adj -1000 and stay behind",
					      spared, n),
				    xstrdup("give them an oom_score_adj of -999 or more if the group is to die as one"));
		else
			finding_add(a, "group-kill", SEVERITY_NOTICE, path_of(a, i),
				    xasprintf("memory.oom.group is set: all its %zu processes die with the first one", n),
				    xstrdup("OOMPolicy=continue in its unit, if its processes do not depend on each other"));
	}
}

/* Above memory.high tasks are slowed down, the more the further; only memory.max ends it. */
void find_high(struct audit *a)
{
	size_t told = 0;
	for (size_t i = 0; i < a->machine->n_cgroups; i++) {
		const struct machine_cgroup *g = &a->machine->cgroups[i];
		if (g->high == MACHINE_MAX || g->limit <= g->high || g->current < g->high - g->high / 50 || ++told > MANY)
			continue;
		char high[32], now[32];
		char *value = g->high ? xasprintf("%llu", (unsigned long long)(g->high + g->high / 10)) : xstrdup("max");
		finding_add(a, "throttled", SEVERITY_WARNING, path_of(a, i),
			    xasprintf("it uses %s and memory.high is %s: its processes are slowed down%s and never killed for it",
				      format_size(g->current, now), format_size(g->high, high),
				      g->n_high > 0 ? " (it was so before)" : ""),
			    set(a, i, "MemoryMax", "memory.max", value));
		free(value);
	}
}

/* memory.min is never reclaimed: what it promises is lost to everyone else. */
void find_min(struct audit *a)
{
	uint64_t ram = a->scene.machine.totalram * (uint64_t)a->machine->page_size, sum = 0;
	for (size_t i = 0; i < a->machine->n_cgroups; i++) {
		const struct machine_cgroup *g = &a->machine->cgroups[i];
		if (g->parent >= 0)
			continue;
		uint64_t kept = g->min < g->current ? g->min : g->current;
		sum = sum + kept < sum ? UINT64_MAX : sum + kept;
	}
	if (!ram || sum < ram / 10 * 7)
		return;
	char kept[32], all[32];
	finding_add(a, "min-starves", sum >= ram / 10 * 9 ? SEVERITY_CRITICAL : SEVERITY_WARNING, xstrdup("memory.min"),
		    xasprintf("cgroups use %s under memory.min, of %s of memory: it can't be reclaimed, so everyone else runs into "
			      "the OOM killer early", format_size(sum, kept), format_size(ram, all)),
		    xstrdup("lower MemoryMin= of the top slices, or use MemoryLow=, which yields before a kill"));
}

/* mm/oom_kill.c:oom_badness(): adj * (totalpages / 1000) */
void find_tiny_limit(struct audit *a)
{
	size_t told = 0;
	for (size_t i = 0; i < a->machine->n_cgroups; i++) {
		const struct machine_cgroup *g = &a->machine->cgroups[i];
		uint64_t total = model_memcg_totalpages(&a->era, &a->scene.machine, a->scene.v1, &a->memcgs[i]);
		if (g->limit == MACHINE_MAX || model_adj_unit(total) > 0)
			continue;
		int differ = 0, first = 0, seen = 0;
		for (size_t k = 0; k < a->scene.n_tasks; k++) {
			if (!model_memcg_below(&a->scene, a->tasks[k].memcg, (int)i) || a->tasks[k].adj == ADJ_MIN)
				continue;
			if (!seen++)
				first = a->tasks[k].adj;
			differ += a->tasks[k].adj != first;
		}
		if (!differ || ++told > MANY)
			continue;
		char *value = xasprintf("%d", 1000 * a->machine->page_size * 10);
		finding_add(a, "adj-without-effect", SEVERITY_WARNING, path_of(a, i),
			    xasprintf("limit and swap are %llu pages, less than 1000: oom_score_adj has no effect in it (but -1000)",
				      (unsigned long long)total),
			    set(a, i, "MemoryMax", a->machine->memory_v2 ? "memory.max" : "memory.limit_in_bytes", value));
		free(value);
	}
}

void find_oom_disabled(struct audit *a)
{
	size_t told = 0;
	for (size_t i = 0; i < a->machine->n_cgroups; i++) {
		const struct machine_cgroup *g = &a->machine->cgroups[i];
		if (!g->oom_kill_disable || g->limit == MACHINE_MAX || ++told > MANY)
			continue;
		finding_add(a, "oom-kill-disabled", SEVERITY_WARNING, path_of(a, i),
			    xstrdup("memory.oom_control has oom_kill_disable 1: at the limit its processes sleep for ever, "
				    "unless someone listens on the eventfd"),
			    xasprintf("echo 0 > '/sys/fs/cgroup/memory%s/memory.oom_control'", g->path));
	}
}

void find_near(struct audit *a)
{
	for (size_t i = 0; i < a->n_cgroups; i++) {
		const struct ranking *r = &a->cgroups[i];
		const struct machine_cgroup *g = &a->machine->cgroups[r->cgroup];
		if (g->limit == MACHINE_MAX || g->current < g->limit / 10 * 9)
			continue;
		char now[32], limit[32];
		char *who = r->series.n ? audit_who(a, r->series.steps[0].victim) : xstrdup("nobody");
		finding_add(a, "near-limit", g->current >= g->limit / 20 * 19 ? SEVERITY_WARNING : SEVERITY_NOTICE,
			    xstrdup(g->path),
			    xasprintf("it uses %s of %s, page cache included; at the limit %s dies first",
				      format_size(g->current, now), format_size(g->limit, limit), who),
			    xstrdup("raise MemoryMax=, or see what grows in it"));
		free(who);
	}
}
