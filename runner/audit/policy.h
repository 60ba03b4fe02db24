/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy: what must hold on a machine, as a file. Each of its rules is a result with a verdict: `error` where what it
 * names does not exist, or where this kernel's counters are too inexact to tell.
 */
#pragma once

#include "audit/audit.h"
#include "judge/verdict.h"

struct policy;

/* Loads a policy file; the keys are in docs/audit.md. NULL with "FILE:LINE:COLUMN: …". */
struct policy *policy_load(const char *path, struct error *err);
struct policy *policy_parse(const char *path, const char *text, size_t len, struct error *err);
void policy_free(struct policy *p);

/* What the policy's `critical` names, for audit_options. Borrowed. */
const char *const *policy_critical(const struct policy *p, size_t *n);

size_t policy_rules(const struct policy *p);

/* Judges rule i (0 to policy_rules() - 1). The audit must have the whole global order. A new result. */
struct result *policy_judge(const struct policy *p, size_t i, const struct audit *a);
