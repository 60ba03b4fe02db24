// SPDX-License-Identifier: GPL-2.0-or-later
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

struct order {
	uint64_t target;
	bool by_faults, touch;
};

struct answer {
	uint64_t bytes;
	failure failure;
};

int worker_connect(struct worker *w, int *theirs)
{
	int fd[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return -1;
	*w = (struct worker){ .fd = fd[0] };
	*theirs = fd[1];
	return 0;
}

static void lose(struct worker *w)
{
	close(w->fd);
	w->fd = -1;
	w->total = 0;
}

/* False when the worker is gone. */
static bool await_answer(struct worker *w, struct answer *answer)
{
	sigset_t none;
	sigemptyset(&none);
	for (;;) {
		/* A child that dies is said at once, and with nobody left to listen there is no reason to wait. */
		struct pollfd p[] = { { .fd = w->fd, .events = POLLIN }, { .fd = control_in, .events = POLLRDHUP } };
		int n = ppoll(p, ARRAY_SIZE(p), NULL, &none);
		procs_reap();
		if (n > 0 && p[0].revents)
			break;
		if (n > 0 && control_gone(p[1].revents)) {
			procs_end();
			_exit(0);
		}
	}
	if (recv(w->fd, answer, sizeof(*answer), 0) != sizeof(*answer)) {
		lose(w);
		return false;
	}
	return true;
}

static bool ask(struct worker *w, const struct order *order, struct answer *answer)
{
	if (w->fd < 0)
		return false;
	if (send(w->fd, order, sizeof(*order), MSG_NOSIGNAL) != sizeof(*order)) {
		lose(w);
		return false;
	}
	return await_answer(w, answer);
}

void worker_started(int fd, failure f)
{
	struct answer answer = { .failure = f };
	send(fd, &answer, sizeof(answer), MSG_NOSIGNAL);
}

failure worker_await_start(struct worker *w)
{
	struct answer answer;
	return await_answer(w, &answer) ? answer.failure : ECHILD;
}

failure worker_resize(struct worker *w, uint64_t target, bool by_faults)
{
	struct order order = { .target = target, .by_faults = by_faults };
	struct answer answer;
	if (!ask(w, &order, &answer))
		return ECHILD;
	w->total = answer.bytes;
	return answer.failure;
}

uint64_t worker_touch(struct worker *w)
{
	struct order order = { .touch = true };
	struct answer answer;
	return ask(w, &order, &answer) ? answer.bytes : 0;
}

void worker_serve(struct load *l, int fd)
{
	struct order order;
	for (;;) {
		ssize_t n = recv(fd, &order, sizeof(order), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(order))
			return;
		struct answer answer = { 0 };
		if (order.touch) {
			answer.bytes = l->kind->touch(l);
		} else {
			l->by_faults = order.by_faults;
			answer.failure = load_resize(l, order.target);
			answer.bytes = l->total;
		}
		send(fd, &answer, sizeof(answer), MSG_NOSIGNAL);
	}
}
