// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "agent/agent.h"
#include "agent/missing.h"
#include "agent/undo.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

const char *const more_controllers[N_MORE] = { "hugetlb", "io", "pids" };

/* libcgroup says what went wrong in general; the errno behind it, where it kept one, says why. */
static int libcgroup_error(int rc, int errnum, struct error *err, const char *what, const char *path)
{
	if (rc == ECGOTHER)
		errnum = cgroup_get_last_errno();
	if (errnum)
		return error_set(err, errnum, "%s %s", what, path);
	return error_set(err, 0, "%s %s: %s", what, path, cgroup_strerror(rc));
}

static int mount_v1(const char *controller)
{
	CLEANUP_FREE char *dir = xasprintf(CGROUP_ROOT "/%s", controller);
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return errno;
	if (mount("cgroup", dir, "cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, controller) < 0)
		return errno;
	return 0;
}

/* A guest comes without any cgroup mount, so that one template serves both hierarchies. Failures are seen, and told,
 * when the controller is looked for. */
static int mount_guest(bool v2, bool cpuset, bool freezer, const bool more[N_MORE])
{
	if (v2)
		return mount("cgroup2", CGROUP_ROOT, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ? errno : 0;
	if (mount("tmpfs", CGROUP_ROOT, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=64k") < 0)
		return errno;
	int why = mount_v1("memory");
	if (cpuset)
		mount_v1("cpuset");
	if (freezer)
		mount_v1("freezer");
	for (size_t i = 0; i < N_MORE; i++)
		if (more[i])
			mount_v1(more_controllers[i]);
	return why;
}

static bool is_v2(const char *mount_point)
{
	struct statfs fs;
	return statfs(mount_point, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* The mount point of a controller in the wanted hierarchy, or NULL and an entry in `missing`. */
static char *find(struct agent *a, const char *controller, bool v2, int mount_errno, json_t *missing)
{
	char *point = NULL;
	int rc = cgroup_get_subsys_mount_point(controller, &point);
	if (rc == 0 && is_v2(point) == v2)
		return point;
	CLEANUP_FREE char *need = xasprintf("cgroup %s %s controller", v2 ? "v2" : "v1", controller);
	CLEANUP_FREE char *why = NULL;
	const char *how;
	if (rc == 0) {
		why = xasprintf("this machine has it on %s, at %s", v2 ? "v1" : "v2", point);
		how = v2 ? "choose cgroup v1 for this test, or run it in a guest (-t vm)" :
			   "choose cgroup v2 for this test, or run it in a guest (-t vm) with a kernel that has v1";
	} else if (a->guest && mount_errno) {
		why = xasprintf("mounting it failed: %s", strerror(mount_errno));
		how = v2 ? "use a kernel with CONFIG_MEMCG" :
			   "use a kernel with CONFIG_MEMCG_V1 (Debian's have it up to 6.11, as debian:bookworm)";
	} else {
		why = xasprintf("no mounted hierarchy has it");
		how = a->guest ? "use a kernel that has this controller" :
				 "mount a cgroup hierarchy with this controller, or run in a guest (-t vm)";
	}
	need_missing(missing, need, why, how);
	free(point);
	return NULL;
}

/* Children get a controller only when every cgroup above them passes it on, beginning with the root. */
static int enable_in_root(struct agent *a, const char *mount_point, const char *controller, struct error *err)
{
	CLEANUP_FREE char *path = xasprintf("%s/cgroup.subtree_control", mount_point);
	CLEANUP_FREE char *now = read_whole_at(AT_FDCWD, path, 4096, NULL);
	for (char *save = NULL, *word = strtok_r(now, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		if (streq(word, controller))
			return 0;
	char on[64], off[64];
	snprintf(on, sizeof(on), "+%s", controller);
	snprintf(off, sizeof(off), "-%s", controller);
	if (journal_add(&a->journal, "file", path, off, err) < 0)
		return -1;
	return write_file(path, on, err);
}

void scene_find(struct agent *a, bool v2, bool cpuset, bool freezer, const bool more[N_MORE], json_t *missing)
{
	struct cgroups *c = &a->cgroups;
	struct error err;
	int why = a->guest ? mount_guest(v2, cpuset, freezer, more) : 0;
	int rc = cgroup_init();
	if (rc && rc != ECGROUPNOTMOUNTED) {
		libcgroup_error(rc, 0, &err, "finding the cgroup hierarchies in", "/proc/mounts");
		need_missing(missing, "cgroups", err.text, "mount a cgroup hierarchy with the memory controller");
		return;
	}
	c->v2 = v2;
	c->memory = find(a, "memory", v2, why, missing);
	c->cpuset = cpuset ? find(a, "cpuset", v2, 0, missing) : NULL;
	if (freezer && v2 && c->memory)
		c->freezer = xstrdup(c->memory);
	else if (freezer)
		c->freezer = find(a, "freezer", v2, 0, missing);
	for (size_t i = 0; !v2 && i < N_MORE; i++)
		c->more_v1[i] = more[i] ? find(a, more_controllers[i], v2, 0, missing) : NULL;
	if (!v2 || !c->memory)
		return;
	/* without it the need of a file of its is what is missing */
	for (size_t i = 0; i < N_MORE; i++)
		c->more[i] = more[i] && enable_in_root(a, c->memory, more_controllers[i], &err) == 0;
	if (enable_in_root(a, c->memory, "memory", &err) < 0)
		need_missing(missing, "cgroup v2 memory controller", err.text,
			     "let the root cgroup pass the memory controller on (cgroup.subtree_control)");
	if (c->cpuset && enable_in_root(a, c->cpuset, "cpuset", &err) < 0)
		need_missing(missing, "cgroup v2 cpuset controller", err.text,
			     "let the root cgroup pass the cpuset controller on (cgroup.subtree_control)");
}

size_t scene_beside(const struct cgroups *c, struct beside to[N_BESIDE])
{
	size_t n = 0;
	if (c->v2)
		return 0;
	if (c->cpuset)
		to[n++] = (struct beside){ "cpuset", c->cpuset };
	if (c->freezer)
		to[n++] = (struct beside){ "freezer", c->freezer };
	for (size_t i = 0; i < N_MORE; i++)
		if (c->more_v1[i])
			to[n++] = (struct beside){ more_controllers[i], c->more_v1[i] };
	return n;
}

/* A new v1 cpuset is empty and takes no process before it has CPUs and nodes: it gets its parent's. */
static int inherit_cpuset(const char *dir, struct error *err)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP_FREE char *from = xasprintf("%s/../%s", dir, files[i]);
		CLEANUP_FREE char *to = xasprintf("%s/%s", dir, files[i]);
		CLEANUP_FREE char *value = read_whole_at(AT_FDCWD, from, 4096, NULL);
		if (!value)
			return error_set(err, errno, "reading %s", from);
		if (write_file(to, value, err) < 0)
			return -1;
	}
	return 0;
}

/* On v2 the memory hierarchy has the other controllers of the plan, too. */
static bool add_controllers(const struct cgroups *c, struct cgroup *cg, const char *first)
{
	if (!cgroup_add_controller(cg, first))
		return false;
	if (!c->v2)
		return true;
	for (size_t i = 0; i < N_MORE; i++)
		if (c->more[i] && !cgroup_add_controller(cg, more_controllers[i]))
			return false;
	return !c->cpuset || cgroup_add_controller(cg, "cpuset");
}

static int make_in(struct agent *a, const char *rel, const char *mount_point, const char *controller,
		   struct error *err)
{
	CLEANUP_FREE char *dir = xasprintf("%s%s", mount_point, rel);
	if (access(dir, F_OK) == 0)
		return error_set(err, 0, "cgroup %s is there already: remove it or choose another root", dir);
	if (journal_add(&a->journal, "cgroup", dir, NULL, err) < 0)
		return -1;
	struct cgroup *cg = cgroup_new_cgroup(rel + 1);
	if (!cg || !add_controllers(&a->cgroups, cg, controller)) {
		cgroup_free(&cg);
		return error_set(err, 0, "libcgroup could not describe cgroup %s", dir);
	}
	errno = 0;
	int rc = cgroup_create_cgroup(cg, 1);
	int why = errno;
	cgroup_free(&cg);
	if (rc)
		return libcgroup_error(rc, why, err, "making cgroup", dir);
	return !a->cgroups.v2 && streq(controller, "cpuset") ? inherit_cpuset(dir, err) : 0;
}

struct scene_cgroup *scene_make(struct agent *a, const char *name, const char *rel, struct error *err)
{
	struct cgroups *c = &a->cgroups;
	struct beside others[N_BESIDE];
	size_t n = scene_beside(c, others);
	if (make_in(a, rel, c->memory, "memory", err) < 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (make_in(a, rel, others[i].point, others[i].controller, err) < 0)
			return NULL;
	struct scene_cgroup *cg = xcalloc(1, sizeof(*cg));
	cg->name = xstrdup(name);
	cg->rel = xstrdup(rel);
	cg->eventfd = cg->oom_fd = cg->wd = -1;
	c->all = xrealloc(c->all, c->n + 1, sizeof(struct scene_cgroup *));
	c->all[c->n++] = cg;
	return cg;
}

struct beside scene_hierarchy(const struct cgroups *c, const char *file)
{
	struct beside others[N_BESIDE];
	size_t n = scene_beside(c, others);
	for (size_t i = 0; i < n; i++)
		if (starts_with(file, others[i].controller) && file[strlen(others[i].controller)] == '.')
			return others[i];
	return (struct beside){ "memory", c->memory };
}

int scene_set(struct agent *a, const struct scene_cgroup *cg, const char *file, const char *value, struct error *err)
{
	CLEANUP_FREE char *path = scene_path(a, cg, file);
	CLEANUP_FREE char *what = xasprintf("writing \"%s\" to", value);
	struct cgroup *desc = cgroup_new_cgroup(cg->rel + 1);
	struct cgroup_controller *ctl = desc ? cgroup_add_controller(desc, scene_hierarchy(&a->cgroups, file).controller) : NULL;
	if (!ctl || cgroup_add_value_string(ctl, file, value)) {
		cgroup_free(&desc);
		return error_set(err, 0, "%s %s: libcgroup does not take the name or the value", what, path);
	}
	errno = 0;
	int rc = cgroup_modify_cgroup(desc);
	int why = errno;
	cgroup_free(&desc);
	return rc ? libcgroup_error(rc, why, err, what, path) : 0;
}

int scene_join(const struct agent *a, const struct scene_cgroup *cg)
{
	struct beside others[N_BESIDE];
	size_t n = scene_beside(&a->cgroups, others);
	struct cgroup *desc = cgroup_new_cgroup(cg->rel + 1);
	bool ok = desc && cgroup_add_controller(desc, "memory");
	for (size_t i = 0; ok && i < n; i++)
		ok = cgroup_add_controller(desc, others[i].controller);
	int rc = ok ? cgroup_attach_task_pid(desc, getpid()) : ECGFAIL;
	cgroup_free(&desc);
	/* libcgroup says no more than "not allowed": the kernel, asked again, says why */
	return rc ? scene_move(a, cg, getpid()) : 0;
}

struct scene_cgroup *scene_cgroup(const struct agent *a, const char *name)
{
	for (size_t i = 0; i < a->cgroups.n; i++)
		if (streq(a->cgroups.all[i]->name, name))
			return a->cgroups.all[i];
	return NULL;
}

void scene_free(struct agent *a)
{
	struct cgroups *c = &a->cgroups;
	for (size_t i = 0; i < c->n; i++) {
		free(c->all[i]->name);
		free(c->all[i]->rel);
		free(c->all[i]);
	}
	free(c->all);
	free(c->memory);
	free(c->cpuset);
	free(c->freezer);
	for (size_t i = 0; i < N_MORE; i++)
		free(c->more_v1[i]);
	*c = (struct cgroups){ .inotify = -1 };
}
