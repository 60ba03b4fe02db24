// SPDX-License-Identifier: GPL-2.0-or-later
/* Data in pipes: kernel memory that a cgroup is charged for (fs/pipe.c: GFP_HIGHUSER | __GFP_ACCOUNT) and no process is
 * bigger for. */
#include "stuffed.h"

#include <fcntl.h>
#include <unistd.h>

static int pipe_pair(int fd[2])
{
	if (pipe2(fd, O_NONBLOCK | O_CLOEXEC) < 0)
		return -1;
	/* Above fs.pipe-max-size, or a user's share of pipe memory, the size stays as it is. */
	fcntl(fd[1], F_SETPIPE_SZ, 1 << 20);
	return 0;
}

static int pipe_open(struct load *l)
{
	return stuffed_open(l, pipe_pair, STUFFED_PAIRS_MAX);
}

const struct kind kind_pipe = {
	.name = "pipe",
	.help = "unread data in pipes",
	.open = pipe_open,
	.add = stuffed_add,
	.drop = stuffed_drop,
	.touch = stuffed_touch,
	.close = stuffed_close,
};
