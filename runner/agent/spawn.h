/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What task.c gives to spawn.c only. */
#pragma once

struct agent;
struct error;
struct task;

/* spawn_init.c: kind init. It is ready at once. */
int spawn_beside_init(struct agent *a, struct task *t, struct error *err);

/* Takes the agent's ends of what orders go over, and answers come. */
void task_listen(struct agent *a, struct task *t, int sock, int answers);

/* Waits for nothing: signals back to what a program expects, after fork. */
void child_signals(void);
