// SPDX-License-Identifier: GPL-2.0-or-later
#include <fnmatch.h>

#include "audit/policy_file.h"
#include "base/util.h"
#include "explain/explain.h"

static bool matches(const char *pattern, const char *text)
{
	return *text && fnmatch(pattern, text, 0) == 0;
}

static bool below(const char *path, const char *top)
{
	size_t len = strlen(top);
	while (len > 1 && top[len - 1] == '/')
		len--;
	return strncmp(path, top, len) == 0 && (len == 1 || !path[len] || path[len] == '/');
}

bool select_task(const struct audit *a, const char *name, int task)
{
	const struct machine_task *t = &a->machine->tasks[task];
	const char *path = machine_path(a->machine, t->cgroup);
	struct place p;
	if (name[0] == '/')
		return below(path, name);
	if (matches(name, t->comm) || (strlen(name) > 15 && strlen(t->comm) == 15 && strncmp(name, t->comm, 15) == 0))
		return true;
	place_of(path, &p);
	CLEANUP_FREE char *service = xasprintf("%s.service", name);
	const char *container = p.container[0] ? names_of(&a->names, p.container) : NULL;
	return matches(name, p.unit) || matches(service, p.unit) || (container && matches(name, container));
}
