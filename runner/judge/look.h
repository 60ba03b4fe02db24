/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading an observation: finding a snapshot, a task, a cgroup, a field. Everything returned is borrowed from the
 * observation. A machine under test may say anything, so each of these takes whatever is there and answers
 * "not there" rather than trusting a type.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "judge/observation.h"

/* Is a name as bytes (of a case, of the log) this one of the wire, where each byte is a code point? */
bool look_same(const char *bytes, const char *wire);

/* The wire's text as bytes again; malloced. NULL gives NULL. */
char *look_bytes(const char *wire);

/* The snapshot with this label, or NULL. */
const json_t *look_snapshot(const struct observation *o, const char *label);

/* A task of a snapshot by the case's name (bytes), or by pid; NULL when it is not there. */
const json_t *look_task(const json_t *snapshot, const char *name);
const json_t *look_task_pid(const json_t *snapshot, int64_t pid);

/*
 * Under whose pid and comm the kernel shows the process (mm/oom_kill.c:find_lock_task_mm): its first thread, or where
 * that has ended the only one that is left. NULL: one of several threads, nobody can tell which.
 */
const json_t *look_shown(const json_t *task);

/* A cgroup of a snapshot by the plan's name ("" is the scene's root, "bystander"), or NULL. */
const json_t *look_cgroup(const json_t *snapshot, const char *name);

/* The text of a file in a snapshot's cgroup, or NULL when the kernel has no such file. */
const char *look_file(const json_t *cgroup, const char *file);

/* More than any machine has of anything: what is beyond counts as this, so that sums and bytes of kB have room. */
#define LOOK_MOST (INT64_C(1) << 50)

/* A value, or an object's member, as integer within LOOK_MOST, or text; `otherwise` (NULL for text) when it is absent or of
 * another type. */
int64_t look_number(const json_t *value, int64_t otherwise);
int64_t look_int(const json_t *object, const char *member, int64_t otherwise);
const char *look_text(const json_t *object, const char *member);

/* A size in kB as pages of page_kb; 0 when it is absent, or below 0. */
uint64_t look_pages(const json_t *object, const char *member, int64_t page_kb);

/* "oom 3" in a keyed file's text: true and the number when the key stands at the start of a line.
 * With field NULL, the whole text is one number ("max" is INT64_MAX). */
bool look_field(const char *text, const char *field, int64_t *value);

/* A number of a cgroup's file in a snapshot; false when cgroup, file or field is not there. */
bool look_counter(const json_t *snapshot, const char *cgroup, const char *file, const char *field, int64_t *value);

/* The last exit message of this pid, or NULL: it has not ended. */
const json_t *look_exit(const struct observation *o, int64_t pid);

/* The plan's name of a pid: from the snapshots, the steps that started it, and exits; NULL: not ours. */
const char *look_name(const struct observation *o, int64_t pid);
