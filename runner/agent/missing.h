/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of what a machine lacks for a plan. */
#pragma once

#include <jansson.h>

/* Adds {"need", "why", "how"}: what is missing, the reason, and how to meet it. The texts are copied. */
void need_missing(json_t *missing, const char *need, const char *why, const char *how);
