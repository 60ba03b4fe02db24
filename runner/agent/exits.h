/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How processes end that are not the agent's children and whose parents tell nobody: stress-ng's workers. The kernel's
 * process connector reports every fork, and every exit with its wait status (drivers/connector/cn_proc.c).
 * Kernels without CONFIG_PROC_EVENTS, and processes without CAP_NET_ADMIN, don't have it: then nobody knows.
 */
#pragma once

#include <stdbool.h>

struct agent;

/* Listens from now on. True when the kernel will tell. */
bool exits_open(struct agent *a);
void exits_close(struct agent *a);
