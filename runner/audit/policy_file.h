/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy as it was written. For the policy's own files. */
#pragma once

#include "audit/policy.h"
#include "case/yamlfile.h"

struct raw_pair {		/* outlives[] */
	char *who, *whom, *why;
};

struct raw_value {		/* sysctls[], adj[] */
	char *name, *is, *why;
};

struct raw_findings {
	char *worst;
	char **allow;
	unsigned n_allow;
};

struct raw_policy {
	char *title;
	char **critical, **optional, **never_first, **survives;
	unsigned n_critical, n_optional, n_never_first, n_survives;
	char *first;		/* how many deaths are "first" */
	struct raw_pair *outlives;
	unsigned n_outlives;
	struct raw_value *sysctls, *adj;
	unsigned n_sysctls, n_adj;
	struct raw_findings *findings;
};

struct policy {
	char *path;
	struct raw_policy *raw;
	struct tree tree;
	int64_t first;
};

/* "60", ">=60", "<=60", "!=60": 0, or -1 when it is none. */
struct bound {
	char op;		/* '=', '>' (or equal), '<' (or equal), '!' */
	int64_t value;
};
int bound_parse(const char *text, struct bound *b, struct error *err);
bool bound_holds(const struct bound *b, int64_t value);

/* select.c: does a name mean this process? A name is that of a process or of a systemd unit (shell patterns; 15 bytes of a
 * process's name count), of a container, or "/PATH": all in this cgroup and below. */
bool select_task(const struct audit *a, const char *name, int task);
