/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader knows of oomload's kinds and calls. A unit test holds the tables against `oomload --list`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "case/test.h"

struct kind_facts {
	const char *name;
	bool keeps;	/* what it fills can't be reclaimed, only swapped: it counts when a scene is checked for room */
	bool many;	/* not its own thread alone asks for memory: children, threads, stress-ng's workers */
	bool in_kernel;	/* it asks for memory inside system calls, not by page faults */
	bool in_pieces;	/* it asks for several pages at once */
	bool forced;	/* some of what it gets goes over a limit */
	bool hidden;	/* what it holds is in no process's badness */
	const char *const *args;	/* keys it takes besides kind_common_args; NULL: none */
};

/* NULL when there is no such kind. */
const struct kind_facts *kind_facts(const char *name);
/* All names, "stress-ng" among them. */
const char *const *kind_names(size_t *n);
/* Keys that every kind takes. Ends with NULL, as the args do. */
extern const char *const kind_common_args[];

/* May it ask for memory that is not there? */
enum can_oom { OOM_NEVER, OOM_PERHAPS, OOM_SURELY };

struct call_facts {
	const char *name;
	enum can_oom can_oom;
	bool machine;		/* it changes more than the task */
	const char *first;	/* its first argument, as `oomload --list` names it; NULL: it needs none */
};

/* The call that `what` ("mmap 4M populate") begins with, or NULL. */
const struct call_facts *call_facts(const char *what);
/* Does some of what it gets go over a limit? */
bool call_forces(const char *what);
/* The call that is made in the end, where another one makes it (`again`, `frozen`, `threaded`, `toldtwice`). Points into `what`. */
const char *call_made(const char *what);
/* May the caller be smaller after it, or no more resident? */
bool call_gives_back(const char *what);
/* The name ("SIZE") of the first argument that `what` needs and does not have, or that is no size or no call. NULL: none.
 * What stands behind it only oomload can tell. */
const char *call_lacks(const char *what);
const char *const *call_names(size_t *n);

/* How surely a step may start an OOM: a snapshot ahead of it is the last quiet moment. */
enum can_oom step_can_oom(const struct step *s);

/* A memory policy's name, and the policy that a text ("bind 1", "bind=static 0-1") begins with; POLICY_DEFAULT for any other. */
const char *policy_name(enum policy_mode mode);
enum policy_mode policy_named(const char *text);
