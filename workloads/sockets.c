// SPDX-License-Identifier: GPL-2.0-or-later
/* Data in Unix sockets: socket buffers, kernel memory charged to the cgroup (net/unix: GFP_KERNEL_ACCOUNT). */
#include "stuffed.h"

#include <sys/socket.h>

static int socket_pair(int fd[2])
{
	static const int size = 4 << 20;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) < 0)
		return -1;
	/* More than net.core.wmem_max needs CAP_NET_ADMIN. */
	if (setsockopt(fd[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

static int sockets_open(struct load *l)
{
	return stuffed_open(l, socket_pair, STUFFED_PAIRS_MAX);
}

const struct kind kind_sockets = {
	.name = "sockets",
	.help = "unread data in Unix sockets; the bytes are the data, the kernel needs about a quarter more",
	.open = sockets_open,
	.add = stuffed_add,
	.drop = stuffed_drop,
	.touch = stuffed_touch,
	.close = stuffed_close,
};
