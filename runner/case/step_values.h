/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values in a step: whom and what it is about. Each complains of `key` below b->at; what the step takes is its own. */
#pragma once

#include "case/build.h"

/* One task; several; and of those that are only looked at or moved, children too (NAME/N). */
void step_set_task(struct build *b, struct step *s, const char *key, const char *raw);
void step_set_tasks(struct build *b, struct step *s, const char *key, char *const *raw, size_t n);
void step_set_members(struct build *b, struct step *s, const char *key, char *const *raw, size_t n);
void step_set_cgroup(struct build *b, struct step *s, const char *key, const char *raw);

/* A cgroup's file or an absolute path, the field in it, and what it `is`. */
void step_set_source(struct build *b, struct step *s, const struct raw_target *raw);

/* "ok" or the name of an errno; NULL: nothing is expected. */
void step_set_result(struct build *b, struct step *s, const char *raw);

/* A signal's name, with or without SIG. */
void step_set_signal(struct build *b, struct step *s, const char *raw);

/* A call of oomload with its arguments, and what its result `is` (NULL: anything). */
void step_set_call(struct build *b, struct step *s, const char *raw, const char *is);
