/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One test before the judge: what every check looks at. The checks are grouped by subject, a file each; each appends to
 * the result and says nothing when it has no evidence for or against. Private to the judge.
 *
 * An episode runs from the snapshot before a trigger to the snapshot after quiet; it has the kernel records in between.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "case/test.h"
#include "judge/observation.h"
#include "judge/verdict.h"
#include "klog/klog.h"
#include "model/era.h"

/* Does the kernel's rate limit let a report of the kill through? */
enum report_due { REPORT_DUE, REPORT_POSSIBLE, REPORT_HELD_BACK };

struct death {			/* one "Killed process" line */
	int64_t pid;		/* as logged: may be a thread */
	int64_t tgid;		/* the process */
	char *name;		/* the plan's name, or the comm; owned */
	bool ours;		/* a task of the plan */
	bool again;		/* the second line for the same process (a group kill counts its first victim twice) */
	bool by_group;		/* it follows the "Tasks in … are going to be killed" line of its report */
	const char *cgroup;	/* memory cgroup path of the owner of its memory as the snapshot before tells, or NULL */
	const struct oom_kill *line;
	size_t report;		/* index of the report it belongs to */
	bool reported;		/* that report has a header: it is not just a line that the rate limit left over */
	enum report_due due;
};

struct episode {
	size_t k;
	const struct expectation *expect;
	const json_t *before, *after;	/* snapshots; after is NULL when the machine did not live to take it */
	struct oom_report **reports;	/* owned */
	size_t n_reports;
	struct death *deaths;
	size_t n_deaths;
	bool timed_out;		/* a wait of this episode passed its deadline */
	const char *timed_out_op;
	bool no_oom;		/* fewer died than stated, and memory need not have run out (again) */
	size_t first_record, last_record;	/* [first, last) of seen->kmsg */
	size_t first_step, last_step;		/* [first, last) of test->steps; last is its `expect' */
};

struct trial {
	const struct test *test;
	const struct observation *seen;	/* with its kernel records whole (records.h) */
	struct observation with_whole;	/* that; all but its kmsg is borrowed */
	struct result *r;
	struct era era;
	const char *release;
	bool v1;
	bool local_events;	/* memory.events counts no descendants: cgroup2 is mounted with memory_localevents */
	int ncpus;
	int64_t page_kb;
	json_t *plan;		/* owned: what the agent was told */
	struct episode *episodes;
	size_t n_episodes;
	char *disturbed;	/* owned: what happened on a machine in use so that nothing can be held against the kernel; or NULL */
	char *outside;		/* owned: a "Killed process" line before an episode, when nothing was to run out yet; or NULL */
	char *known_bug;	/* owned: a bug this kernel is known to have, which kept the case from its end by chance; or NULL */
};

/* The rules by the release (of the machine itself, where it told it), and what the machine's own words refine: Debian's stable version, and
 * probes where there are any. */
void trial_era(const struct observation *seen, const char *release, struct era *era);

/* Sorts the observation into episodes. `era`: other rules than trial_era()'s, or NULL. 0, or -1 when the observation can't be judged (no
 * kernel release). */
int trial_open(struct trial *t, const struct test *test, const struct observation *seen, const char *release, const struct era *era,
	       struct result *r);
void trial_close(struct trial *t);

/* Hands the reports in the records [from, to) of seen->kmsg to the sink, which owns them. */
void trial_parse(const struct trial *t, size_t from, size_t to, oom_sink sink, void *arg);

/* Part of trial_open(): fills in `due' of all deaths (report_limit.c). */
void trial_find_reports_due(struct trial *t);

/* Does the task with this name on the wire, or whose child it is, take memory up to this episode's end? Up to, not in: a task
 * that waits at its limit goes on growing when a later step lets it. */
bool trial_grows(const struct trial *t, const struct episode *e, const char *wire_name);

/* Does it, by a call, give memory back after the episode's snapshot? */
bool trial_gives_back(const struct trial *t, const struct episode *e, const char *wire_name);

/* May its sizes have moved either way since the snapshot? It gives memory back, or its memory is the agent's, who goes on working. */
bool trial_sizes_move(const struct trial *t, const struct episode *e, const char *wire_name);

/* The task of the test with this name (bytes); NULL: none, or a child of one. */
const struct test_task *trial_task(const struct trial *t, const char *name);

/* Was the machine the test's own? On one that others use they come and go too. */
bool trial_own_machine(const struct trial *t);

/*
 * On a machine in use (strangers.c): is the report of an OOM that has nothing to do with the scene? What has to do with
 * it and yet is not what the case is about is told as `disturbed`. And: is the "Killed process" line in this record
 * about a process of others?
 */
bool trial_strangers_report(struct trial *t, const struct oom_report *r);
bool trial_strangers_kill(const struct trial *t, const char *text);

/* The process of a pid that a report names: it may be a thread that still has the mm, and the table knows of which process. */
int64_t trial_tgid(const struct oom_report *report, int64_t pid);

/* The pid of the task with this name (bytes), or of a child of one, as a snapshot or its start tells; -1: none does. */
int64_t trial_pid(const struct trial *t, const char *name);

/*
 * Is this row of the episode's snapshot a process that a "Killed process" line of an earlier episode names? It is on its way out, or held
 * up there, and was reaped or given up by the time that somebody else is killed.
 */
bool trial_killed_earlier(const struct trial *t, const struct episode *e, const json_t *row);

/* Does this process take memory in the episode beside the one that asked in the report? Then it may have gone on meanwhile. */
bool trial_is_rival(const struct trial *t, const struct episode *e, const struct oom_report *r, int64_t tgid);

