/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot as the model's scene. Tasks are in order of creation; sizes are those of /proc/PID/status with the error
 * that its source has. Private to the judge.
 */
#pragma once

#include "judge/trial.h"
#include "model/model.h"

struct scene {
	struct model_scene model;
	struct model_task *tasks;	/* owned; model.tasks */
	const json_t **rows;		/* owned: the snapshot's row of each task */
	struct model_memcg *memcgs;	/* owned; model.memcgs */
	const json_t **cgroups;		/* owned: the snapshot's row of each memcg */
	int64_t page_kb;
	int mm_of_init;		/* of the tasks that share PID 1's; 0: there are none */
};

/* As it was when the episode began. Everything points into its snapshot, which must outlive the scene. */
void scene_open(struct scene *s, const struct trial *t, const struct episode *e);
void scene_close(struct scene *s);

/*
 * SwapTotal while the episode's OOMs go on. A device that swapoff() empties is not counted any more, though its pages are still
 * there (mm/swapfile.c: total_swap_pages is lowered before try_to_unuse); the cases have one.
 */
int64_t scene_swap_total_kb(const struct trial *t, const struct episode *e);
/* Was there swap when the episode began? Then pages may be there, or come back, even while swapoff() empties it. */
bool scene_swaps(const struct episode *e);

/*
 * Has zswap taken pages? What it keeps of one is charged after it was compressed, whatever the limit is (mm/memcontrol.c:
 * obj_cgroup_charge_zswap).
 */
bool scene_zswaps(const struct episode *e);

/* Index of the task with this pid, or of this name; -1: none. */
int scene_task(const struct scene *s, int64_t pid);
int scene_task_named(const struct scene *s, const char *name);

/* Index of the memcg with this name in the case, or at this path (NULL: none); -1: none. */
int scene_memcg(const struct scene *s, const char *name);
int scene_memcg_at(const struct scene *s, const char *path);

/* The case's task whose process has this name: "forker" for "forker/2"; NULL: none. */
const struct test_task *scene_case_task(const struct trial *t, const char *name);

/* Bytes (INT64_MAX: no limit) as pages of the machine. */
uint64_t scene_pages(const struct scene *s, int64_t bytes);

/* Does the step surely ask for memory: a grow, a limit that is set, sysrq or a call? */
bool scene_asks(const struct step *s);

/* The step of the episode that can bring the OOM: the last grow, limit, sysrq or call that surely asks; NULL: none. */
const struct step *scene_trigger(const struct trial *t, const struct episode *e);

/* Index of the memcg whose limit was hit: by the case, else by the report (which may be NULL); -1: none. */
int scene_limit_hit(const struct scene *s, const struct trial *t, const struct episode *e, const struct oom_report *report);

/*
 * The OOM that an episode brings, for the model: what the constraint follows from, and who asks. On a full machine
 * anybody may be the one who asks, so a report (or NULL, before there is one) goes before what the case says.
 */
void scene_oom(const struct scene *s, const struct trial *t, const struct episode *e, const struct oom_report *report,
	       struct model_oom *oom);

struct scene_policy {
	enum policy_mode mode;
	uint64_t nodes;	/* mask */
};

/*
 * The policy of a task, or child, of this name (bytes) when the episode asks for memory: what the case gives it, or what a call
 * of set_mempolicy has made of it. Of several threads that of the least restricted.
 */
struct scene_policy scene_policy(const struct trial *t, const struct episode *e, const char *name);
/* Gives all tasks of the scene theirs, and lets those be smaller that give memory back in the episode. */
void scene_add_calls(struct scene *s, const struct trial *t, const struct episode *e);

/* The nodes that the memory by which a task of this name grows is bound to, by its policy or by mbind. False: to none. */
bool scene_bound_to(const struct trial *t, const struct episode *e, const char *name, uint64_t *nodes);
/* The same for the task with this index. */
bool scene_task_bound_to(const struct scene *s, const struct trial *t, const struct episode *e, int task, uint64_t *nodes);

/* Must somebody be killed in this episode, although `freed` pages came back to it? The growing task wants more than there
 * can be for it, a limit is written below what is there, by all bounds; or sysrq asks. */
bool scene_must_oom(const struct scene *s, const struct trial *t, const struct episode *e, int64_t freed);

/*
 * Gives the growing task what it will have grown by when memory is out: between `more` at the least (put into its
 * pages) and `more` at the most. Between freed_min and freed_max pages came back since the snapshot by earlier kills of the
 * episode.
 */
void scene_project(struct scene *s, const struct trial *t, const struct episode *e, const struct oom_report *report, int64_t freed_min,
		   int64_t freed_max);

/* Pages that the death of a task frees at the least where it is a member: none where it was moved, for they are charged where they
 * were touched first, or where a parent or child of it may have them, too. */
int64_t scene_frees(const struct scene *s, int task);

/* Is the process of this name a vfork child before its exec, with its parent's memory? Its kind tells; /proc does not. */
bool scene_in_vfork(const struct trial *t, const char *name);
