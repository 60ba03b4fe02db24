/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct agent;

/* Carries out one plan, given as the line that came, to its "end" message. */
void plan_run(struct agent *a, const char *line);
