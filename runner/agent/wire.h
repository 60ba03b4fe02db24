/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The byte stream to the runner: lines of JSON, buffered both ways (docs/agent-protocol.md). All memory it needs in a
 * normal plan is allocated and touched by wire_open(), so that a machine without memory can still be reported on.
 *
 * Bytes: what the kernel gives (comm, cgroup names, log text) may be any bytes. They travel with each byte as the code
 * point of the same number. Inside the agent every string is raw bytes; the two functions at the end convert.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct wire {
	int fd, out_fd;		/* the same, but for a pair of pipes */
	bool tty;
	bool gone;		/* the other side is not there any more: output is dropped */
	char *out, *in;
	size_t out_len, out_room, in_len, in_room;
	size_t in_taken;	/* bytes of `in` that the last line handed out occupies */
};

/* Takes the descriptors (out_fd may be fd), makes them non-blocking, and a terminal raw at 115200. */
int wire_open(struct wire *w, int fd, int out_fd, struct error *err);

/* Appends {"name": value} as one line to the output; takes the reference to value. */
void wire_send(struct wire *w, const char *name, json_t *value);

/* Writes what the descriptor takes now. */
void wire_flush(struct wire *w);

/* Waits until all output has left the machine (or the reader is gone): before the template is frozen, and before
 * anything that may end the machine. */
void wire_drain(struct wire *w);

/* Reads what is there. False at end of input. */
bool wire_receive(struct wire *w);

/* The next complete line without its newline, or NULL. Valid until the next call of wire_line() or wire_receive(). */
char *wire_line(struct wire *w);

/* Raw bytes to a JSON string. A NUL byte, which no kernel sends, becomes the text \x00. */
json_t *wire_bytes(const char *bytes, size_t len);
json_t *json_text(const char *bytes);	/* NULL gives null */

/* Replaces every string below root by its raw bytes. -1 if one has a code point above U+00FF. */
int json_to_bytes(json_t *root, struct error *err);
