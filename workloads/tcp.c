// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Data in TCP sockets, over the loopback interface: socket memory, which the cgroup of the socket is charged for
 * (mm/memcontrol.c:mem_cgroup_charge_skmem). What arrives may go over the limit. Most waits at the sender: nobody
 * reads, so that the receiver's window stays small.
 */
#include "loopback.h"
#include "stuffed.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 4096

static int listener = -1;
static struct sockaddr_in address;

/* Made before anything is filled, so that nothing but data is asked for then. */
static int (*ready)[2];
static unsigned int n_used;

static int connected(int fd[2])
{
	int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (to < 0)
		return -1;
	loopback_enlarge(to, SO_SNDBUFFORCE, SO_SNDBUF);
	if (connect(to, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    (fd[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0) {
		int why = errno;
		close(to);
		errno = why;
		return -1;
	}
	fd[1] = to;
	return fcntl(to, F_SETFL, O_NONBLOCK);
}

static int tcp_pair(int fd[2])
{
	fd[0] = ready[n_used][0];
	fd[1] = ready[n_used++][1];
	return 0;
}

static int tcp_listen(void)
{
	socklen_t len = sizeof(address);
	address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || loopback_up(listener) < 0)
		return -1;
	loopback_enlarge(listener, SO_RCVBUFFORCE, SO_RCVBUF);	/* those it accepts have it from here */
	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 8) < 0)
		return -1;
	return getsockname(listener, (struct sockaddr *)&address, &len);
}

static int tcp_open(struct load *l)
{
	uint64_t n;
	if (!load_arg_size(l, "n", 16, 1, CONNECTIONS_MAX, &n))
		return -1;
	if (tcp_listen() < 0)
		return error_say("%s: listening on 127.0.0.1: %s", l->kind->name, failure_name(errno));
	ready = system_scratch(n * sizeof(*ready));
	for (uint64_t i = 0; i < n; i++)
		if (!ready || connected(ready[i]) < 0)
			return error_say("%s: connecting: %s", l->kind->name, failure_name(errno));
	return stuffed_open(l, tcp_pair, (unsigned int)n);
}

const struct kind kind_tcp = {
	.name = "tcp",
	.help = "unread data in TCP sockets; it only grows; `failed EAGAIN` when they take no more; the bytes are the data, the kernel needs more",
	.args = { { "n", "how many connections there are, default 16" } },
	.open = tcp_open,
	.add = stuffed_add,
	.drop = load_never_drop,
	.touch = load_held,
	.close = stuffed_close,
};
