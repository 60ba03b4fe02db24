/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A case as libcyaml loads it: the shape of the file, every scalar still text. libcyaml's own numbers take "5M" for 5;
 * numbers, sizes and names are read later (build.h), when `$name` has been replaced and where errors have a place.
 * What is not in the file is NULL or 0.
 */
#pragma once

#include <cyaml/cyaml.h>

#define TEXT_MAX 4096		/* bytes of one scalar, before and after replacing $name */

struct raw_axis {
	char *axis;
	char **values;
	unsigned n_values;
};

struct raw_machine {
	char *memory, *cpus;
	char **nodes;
	unsigned n_nodes;
	char *disk, *cmdline, *plug, *balloon;
};

struct raw_setting {		/* also a sysctl (name) */
	char *file, *value;
};

struct raw_cgroup {
	char *name, *limit, *swap_limit, *high, *low, *min, *group, *oom_kill_disable, *mems;
	struct raw_setting *set;
	unsigned n_set;
};

struct raw_task {
	char *name, *kind, *args, *cgroup, *size, *step, *to, *adj, *uid, *cpus, *policy;
};

struct raw_counter {
	char *cgroup, *file, *field, *rises;
};

struct raw_expect {
	char **victims;
	unsigned n_victims;
	char **also_die;
	unsigned n_also_die;
	char *constraint, *memcg, *trigger, *end, *panic, *overkill, *allocating_task, *no_report, *any_order, *ooms;
	struct raw_counter *counters;
	unsigned n_counters;
	char **log;
	unsigned n_log;
	char *when;
};

struct raw_target {		/* what set, write, read, signal, move, call and wait act on; each uses its own part */
	char *cgroup, *file, *path, *value, *field, *is, *task, *signal, *what, *until;
};

struct raw_step {
	char **start, **fill, **score;
	unsigned n_start, n_fill, n_score;
	char *grow, *step, *to;
	struct raw_target *set, *write, *read, *signal, *move, *call, *wait;
	char *freeze, *thaw, *rmdir, *sysrq, *host, *commit;
	struct raw_expect *expect;
	char *result, *nonblock, *background, *owed, *when;
};

struct raw_bug {
	char *commit, *when;
	struct raw_expect *expect;
};

struct raw_case {
	char *title, *why;
	char **source, **tags, **fixes, **needs;
	unsigned n_source, n_tags, n_fixes, n_needs;
	struct raw_axis *matrix;
	unsigned n_matrix;
	struct raw_machine *machine;
	char *cgroup, *swap, *swap_size;
	struct raw_setting *sysctl;
	unsigned n_sysctl;
	struct raw_cgroup *cgroups;
	unsigned n_cgroups;
	struct raw_task *tasks;
	unsigned n_tasks;
	char *trigger;
	struct raw_step *steps;
	unsigned n_steps;
	struct raw_expect *expect;
	unsigned n_expect;
	char *dangerous, *seconds;
	struct raw_bug *bug;
};

extern const cyaml_schema_value_t case_schema;	/* a struct raw_case */
