// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/exits.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "agent/agent.h"

#define RECEIVE_ROOM (1 << 20)	/* for bursts: every fork and exit of the machine is told */

static void one_event(struct agent *a, const struct cn_msg *m)
{
	struct proc_event e;	/* a copy: the message is not aligned for it */
	if (m->id.idx != CN_IDX_PROC || m->id.val != CN_VAL_PROC)
		return;
	memset(&e, 0, sizeof(e));
	memcpy(&e, m->data, m->len < sizeof(e) ? m->len : sizeof(e));
	if (e.what == PROC_EVENT_FORK && e.event_data.fork.child_pid == e.event_data.fork.child_tgid)
		task_found(a, e.event_data.fork.parent_tgid, e.event_data.fork.child_tgid);
	if (e.what != PROC_EVENT_EXIT || e.event_data.exit.process_pid != e.event_data.exit.process_tgid)
		return;
	struct task *t = task_of_pid(a, e.event_data.exit.process_tgid);
	if (t && t->parent && t->parent->silent)
		task_told_exit(a, t, (int)e.event_data.exit.exit_code);
}

static void ready(struct agent *a, int fd, void *data)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n;
	(void)data;
	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0 || (n < 0 && errno == ENOBUFS)) {
		int len = n < 0 ? 0 : (int)n;
		for (const struct nlmsghdr *h = (const void *)buf; NLMSG_OK(h, (unsigned)len); h = NLMSG_NEXT(h, len))
			if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct cn_msg)))
				one_event(a, NLMSG_DATA(h));
	}
}

static bool subscribe(int fd)
{
	struct {
		struct nlmsghdr h;
		struct cn_msg m;
		enum proc_cn_mcast_op op;
	} __attribute__((packed)) msg = {
		.h = { .nlmsg_len = sizeof(msg), .nlmsg_type = NLMSG_DONE },
		.m = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(msg.op) },
		.op = PROC_CN_MCAST_LISTEN,
	};
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	return bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && send(fd, &msg, sizeof(msg), 0) == sizeof(msg);
}

bool exits_open(struct agent *a)
{
	int room = RECEIVE_ROOM;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
	if (fd < 0)
		return false;
	if (!subscribe(fd)) {
		close(fd);
		return false;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	a->exits_fd = fd;
	loop_add(a, fd, POLLIN, ready, NULL);
	return true;
}

void exits_close(struct agent *a)
{
	if (a->exits_fd >= 0) {
		loop_remove(a, a->exits_fd);
		close(a->exits_fd);
	}
	a->exits_fd = -1;
}
