// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/lines.h"

#include <errno.h>

#include "base/util.h"

static void hand_on(struct lines *l, line_handler *handle, void *context)
{
	size_t max = l->max ? l->max : LINE_MAX_BYTES;
	char *start = l->buf, *end = l->buf + l->have, *newline;
	char *from = l->buf + l->scanned;
	while ((newline = memchr(from, '\n', (size_t)(end - from)))) {
		*newline = '\0';
		size_t len = (size_t)(newline - start);
		if (len > max)
			l->dropped = true;
		else if (!l->dropping)
			handle(context, start, len);
		l->dropping = false;
		start = from = newline + 1;
	}
	l->have = (size_t)(end - start);
	if (l->dropping) {
		l->have = 0;
	} else if (l->have > max) {
		l->dropping = l->dropped = true;
		l->have = 0;
	}
	if (start != l->buf)	/* else a long line would be copied on itself with every read */
		memmove(l->buf, start, l->have);
	l->scanned = l->have;
}

int lines_read(struct lines *l, int fd, line_handler *handle, void *context)
{
	if (l->room - l->have < 4096 + 1) {
		l->room = l->room ? 2 * l->room : 65536;
		l->buf = xrealloc(l->buf, l->room, 1);
	}
	ssize_t n;
	do {
		n = read(fd, l->buf + l->have, l->room - l->have - 1);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EIO)	/* a pty whose other side closed says EIO: that is its end of file */
		return -1;
	if (n <= 0) {
		if (l->have && !l->dropping) {
			l->buf[l->have] = '\0';
			handle(context, l->buf, l->have);
			l->have = l->scanned = 0;
		}
		return 0;
	}
	l->have += (size_t)n;
	hand_on(l, handle, context);
	return 1;
}

void lines_release(struct lines *l)
{
	free(l->buf);
	*l = (struct lines){ 0 };
}
