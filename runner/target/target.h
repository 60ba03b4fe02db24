/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a test runs: a byte stream to an agent, and a machine behind it that can be started, watched and ended.
 * One file per target kind (vm.c, uml.c, host.c, ssh.c) behind struct target_ops.
 *
 * Life: target_find("vm") → prepare() once per (kernel, shape): for vm, boots a template and freezes it → start()
 * per test: a pristine machine → the caller talks to session->fd and watches session->console_fd → stop().
 * prepare() and start() run in worker processes of the runner; everything a template is made of is held in file
 * descriptors (memfds) that the workers inherit, so nothing needs a name on disk and nothing is left when the
 * runner dies: children are started with PR_SET_PDEATHSIG.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "case/host.h"
#include "case/test.h"
#include "kernel/kernel.h"

struct machine_request {
	const struct kernel *kernel;
	const struct shape *shape;
	const char *agent, *load;	/* paths of oomagent and oomload */
	bool destructive;	/* host: the owner allowed what hurts */
	int verbose;
};

struct target_template;		/* opaque, owned by the target kind */

struct session {
	int fd;			/* what the agent says; non-blocking */
	int to_fd;		/* what is said to it: the same, where that is a socket; non-blocking */
	bool trickles;		/* the agent's words come byte by byte, as from an emulated serial port */
	int console_fd;		/* kernel console, read only; -1: none */
	pid_t pid;		/* QEMU, linux.uml, agent, ssh */
	bool booted;		/* not a clone of a template */
	char note[512];		/* something worth telling, e.g. why it had to boot; or "" */
	char *hello;		/* the agent's hello line when start() has read it (a booted machine); freed by stop() */
	void *priv;
};

/* How a machine ended. */
enum machine_end {
	MACHINE_RUNS,		/* it did not */
	MACHINE_OFF,		/* powered off in order */
	MACHINE_RESET,		/* the guest reset itself: a panic, a reboot, a triple fault */
	MACHINE_DIED,		/* the process (QEMU, UML, ssh) ended by itself: status tells */
	MACHINE_KILLED,		/* we ended it */
};

struct target_ops {
	const char *name;	/* "vm", "uml", "host", "ssh" */
	bool throw_away;	/* global OOM, panic, sysctls are allowed */
	bool boots_kernels;	/* -k matters */
	double boot_seconds;	/* what prepare() takes on a machine of ordinary speed: a slower one gets longer deadlines; 0: says nothing */

	/* Is this target usable here? 0, or -1 with what is missing and how to get it. */
	int (*usable)(struct error *err);

	/* The release of the kernel that the target has of its own, malloced, or NULL when unknown; NULL where -k matters. */
	char *(*own_release)(void);

	/* What runs the machines, with its version, for the record: "QEMU emulator version 7.2.22 …". Malloced; NULL: nothing
	 * that is worth saying. The member itself may be NULL. */
	char *(*engine)(void);

	/* Allocates what a template is held in (memfds), in the runner itself, before workers fork. An error with errnum
	 * EOPNOTSUPP says that this kind of target never has such a machine: then the tests are skipped. */
	struct target_template *(*reserve)(const struct machine_request *req, struct error *err);
	/* Boots and freezes it; in a worker. The agent's hello line (JSON) goes to hello_fd. NULL: there is nothing to freeze. */
	int (*prepare)(struct target_template *t, const struct machine_request *req, int hello_fd, struct error *err);
	void (*release)(struct target_template *t);

	/* A pristine machine from the template. `boot` asks for a real boot instead of a clone (bench, fallback). */
	struct session *(*start)(struct target_template *t, const struct machine_request *req, bool boot,
				 struct error *err);
	/* Does something to a machine that runs (case/host.h). 0; an errno when the guest refuses; -1 when it can't be done.
	 * NULL: this kind of target never can. */
	int (*act)(struct session *s, const struct host_order *order, int64_t deadline_ns, struct error *err);
	/* Ends the machine if it still runs, reaps it, closes and frees the session. */
	enum machine_end (*stop)(struct session *s, int *status);
};

/* NULL when there is none of this name. "ssh:[USER@]HOST" is ssh, to there. */
const struct target_ops *target_find(const char *name);
/* ops->prepare(); where a target has none, a machine is started and ended to hear its agent's hello. */
int target_prepare(const struct target_ops *ops, struct target_template *t, const struct machine_request *req, int hello_fd,
		   struct error *err);
/* "vm, uml, host, ssh": for messages. */
const char *target_names(void);
