/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A wait passed its deadline: what the agent's two looks of that moment tell (the snapshots "late" and "later").
 * Private to the judge.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct episode;
struct trial;

/* Charges that fail between the looks: less would be no habit, for a single one counts as often as it has retries. */
#define LATE_FAILURES_MIN 200

/* So long the agent waits between the looks (runner/agent/step.c:look_twice), in us. */
#define LATE_APART_US 3000000

/* Three times as long as the reaper takes to have done it or to give up, in us; a wait's deadline is never shorter. */
#define LATE_REAP_US 9000000

/* When did the log say these words, with this pid next? In us; -1: never. */
int64_t late_told_of(const struct trial *t, const char *words, int64_t pid);

/* Does the log say that the reaper took the memory of this process: "oom_reaper: reaped process 7 (big), …"? */
bool late_was_reaped(const struct trial *t, int64_t pid);

/*
 * Is everybody who was killed out of the way: ended, reaped, or given up by the reaper (mm/oom_kill.c:oom_reap_task
 * sets MMF_OOM_SKIP in either case, since 4.9)? Until then nobody else may be killed (oom_evaluate_task).
 */
bool late_nobody_in_flight(const struct trial *t, const struct episode *e, const json_t *late);

/* Does the log name somebody killed after this snapshot? */
bool late_killed_since(const struct trial *t, const json_t *late);

/* By how much did a counter of the cgroup rise from one snapshot to another? 0 when it is not there. */
int64_t late_rise(const json_t *from, const json_t *to, const char *cgroup, const char *file, const char *field);

/* The same of all fields of /proc/vmstat together that begin so. */
int64_t late_vm_rise(const json_t *from, const json_t *to, const char *begin);
