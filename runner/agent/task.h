/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan's tasks and their children: who lives, what their workloads answered, how they ended. spawn.c starts them.
 *
 * A task runs oomload, which takes orders over a socket and answers over a pipe (lines; docs/agent-protocol.md, "Workloads"), or
 * runs stress-ng and says nothing. Children are named NAME/I: by the workload's "child I PID" lines, or, for stress-ng, by order of pid.
 * Only the agent's own children can be reaped by it; others are reported by their parent ("childexit"), reaped after
 * their parent's death (the agent is init or subreaper), or seen to be gone.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct agent;
struct scene_cgroup;

struct task {
	char *name;
	const json_t *spec;	/* the plan's entry; NULL: a child */
	struct task *parent;	/* of a child: the task of the plan */
	struct scene_cgroup *cgroup;	/* NULL: outside the scene's */
	pid_t pid;		/* 0: not started */
	uint64_t start;		/* ticks, tells a reused pid */
	int64_t gone_ns;	/* a child that was seen to be gone, and nobody said how it ended */
	bool silent;		/* no control socket: stress-ng, init */
	bool beside_init;	/* of kind init */
	int sock, answers, exec_pipe;	/* -1: none */
	char line[4096];	/* unfinished line from the workload */
	size_t line_len;
	int exec_errno;		/* why it could not be started */
	char exec_what[64];
	bool running, ready, ended;
	bool killed;		/* by the agent, in the clean-up */
	bool growing;
	bool calling;		/* in a call that nobody waits for */
	char *grow_end;		/* the answer that ended the last grow, or NULL */
	bool grow_awaited;	/* a step has seen grow_end */
	char *answer;		/* to the last command; NULL: none yet */
	int pings;		/* sent and not answered */
};

struct reaped {			/* an orphan that nobody has named yet: "child" may still be in its parent's socket */
	pid_t pid;
	int status;
	int64_t t_us;
};

struct helper {			/* a process that writes a file for a step */
	pid_t pid;
	int step;
	bool done, background;
	int status;
};

struct tasks {
	struct task **all;
	size_t n, room;
	struct reaped reaped[64];
	size_t n_reaped;
	struct helper helpers[64];
	size_t n_helpers;
	int64_t last_exit_ns;	/* 0: none yet */
	int signalfd;
};

/* Once per agent: SIGCHLD and the ending signals become events. */
int tasks_init(struct agent *a, struct error *err);

/* From the plan's list. */
int tasks_load(struct agent *a, const json_t *list, struct error *err);
void tasks_free(struct agent *a);

struct task *task_named(const struct agent *a, const char *name);
struct task *task_of_pid(const struct agent *a, pid_t pid);

/* Forks, sets all that the plan says, and execs. Returns when the child is forked; running, exec_errno and ready
 * follow through the loop. */
int task_spawn(struct agent *a, struct task *t, struct error *err);

/* Sends one command line to a task's workload and forgets the last answer. */
int task_command(struct agent *a, struct task *t, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Does any task grow? */
bool tasks_growing(const struct agent *a);

/* Lives, was started, and is what it was. */
bool task_alive(const struct task *t);

/* Names the processes below stress-ng tasks that are not named yet. */
void tasks_scan(struct agent *a);

/* Children that ended where the kernel does not tell us: to be called while waiting for deaths. */
void tasks_check_gone(struct agent *a);

/* Names a process that is below a stress-ng task by its parent, if it has no name yet. Tells whether it did. */
bool task_found(struct agent *a, pid_t parent, pid_t pid);

/* Somebody else knows how a child ended: a wait status. */
void task_told_exit(struct agent *a, struct task *t, int status);

/* SIGKILL to all that live, thawing what is frozen; waits. False when some did not end. */
bool tasks_kill_all(struct agent *a);

/* A helper process: returns in the child with 0, in the parent with the helper, or NULL. */
struct helper *helper_fork(struct agent *a, bool background, struct error *err);
