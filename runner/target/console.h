/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot of a machine as seen from outside: the end of what its console said, and the wait for the agent's hello.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The last bytes of a stream. */
struct tail {
	char text[16384];
	size_t len;
	uint64_t total;		/* bytes ever added */
};
void tail_add(struct tail *t, const char *data, size_t n);
/* Reads what is there from a non-blocking descriptor. False at end of file. fd -1 is an empty stream. */
bool tail_read(struct tail *t, int fd);
/* The last n non-empty lines as one ("; " between them), without control bytes. Malloced. */
char *tail_lines(const struct tail *t, unsigned n);
/* The first line that holds `what`, or the last n lines if none does: malloced like tail_lines(). NULL: not there. */
char *tail_find(const struct tail *t, const char *what);

enum message_end {
	MESSAGE_SEEN,
	MESSAGE_EOF,		/* the machine is gone */
	MESSAGE_PANIC,		/* the console told of a panic, and then nothing came */
	MESSAGE_LATE,		/* the deadline passed */
};

/* Waits on the agent's stream for the line whose JSON object has this key ("hello"), and listens to the console
 * meanwhile. *line is malloced, without newline, set for MESSAGE_SEEN only; what follows it stays in the stream. Other
 * lines are dropped. */
enum message_end message_wait(int fd, int console_fd, const char *key, int64_t deadline_ns, struct tail *console,
			      char **line);
