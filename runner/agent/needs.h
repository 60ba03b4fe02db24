/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan needs of the machine: all that is missing is listed (agent/missing.h). */
#pragma once

#include <jansson.h>

struct agent;

/* Checks the plan's list. The scene's bystander cgroup, where there is one, exists already. */
void needs_check(struct agent *a, const json_t *needs, json_t *missing);

/* The names of the effective capabilities, without "cap_", as an array. */
json_t *capabilities(void);
