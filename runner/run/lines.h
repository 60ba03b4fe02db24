/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines out of a byte stream, with a bound on what a line may take.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LINE_MAX_BYTES (16u << 20)

struct lines {
	char *buf;		/* owned */
	size_t have, room, scanned;
	size_t max;		/* longest line taken; 0: LINE_MAX_BYTES */
	bool dropping;		/* inside a line that was too long */
	bool dropped;		/* a line was too long; the reader may reset it */
};

typedef void line_handler(void *context, const char *line, size_t len);	/* line without newline, NUL-terminated */

/* Reads once from a non-blocking fd and hands every whole line on. Returns 1 when something was read, 0 at the end of
 * the stream (a last line without newline is handed on), -1 with errno: EAGAIN when there is nothing now. */
int lines_read(struct lines *l, int fd, line_handler *handle, void *context);

void lines_release(struct lines *l);
