// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>

#include "agent/agent.h"
#include "agent/cgroup.h"

char *scene_path(const struct agent *a, const struct scene_cgroup *cg, const char *file)
{
	return xasprintf("%s%s/%s", scene_hierarchy(&a->cgroups, file).point, cg->rel, file);
}

static int write_at(const char *point, const char *rel, const char *file, const char *value)
{
	CLEANUP_FREE char *path = xasprintf("%s%s/%s", point, rel, file);
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return errno;
	return 0;
}

int scene_move(const struct agent *a, const struct scene_cgroup *cg, pid_t pid)
{
	const struct cgroups *c = &a->cgroups;
	struct beside others[N_BESIDE];
	size_t n = scene_beside(c, others);
	char text[16];
	snprintf(text, sizeof(text), "%d", (int)pid);
	int why = write_at(c->memory, cg->rel, "cgroup.procs", text);
	for (size_t i = 0; !why && i < n; i++)
		why = write_at(others[i].point, cg->rel, "cgroup.procs", text);
	return why;
}

static int remove_at(const char *point, const char *rel)
{
	CLEANUP_FREE char *path = xasprintf("%s%s", point, rel);
	return rmdir(path) < 0 ? errno : 0;
}

int scene_remove(const struct agent *a, const struct scene_cgroup *cg)
{
	const struct cgroups *c = &a->cgroups;
	struct beside others[N_BESIDE];
	size_t n = scene_beside(c, others);
	int why = remove_at(c->memory, cg->rel);
	for (size_t i = 0; !why && i < n; i++)
		why = remove_at(others[i].point, cg->rel);
	return why;
}

int scene_freeze(const struct agent *a, const struct scene_cgroup *cg, bool freeze)
{
	const struct cgroups *c = &a->cgroups;
	if (c->v2)
		return write_at(c->freezer, cg->rel, "cgroup.freeze", freeze ? "1" : "0");
	return write_at(c->freezer, cg->rel, "freezer.state", freeze ? "FROZEN" : "THAWED");
}

bool scene_frozen(const struct agent *a, const struct scene_cgroup *cg)
{
	const struct cgroups *c = &a->cgroups;
	CLEANUP_FREE char *path =
		xasprintf("%s%s/%s", c->freezer, cg->rel, c->v2 ? "cgroup.events" : "freezer.state");
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, path, 4096, NULL);
	return text && (strstr(text, "frozen 1") || starts_with(text, "FROZEN"));
}

bool scene_is_frozen(const struct agent *a, const struct scene_cgroup *cg)
{
	for (size_t i = 0; cg && i < a->cgroups.n; i++) {
		const struct scene_cgroup *up = a->cgroups.all[i];
		size_t len = strlen(up->rel);
		if (up->frozen && starts_with(cg->rel, up->rel) && (cg->rel[len] == '/' || !cg->rel[len]))
			return true;
	}
	return false;
}
