/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's machine protocol (docs/interop/qmp-spec of QEMU): one command at a time over a non-blocking UNIX socket.
 * Every call has a deadline (of now_ns()).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct qmp {
	int fd;			/* owned */
	bool eof;
	char *buf;
	size_t len, room;
	json_t *events;		/* array of events not asked for yet */
};

/* Takes over fd, reads the greeting and ends the negotiation. */
int qmp_open(struct qmp *q, int fd, int64_t deadline_ns, struct error *err);
void qmp_close(struct qmp *q);

/* Sends a command (args may be NULL and is consumed; pass_fd travels along unless -1) and waits for its answer. */
int qmp_command(struct qmp *q, const char *name, json_t *args, int pass_fd, int64_t deadline_ns, struct error *err);

/* The same for a command whose answer matters: its "return" value, a new reference. NULL and err on failure. */
json_t *qmp_ask(struct qmp *q, const char *name, json_t *args, int pass_fd, int64_t deadline_ns, struct error *err);

/* The next event with one of these names (NULL ends them), also one that came before. A new reference; NULL: none by the
 * deadline. */
json_t *qmp_await_event(struct qmp *q, const char *const *names, int64_t deadline_ns);

/* Waits for the migration in progress to end. Needs the capability "events". */
int qmp_await_migration(struct qmp *q, int64_t deadline_ns, struct error *err);

/* Why QEMU shut the guest down, if it has: "guest-shutdown", "guest-reset", "guest-panic", "host-qmp-quit", … Does not
 * wait. Malloced, or NULL. */
char *qmp_shutdown_reason(struct qmp *q);
