// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/machine.h"

#include <stdarg.h>

#include "base/util.h"

void machine_free(struct machine *m)
{
	free(m->release);
	free(m->version);
	free(m->arch);
	free(m->mount);
	free(m->node);
	for (size_t i = 0; i < m->meminfo.n; i++)
		free(m->meminfo.all[i].name);
	free(m->meminfo.all);
	for (size_t i = 0; i < m->sysctl.n; i++)
		free(m->sysctl.all[i].name);
	free(m->sysctl.all);
	for (size_t i = 0; i < m->n_cgroups; i++)
		free(m->cgroups[i].path);
	free(m->cgroups);
	free(m->tasks);
	for (size_t i = 0; i < m->n_lacks; i++)
		free(m->lacks[i]);
	free(m->lacks);
	*m = (struct machine){ 0 };
}

int64_t machine_value(const struct machine_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (streq(pairs->all[i].name, name))
			return pairs->all[i].value;
	return MACHINE_UNKNOWN;
}

const char *machine_path(const struct machine *m, int cgroup)
{
	return cgroup < 0 ? "/" : m->cgroups[cgroup].path;
}

void machine_pair_add(struct machine_pairs *pairs, const char *name, int64_t value)
{
	pairs->all = xrealloc(pairs->all, pairs->n + 1, sizeof(*pairs->all));
	pairs->all[pairs->n++] = (struct machine_pair){ xstrdup(name), value };
}

void machine_lack(struct machine *m, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	m->lacks = xrealloc(m->lacks, m->n_lacks + 1, sizeof(*m->lacks));
	m->lacks[m->n_lacks++] = xstrdup(text);
}

/* Processes that started in one tick: by pid, which is right unless the pids wrapped in that tick. */
static int by_creation(const void *a, const void *b)
{
	const struct machine_task *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

void machine_sort(struct machine *m)
{
	if (m->n_tasks)
		qsort(m->tasks, m->n_tasks, sizeof(*m->tasks), by_creation);
}
