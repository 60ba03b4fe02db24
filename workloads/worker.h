/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A holder beside the one that serves the control stream: a child process or a thread. Orders go over a pair of sockets. */
#pragma once

#include "oomload.h"

struct worker {
	int fd;			/* the orderer's end; -1: the worker is gone */
	uint64_t total;		/* held, by its last answer */
};

/* Makes the pair; the worker's end in *theirs. 0, or -1 with errno. */
int worker_connect(struct worker *w, int *theirs);
/* The worker's side, once, at the end of its start: how that went. */
void worker_started(int fd, failure f);
/* Waits for that. */
failure worker_await_start(struct worker *w);
/* Has the worker resize, or touch, what it holds, and waits. *bytes: its answer. ECHILD when it is gone. */
failure worker_resize(struct worker *w, uint64_t target, bool by_faults);
uint64_t worker_touch(struct worker *w);
/* The worker's side: serves orders with its own load, until the orderer is gone. */
void worker_serve(struct load *l, int fd);
