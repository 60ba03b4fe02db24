// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Datagrams in UDP sockets, over the loopback interface: socket memory, for which the receiving socket's cgroup is charged in
 * the interrupt that brings them (net/ipv4/udp.c:__udp_enqueue_schedule_skb). Who sends is not told that one was dropped; the
 * receiver counts them.
 */
#include <errno.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include "loopback.h"
#include "oomload.h"

#define SOCKETS_MAX 256

/* All made before anything is filled, so that nothing but data is asked for then. */
struct udp {
	unsigned int n, at;	/* how many, and the one that is filled */
	struct {
		int from, to;
		uint32_t dropped;
	} pair[SOCKETS_MAX];
};

/* What sock_diag calls SK_MEMINFO_DROPS: the ninth number of SO_MEMINFO, since Linux 4.12. */
static failure drops_of(int fd, uint32_t *n)
{
	uint32_t info[16] = { 0 };
	socklen_t len = sizeof(info);
	if (getsockopt(fd, SOL_SOCKET, 55, info, &len) < 0)
		return errno;
	*n = info[8];
	return 0;
}

static failure one_more(struct udp *u)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (to < 0 || from < 0 || bind(to, (const struct sockaddr *)&a, len) < 0 ||
	    getsockname(to, (struct sockaddr *)&a, &len) < 0 ||
	    connect(from, (const struct sockaddr *)&a, len) < 0) {
		int why = errno;
		close(to);
		close(from);
		return why;
	}
	loopback_enlarge(to, SO_RCVBUFFORCE, SO_RCVBUF);
	u->pair[u->n].to = to;
	u->pair[u->n++].from = from;
	return 0;
}

static int udp_open(struct load *l)
{
	uint64_t n;
	struct udp *u = l->priv = system_scratch(sizeof(*u));
	if (!u)
		return error_say("%s: no memory for its book-keeping", l->kind->name);
	if (!load_arg_size(l, "n", 16, 1, SOCKETS_MAX, &n))
		return -1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	failure f = fd < 0 || loopback_up(fd) < 0 ? errno : 0;
	close(fd);
	while (!f && u->n < n)
		f = one_more(u);
	return f ? error_say("%s: sockets of 127.0.0.1: %s", l->kind->name, failure_name(f)) : 0;
}

/* A socket that drops one is full, or is not given more. */
static failure udp_add(struct load *l, uint64_t bytes)
{
	struct udp *u = l->priv;
	for (uint64_t end = l->total + bytes; l->total < end;) {
		uint32_t dropped = 0;
		if (u->at == u->n)
			return ENOBUFS;
		if (send(u->pair[u->at].from, fill_block(), FILL_BLOCK, 0) != FILL_BLOCK)
			return errno;
		failure f = drops_of(u->pair[u->at].to, &dropped);
		if (f)
			return f;
		if (dropped == u->pair[u->at].dropped)
			l->total += FILL_BLOCK;
		else
			u->pair[u->at++].dropped = dropped;
	}
	return 0;
}

static void udp_close(struct load *l)
{
	struct udp *u = l->priv;
	while (u->n) {
		u->n--;
		close(u->pair[u->n].from);
		close(u->pair[u->n].to);
	}
	l->total = 0;
}

const struct kind kind_udp = {
	.name = "udp",
	.help = "unread datagrams in UDP sockets; it only grows; `failed ENOBUFS` when they are dropped; the bytes are the data, "
		"the kernel needs more",
	.args = { { "n", "how many sockets there are, default 16" } },
	.open = udp_open,
	.add = udp_add,
	.drop = load_never_drop,
	.touch = load_held,
	.close = udp_close,
};
