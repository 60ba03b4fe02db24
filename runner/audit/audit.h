/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who would die on a machine, in which order, and what of its protections does not hold. Reads a snapshot
 * (machine/machine.h), asks the model, judges by a table of findings and by a policy. No I/O but in names.c and print*.c.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "audit/names.h"
#include "machine/machine.h"
#include "model/series.h"

/* A series of OOMs in one domain: the machine, a limited cgroup, or some NUMA nodes. */
struct ranking {
	int cgroup;		/* index; -1: the whole machine */
	enum constraint constraint;	/* of nodes: CONSTRAINT_CPUSET or _MEMORY_POLICY; else CONSTRAINT_ANY */
	uint64_t nodes;
	bool asked;		/* by the user: shown even where nothing is near */
	uint64_t totalpages;
	int64_t unit;		/* pages that one step of oom_score_adj is worth */
	struct model_series series;
};

enum severity { SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_CRITICAL };
const char *severity_name(enum severity s);

struct finding {
	const char *id;		/* "panic-without-reboot": stable, static */
	enum severity severity;
	char *subject;		/* "vm.panic_on_oom", "sshd (pid 812)", "/system.slice/x.service" */
	char *reason;		/* one or two sentences */
	char *remedy;		/* the exact command or setting */
};

struct audit {
	const struct machine *machine;
	struct names names;	/* of containers */
	const char *const *critical;	/* names of services that must not die, besides the built-in ones */
	size_t n_critical;
	struct era era;
	struct model_scene scene;
	struct model_task *tasks;	/* owned, in the order of machine->tasks */
	struct model_memcg *memcgs;	/* owned, by the index of machine->cgroups */
	struct ranking global;
	struct ranking *cgroups;	/* near their limit, or asked for */
	size_t n_cgroups;
	struct ranking *numa;	/* for each set of nodes that some process is confined to */
	size_t n_numa;
	size_t *place;		/* by task: its step in the global ranking, from 1 on; 0: not in it. Owned */
	struct finding *findings;	/* worst first */
	size_t n_findings;
	size_t n_differing;	/* processes whose oom_score is not what the model says */
};

struct audit_options {
	size_t most;		/* steps of each ranking; 0: to the end */
	const char *const *cgroups;	/* paths asked for */
	size_t n_cgroups;
	const char *const *critical;
	size_t n_critical;
	int near_percent;	/* cgroups that use so much of their limit are ranked unasked */
	const char *root;	/* where the container runtimes' state is; NULL: names are not looked for */
};

/* -1: a cgroup that was asked for is not there. The machine must outlive the audit. */
int audit_make(const struct machine *m, const struct audit_options *options, struct audit *a, struct error *err);
void audit_free(struct audit *a);

/* What kills a process needs to be told in words: "sshd (pid 812)"; malloced. */
char *audit_who(const struct audit *a, int task);
/* The unit, container or pod of a task, or its cgroup's path; malloced. */
char *audit_where(const struct audit *a, int task);

/* scene.c */
void scene_make(struct audit *a);
void scene_check_scores(struct audit *a);
int rank_cgroup(struct audit *a, int cgroup, bool asked, size_t most);
void rank_nodes(struct audit *a, size_t most);
/* Pages a task counts with, and how many bytes that is. */
int64_t audit_base(const struct audit *a, int task);
int64_t audit_bytes(const struct audit *a, int64_t pages);

/* Is a process or unit of this name there, as --critical names them? */
bool audit_has_critical(const struct audit *a, const char *name);

/* findings.c: the table of all findings is there; each is one function in a finding_*.c */
void findings_make(struct audit *a);
extern const char *const finding_ids[];	/* all there are; ended by NULL */
void finding_add(struct audit *a, const char *id, enum severity severity, char *subject, char *reason, char *remedy);
typedef void finding_fn(struct audit *a);
finding_fn find_critical, find_hogs, find_endless, find_nobody;		/* finding_tasks.c */
finding_fn find_group, find_high, find_min, find_tiny_limit, find_oom_disabled, find_near;	/* finding_cgroups.c */
finding_fn find_panic, find_allocating, find_dump, find_overcommit, find_swap;	/* finding_sysctls.c */
finding_fn find_kernel, find_killers;					/* finding_system.c */
finding_fn find_pods;							/* finding_pods.c */

/* print*.c */
void audit_print(const struct audit *a, FILE *out);
void audit_print_json(const struct audit *a, FILE *out);
