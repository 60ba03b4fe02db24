// SPDX-License-Identifier: GPL-2.0-or-later
#include "stuffed.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct stuffed {
	int (*pair)(int fd[2]);
	unsigned int n, max;
	int fd[STUFFED_PAIRS_MAX][2];
};

int stuffed_open(struct load *l, int (*pair)(int fd[2]), unsigned int pairs_max)
{
	struct stuffed *s = system_scratch(sizeof(*s));
	if (!s)
		return error_say("%s: no memory for its book-keeping", l->kind->name);
	s->pair = pair;
	s->max = pairs_max;
	l->priv = s;
	return 0;
}

static failure add_pair(struct stuffed *s)
{
	if (s->n == s->max)
		return s->max < STUFFED_PAIRS_MAX ? EAGAIN : EMFILE;
	if (s->pair(s->fd[s->n]) < 0)
		return errno;
	s->n++;
	return 0;
}

static void drop_pair(struct stuffed *s)
{
	s->n--;
	close(s->fd[s->n][0]);
	close(s->fd[s->n][1]);
}

failure stuffed_add(struct load *l, uint64_t bytes)
{
	struct stuffed *s = l->priv;
	bool fresh = false;	/* the last pair was just made */
	for (uint64_t end = l->total + bytes; l->total < end;) {
		ssize_t n = s->n ? write(s->fd[s->n - 1][1], fill_block(), FILL_BLOCK) : (errno = EAGAIN, -1);
		if (n == FILL_BLOCK) {
			l->total += FILL_BLOCK;
			fresh = false;
			continue;
		}
		/* A part of a block is not counted and not gone on with. */
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno != EAGAIN || fresh))
			return errno;
		failure f = add_pair(s);
		if (f)
			return f;
		fresh = true;
	}
	return 0;
}

static uint64_t unread(struct stuffed *s, unsigned int i)
{
	int n = 0;
	return ioctl(s->fd[i][0], FIONREAD, &n) < 0 ? 0 : (uint64_t)n;
}

failure stuffed_drop(struct load *l, uint64_t bytes)
{
	struct stuffed *s = l->priv;
	uint64_t end = l->total - bytes;
	while (l->total > end) {
		uint64_t last = unread(s, s->n - 1) / FILL_BLOCK * FILL_BLOCK;
		if (last <= l->total - end) {
			l->total -= last;
			drop_pair(s);
			continue;
		}
		ssize_t n = read(s->fd[s->n - 1][0], fill_room(), FILL_BLOCK);
		if (n <= 0)
			return errno;
		l->total -= FILL_BLOCK;
	}
	return 0;
}

uint64_t stuffed_touch(struct load *l)
{
	struct stuffed *s = l->priv;
	uint64_t total = 0;
	for (unsigned int i = 0; i < s->n; i++)
		total += unread(s, i) / FILL_BLOCK * FILL_BLOCK;	/* to read the data would free it */
	return total;
}

void stuffed_close(struct load *l)
{
	struct stuffed *s = l->priv;
	while (s->n)
		drop_pair(s);
	l->total = 0;
}
