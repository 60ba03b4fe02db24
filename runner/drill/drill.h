/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drill: the shape of a unit (or of a whole machine) rebuilt in small with stand-ins, as a case that `oomtests run` carries out:
 * on this machine within a cgroup of its own, or in a guest. The sizes are scaled by one factor, limits with them, so that
 * oom_score_adj weighs as it does in the original.
 */
#pragma once

#include "audit/audit.h"

struct drill_task {
	char name[16];		/* "12-postgres": unique, and plain text */
	int source;		/* index in the machine's tasks */
	uint64_t size;		/* bytes */
	int adj;
	int cgroup;		/* index in drill.cgroups, or -1 */
};

struct drill_cgroup {
	char name[128];		/* "box", "c3/c7": plain text, below the scene's root */
	uint64_t limit;		/* bytes; 0: none */
	bool group;
	int source;		/* index in the machine's cgroups */
};

struct drill {
	const struct audit *audit;
	const struct era *era;	/* of the kernel that it runs on */
	char *title;		/* plain text */
	bool guest;		/* the whole machine, in a guest */
	bool v1;
	uint64_t memory;	/* of the guest, or the limit of the box */
	uint64_t swap;		/* bytes of swap that the box may use */
	double factor;		/* of all sizes */
	struct drill_task *tasks;
	size_t n_tasks;
	struct drill_cgroup *cgroups;
	size_t n_cgroups;
	int leak;		/* the task that grows; -1 in a guest, where the kernel is asked by sysrq f */
	uint64_t leak_to;	/* bytes: so far that one process has to die */
	/* what the model says: each step one OOM, its victims by name, in the order of the kernel's lines */
	struct drill_step {
		int *victims;
		size_t n;
		int *silent;	/* die without a line: also_die */
		size_t n_silent;
	} *steps;
	size_t n_steps;
	char **notes;		/* what is not as in the original; sentences */
	size_t n_notes;
};

struct drill_options {
	const char *what;	/* a unit or a cgroup's path; NULL: the whole machine */
	const char *leak;	/* name of the process that grows; NULL: the largest */
	uint64_t memory;	/* bytes */
	size_t most;		/* OOMs to rehearse in a guest; 0: until nobody is left */
	const struct era *era;	/* of the guest's kernel; NULL: the machine's own */
	bool may_lower;		/* CAP_SYS_RESOURCE: negative oom_score_adj can be set */
};

/* box.c: one unit. -1: no such unit, nobody in it, or too near to call. */
int drill_box(const struct audit *a, const struct drill_options *o, struct drill *d, struct error *err);

/* guest.c: the whole machine. The audit's ranking must go as far as the rehearsal is to go. */
int drill_guest(const struct audit *a, const struct drill_options *o, struct drill *d, struct error *err);

void drill_free(struct drill *d);

/* write.c: the case file. */
void drill_write(const struct drill *d, FILE *out);

/* prove.c: can this machine take it without harm? -1 with what is in the way. */
int drill_prove(const struct drill *d, struct error *err);

/* For the module's own files. */
void drill_note(struct drill *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void drill_name(struct drill_task *t, size_t number, const char *comm);
