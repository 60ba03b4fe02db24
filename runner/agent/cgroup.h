/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scene's cgroups. cgroup.c does with libcgroup what libcgroup does well (finding where the controllers live,
 * making, setting, attaching); cgroup_file.c reads and writes through its own descriptors, because libcgroup's
 * errors never say which file and which errno; cgroup_watch.c waits for the kernel's notifications.
 *
 * On v1 the hierarchies of cpuset, freezer and more hold parallel directories where a plan needs them. The question is
 * always where the memory controller lives, never which version is mounted: hybrid hosts have an empty v2 tree.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct agent;

struct scene_cgroup {
	char *name;		/* "" the scene's root, "box", "box/inner", "bystander" */
	char *rel;		/* "/oomtests-1/box": below the mount point */
	int eventfd, oom_fd;	/* v1 notification, or -1 */
	int wd;			/* inotify watch on memory.events, or -1 */
	bool frozen;
	bool removed;		/* by a step */
};

/* Controllers that are wanted only where a plan names a file of theirs. */
#define N_MORE 3
#define N_BESIDE (2 + N_MORE)
extern const char *const more_controllers[N_MORE];

struct cgroups {
	bool v2;
	bool more[N_MORE];		/* v2: these are passed on, too */
	char *memory, *cpuset, *freezer;	/* mount points; NULL: not used. On v2 all the same */
	char *more_v1[N_MORE];		/* v1: theirs */
	struct scene_cgroup **all;	/* parents first; the bystander first of all */
	size_t n;
	int inotify;		/* -1: none */
};

struct beside {
	const char *controller, *point;
};

/* The hierarchies in use beside that of the memory controller: none on v2. How many. */
size_t scene_beside(const struct cgroups *c, struct beside to[N_BESIDE]);

/* The one that a file belongs to. */
struct beside scene_hierarchy(const struct cgroups *c, const char *file);

/* Mounts (in a guest) and finds the controllers that the plan wants, `more` by their number in more_controllers. What is not there
 * goes to `missing`. */
void scene_find(struct agent *a, bool v2, bool cpuset, bool freezer, const bool more[N_MORE], json_t *missing);

/* Makes one cgroup, in every hierarchy in use; its parent must exist. */
struct scene_cgroup *scene_make(struct agent *a, const char *name, const char *rel, struct error *err);

int scene_set(struct agent *a, const struct scene_cgroup *cg, const char *file, const char *value, struct error *err);

/* Moves the calling, single-threaded process. Made for a child between fork and exec: 0, or an errno. */
int scene_join(const struct agent *a, const struct scene_cgroup *cg);

struct scene_cgroup *scene_cgroup(const struct agent *a, const char *name);	/* by name, or NULL */
void scene_free(struct agent *a);	/* forgets; removing is the journal's */

/* cgroup_file.c */

/* Full path of a file in the hierarchy it belongs to; to be freed. */
char *scene_path(const struct agent *a, const struct scene_cgroup *cg, const char *file);

/* Moves a process by writing cgroup.procs in every hierarchy in use. 0 or errno. */
int scene_move(const struct agent *a, const struct scene_cgroup *cg, pid_t pid);

/* Removes its directories. 0 or errno: EBUSY while it has members or children. */
int scene_remove(const struct agent *a, const struct scene_cgroup *cg);

/* Starts freezing or thawing; scene_frozen() tells whether that state is reached. 0 or errno. */
int scene_freeze(const struct agent *a, const struct scene_cgroup *cg, bool freeze);
bool scene_frozen(const struct agent *a, const struct scene_cgroup *cg);

/* Is it, or one above it, frozen by a step? */
bool scene_is_frozen(const struct agent *a, const struct scene_cgroup *cg);

/* cgroup_watch.c: sends {"eventfd"} and {"inotify"} messages from now on. */
int scene_watch(struct agent *a, struct scene_cgroup *cg, struct error *err);

/* The same for those that were watched and may have new files, because they got back the memory controller. */
void scene_watch_again(struct agent *a);
void scene_unwatch(struct agent *a);
