// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/loop.h"

#include <errno.h>
#include <poll.h>

#include "agent/agent.h"

#define MAX_SOURCES 512	/* polled at once; a plan has a few dozen */

void loop_add(struct agent *a, int fd, short events, source_fn *ready, void *data)
{
	struct loop *l = &a->loop;
	size_t i = 0;
	while (i < l->n && l->sources[i].fd >= 0)
		i++;
	if (i == l->n) {
		if (l->n == l->room) {
			l->room = l->room ? l->room * 2 : 64;
			l->sources = xrealloc(l->sources, l->room, sizeof(*l->sources));
		}
		l->n++;
	}
	l->sources[i] = (struct source){ fd, events, ready, data };
}

void loop_remove(struct agent *a, int fd)
{
	for (size_t i = 0; i < a->loop.n; i++)
		if (a->loop.sources[i].fd == fd)
			a->loop.sources[i].fd = -1;
}

static void serve(struct agent *a, int timeout_ms)
{
	struct pollfd p[MAX_SOURCES + 1];
	struct source *s = a->loop.sources;
	size_t index[MAX_SOURCES];
	nfds_t n = 0;
	wire_flush(&a->wire);
	for (size_t i = 0; i < a->loop.n && n < MAX_SOURCES; i++) {
		if (s[i].fd < 0)
			continue;
		index[n] = i;
		p[n] = (struct pollfd){ .fd = s[i].fd, .events = s[i].events };
		if (s[i].fd == a->wire.out_fd && a->wire.out_len && !a->wire.gone)
			p[n].events |= POLLOUT;
		n++;
	}
	/* where it is no source of anything, it is only waited for */
	p[n] = (struct pollfd){ .fd = a->wire.out_fd, .events = POLLOUT };
	bool apart = a->wire.out_fd != a->wire.fd && a->wire.out_len && !a->wire.gone;
	int found = poll(p, n + apart, timeout_ms);
	for (nfds_t i = 0; found > 0 && i < n; i++) {
		/* a callback may have removed this source, or moved the array */
		struct source now = a->loop.sources[index[i]];
		if (p[i].revents && now.fd == p[i].fd && (p[i].revents != POLLOUT))
			now.ready(a, now.fd, now.data);
	}
	if (found > 0)
		wire_flush(&a->wire);
}

void loop_serve(struct agent *a)
{
	serve(a, 0);
}

enum wait_end loop_wait(struct agent *a, wait_fn *done, void *arg, int64_t deadline, int tick_ms)
{
	for (;;) {
		if (done(a, arg))
			return WAIT_DONE;
		if (a->abort && !a->ending)
			return WAIT_ABORT;
		int64_t left = deadline - now_ns();
		if (left <= 0)
			return WAIT_TIMEOUT;
		int64_t ms = left / 1000000 + 1;
		if (tick_ms > 0 && ms > tick_ms)
			ms = tick_ms;
		serve(a, ms > 60000 ? 60000 : (int)ms);
	}
}