/* The task of kind stress-ng, or NULL: it makes processes of its own as it runs, which no snapshot knows. */
const struct test_task *trial_stress_ng(const struct trial *t);

/* Does a task take memory of which some goes over a limit? */
bool trial_forces(const struct trial *t);

/* "cases/x.yaml:12:5" in a static buffer: for result_check(). */
const char *trial_where(const struct where *w);

/* Append a check of the list; they return whether it holds. `what` stands in place of the `*` in the check's name, or is
 * NULL; `w` is where the case says it, NULL for a check that every test makes. */
bool trial_check(struct trial *t, enum check_id id, const char *what, const struct where *w, const char *expected,
		 const char *seen, bool ok);
bool trial_check_int(struct trial *t, enum check_id id, const char *what, const struct where *w, int64_t expected,
		     int64_t seen);
/* [min, max]; max INT64_MAX: no upper bound. */
bool trial_check_range(struct trial *t, enum check_id id, const char *what, const struct where *w, int64_t min,
		       int64_t max, int64_t seen);
/* Is the text of the log (bytes) the name that the wire has? Nothing is said where the wire has none. */
void trial_check_comm(struct trial *t, enum check_id id, const struct where *w, const char *wire, const char *logged);
bool trial_check_text(struct trial *t, enum check_id id, const char *what, const struct where *w, const char *expected,
		      const char *seen);

/* Does the agent have the capability ("sys_resource")? */
bool trial_capable(const struct trial *t, const char *capability);

/* How many of the records [from, to) of seen->kmsg have these words? Is there one? SIZE_MAX: to the last one. */
int64_t trial_times_logged(const struct trial *t, size_t from, size_t to, const char *words);
bool trial_logged(const struct trial *t, size_t from, size_t to, const char *words);

/* The plan's step that a step message answers, or NULL. */
const json_t *trial_told(const struct trial *t, const json_t *step);

/* The plan's answer to the n-th plan step whose src is this test step and whose op is this, or NULL. */
const json_t *trial_answer(const struct trial *t, size_t test_step, const char *op);

/*
 * Where a known bug of the kernel is looked for, its expectation stands in place of the rules: do other victims die by it than
 * the right ones, and does it state what this field of the counters rises by?
 */
bool trial_bug_victims(const struct trial *t, const struct episode *e);
bool trial_bug_counts(const struct trial *t, const struct episode *e, const char *field);

/* Did the kernel ask for kills that it did not make, until a wait passed its deadline? Fewer died than the case states. */
bool trial_in_vain(const struct trial *t, const struct episode *e);

/* The cgroup of a snapshot that keeps a task in the cgroup at `path` waiting for room, because v1's oom_kill_disable is
 * set where the limit is met; NULL: none. Whoever is charged there waits, and gets ENOMEM in a system call. */
const json_t *trial_waits_for(const struct trial *t, const json_t *snapshot, const char *path);

/* What all CPUs may have charged ahead (mm/memcontrol.c:MEMCG_CHARGE_BATCH), 64 pages each, in kB: room that nobody gets. It may be
 * drained at any time, also between the decision and its line in the log. */
int64_t trial_stock_kb(const struct trial *t);

/* Is the cgroup of this path that of the other, or above it? */
bool trial_is_above(const char *cgroup, const char *path);

/* An episode that has no end: its machine died, or a wait passed its deadline. What did not happen may still have come. */
bool trial_cut_short(const struct episode *e);

void check_steps(struct trial *t);		/* set, write, read, call, score, wait */
/* The largest mapping granted equals the model. */
void check_commit(struct trial *t, const struct step *s, size_t step);
bool commit_seen(const struct trial *t, const struct step *s, size_t step);	/* is there something to compare? */
/* /proc/PID/oom_score equals the model: where the case asks, and in the snapshot before each episode. */
void check_scores(struct trial *t, const struct step *s, size_t step);
void check_scores_before(struct trial *t, const struct episode *e);
void check_zones(struct trial *t, const struct episode *e);	/* what they keep back */
void check_deaths(struct trial *t, struct episode *e);	/* who died, how, and who lives */
void check_reports(struct trial *t, struct episode *e);	/* the log against what was observed from outside */
/* Parts of it. `first`: nobody has been killed in the episode yet. */
void check_memory(struct trial *t, struct episode *e, const struct oom_report *r, bool first);
void check_selected(struct trial *t, struct episode *e, size_t report);
void check_death_line(struct trial *t, const struct episode *e, const struct death *d);
void check_reaper(struct trial *t, const struct episode *e);
void check_table(struct trial *t, struct episode *e, const struct oom_report *report);
void check_free_lists(struct trial *t, const struct episode *e);
void check_late(struct trial *t, const struct episode *e);	/* what a wait that came to no end shows */
/* … of what tries to kill for ever: by counters alone, for its reports fill the log over and over. */
void check_endless(struct trial *t, const struct episode *e);
void check_log(struct trial *t, struct episode *e);	/* the records that the case asks for */
void check_leaks(struct trial *t, const struct episode *e);	/* no fault failed for nothing */
void check_outside(struct trial *t);			/* nobody is killed between the episodes */
void check_counters(struct trial *t, struct episode *e);	/* every counter of every cgroup */
void check_levels(struct trial *t, const struct episode *e);	/* the counters of a tree, its notifications and limits */
void check_choice(struct trial *t, struct episode *e);	/* the model, before and after the fact */
void check_after(struct trial *t);		/* memory came back, cgroups went, no splat */
