// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/console.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>

#include "base/util.h"

#define LONGEST (4 << 20)	/* a power of two times 4096 */

void tail_add(struct tail *t, const char *data, size_t n)
{
	t->total += n;
	if (n >= sizeof(t->text)) {
		data += n - sizeof(t->text);
		n = sizeof(t->text);
	}
	size_t keep = t->len;
	if (keep > sizeof(t->text) - n)
		keep = sizeof(t->text) - n;
	memmove(t->text, t->text + t->len - keep, keep);
	memcpy(t->text + keep, data, n);
	t->len = keep + n;
}

bool tail_read(struct tail *t, int fd)
{
	char buf[4096];
	while (fd >= 0) {
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n > 0)
			tail_add(t, buf, (size_t)n);
		else if (n == 0)
			return false;
		else if (errno != EINTR)
			return errno == EAGAIN;
	}
	return true;
}

/* Appends text to out with control bytes dropped: terminals must not obey a guest. */
static size_t add_clean(char *out, size_t at, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] >= 0x20 && (unsigned char)text[i] < 0x7f)
			out[at++] = text[i];
		else if (text[i] == '\t')
			out[at++] = ' ';
	return at;
}

char *tail_lines(const struct tail *t, unsigned n)
{
	size_t start = t->len, end = t->len;
	unsigned lines = 0;
	/* Backwards over the lines that have something to show. */
	while (start > 0 && lines < n) {
		size_t stop = start;
		while (start > 0 && t->text[start - 1] != '\n')
			start--;
		char probe[sizeof(t->text)];
		if (add_clean(probe, 0, t->text + start, stop - start))
			lines++;
		if (start > 0 && lines < n)
			start--;
	}
	char *out = xcalloc(1, 3 * (end - start) + 1);
	size_t at = 0;
	for (size_t i = start; i < end;) {
		const char *nl = memchr(t->text + i, '\n', end - i);
		size_t len = nl ? (size_t)(nl - (t->text + i)) : end - i;
		size_t before = at;
		if (at) {
			out[at++] = ';';
			out[at++] = ' ';
		}
		size_t text_at = at;
		at = add_clean(out, at, t->text + i, len);
		if (at == text_at)
			at = before;
		i += len + 1;
	}
	out[at] = '\0';
	return out;
}

char *tail_find(const struct tail *t, const char *what)
{
	const char *hit = memmem(t->text, t->len, what, strlen(what));
	if (!hit)
		return NULL;
	const char *nl = memchr(hit, '\n', t->len - (size_t)(hit - t->text));
	size_t len = nl ? (size_t)(nl - hit) : t->len - (size_t)(hit - t->text);
	char *out = xcalloc(1, len + 1);
	out[add_clean(out, 0, hit, len)] = '\0';
	return out;
}

static bool has_key(const char *line, size_t len, const char *key)
{
	json_t *json = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	bool yes = json_object_get(json, key);
	json_decref(json);
	return yes;
}

struct lines {
	char *buf;
	size_t len, room;
};

/*
 * Takes bytes up to the next newline and no further, so that what the agent says next is the caller's: one at a time, for
 * a pipe has nothing like MSG_PEEK, and a hello is a kilobyte. 1: a whole line is in l; 0: not yet; -1: end of file.
 */
static int take_line(int fd, struct lines *l)
{
	char c;
	for (;;) {
		ssize_t n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		/* A line that never ends is noise, not a hello. */
		if (l->len == LONGEST)
			l->len = 0;
		if (l->len == l->room) {
			l->room = l->room ? 2 * l->room : 4096;
			l->buf = xrealloc(l->buf, l->room, 1);
		}
		l->buf[l->len++] = c;
		if (c == '\n')
			return 1;
	}
}

enum message_end message_wait(int fd, int console_fd, const char *key, int64_t deadline_ns, struct tail *console,
			      char **line)
{
	struct lines l = { 0 };
	enum message_end end = MESSAGE_LATE;
	bool panic = false;
	for (;;) {
		int got;
		while ((got = take_line(fd, &l)) > 0) {
			if (has_key(l.buf, l.len, key)) {
				l.buf[l.len - 1] = '\0';
				*line = TAKE_PTR(l.buf);
				tail_read(console, console_fd);
				return MESSAGE_SEEN;
			}
			l.len = 0;
		}
		bool console_open = tail_read(console, console_fd);
		if (got < 0) {
			end = MESSAGE_EOF;
			break;
		}
		/* A panicked kernel resets at once (panic=-1); one that cannot gets two seconds. */
		if (!panic && memmem(console->text, console->len, "Kernel panic", 12)) {
			panic = true;
			int64_t soon = now_ns() + INT64_C(2000000000);
			deadline_ns = deadline_ns < soon ? deadline_ns : soon;
		}
		int64_t left = (deadline_ns - now_ns()) / 1000000;
		if (left <= 0) {
			end = panic ? MESSAGE_PANIC : MESSAGE_LATE;
			break;
		}
		struct pollfd p[] = { { .fd = fd, .events = POLLIN },
				      { .fd = console_open ? console_fd : -1, .events = POLLIN } };
		poll(p, 2, (int)(left > 60000 ? 60000 : left));
	}
	free(l.buf);
	return end;
}
