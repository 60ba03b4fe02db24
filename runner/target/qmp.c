// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/qmp.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/util.h"

/* Sends all, with a descriptor attached to the first byte (SCM_RIGHTS) unless it is -1. */
static int send_text(struct qmp *q, const char *text, size_t len, int pass_fd, int64_t deadline_ns)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	while (len) {
		struct iovec iov = { .iov_base = (char *)text, .iov_len = len };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		if (pass_fd >= 0) {
			msg.msg_control = control.room;
			msg.msg_controllen = sizeof(control.room);
			struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
			c->cmsg_level = SOL_SOCKET;
			c->cmsg_type = SCM_RIGHTS;
			c->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
		}
		ssize_t n = sendmsg(q->fd, &msg, MSG_NOSIGNAL);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
			pass_fd = -1;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return -1;
		int64_t left = (deadline_ns - now_ns()) / 1000000;
		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		poll(&(struct pollfd){ .fd = q->fd, .events = POLLOUT }, 1, (int)(left > 60000 ? 60000 : left));
	}
	return 0;
}

/* The next whole line as JSON, NULL when none is there by the deadline or the socket is at its end. */
static json_t *next_message(struct qmp *q, int64_t deadline_ns)
{
	for (;;) {
		char *nl = q->len ? memchr(q->buf, '\n', q->len) : NULL;
		if (nl) {
			size_t n = (size_t)(nl - q->buf) + 1;
			json_t *msg = json_loadb(q->buf, n, 0, NULL);
			memmove(q->buf, q->buf + n, q->len - n);
			q->len -= n;
			if (msg)
				return msg;
			continue;
		}
		if (q->eof)
			return NULL;
		if (q->room - q->len < 4096) {
			q->room = q->room * 2 + 8192;
			q->buf = xrealloc(q->buf, q->room, 1);
		}
		ssize_t n = read(q->fd, q->buf + q->len, q->room - q->len);
		if (n > 0) {
			q->len += (size_t)n;
		} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			q->eof = true;
		} else if (errno == EAGAIN) {
			int64_t left = (deadline_ns - now_ns()) / 1000000;
			if (left <= 0)
				return NULL;
			poll(&(struct pollfd){ .fd = q->fd, .events = POLLIN }, 1, (int)(left > 60000 ? 60000 : left));
		}
	}
}

static int no_answer(const struct qmp *q, const char *to, struct error *err)
{
	if (q->eof)
		return error_set(err, 0, "QEMU ended before it answered to %s", to);
	return error_set(err, ETIMEDOUT, "QEMU did not answer to %s", to);
}

int qmp_open(struct qmp *q, int fd, int64_t deadline_ns, struct error *err)
{
	*q = (struct qmp){ .fd = fd, .events = json_array() };
	json_t *hello = next_message(q, deadline_ns);
	bool good = json_object_get(hello, "QMP");
	json_decref(hello);
	if (!good)
		return no_answer(q, "the opening of its control socket", err);
	return qmp_command(q, "qmp_capabilities", NULL, -1, deadline_ns, err);
}

void qmp_close(struct qmp *q)
{
	if (!q->events)
		return;
	close(q->fd);
	free(q->buf);
	json_decref(q->events);
	*q = (struct qmp){ .fd = -1 };
}

json_t *qmp_ask(struct qmp *q, const char *name, json_t *args, int pass_fd, int64_t deadline_ns, struct error *err)
{
	json_t *command = json_pack("{s:s}", "execute", name);
	if (args)
		json_object_set_new(command, "arguments", args);
	CLEANUP_FREE char *text = json_dumps(command, JSON_COMPACT);
	json_decref(command);
	if (!text || send_text(q, text, strlen(text), pass_fd, deadline_ns) < 0) {
		error_set(err, errno, "cannot send %s to QEMU", name);
		return NULL;
	}
	json_t *msg;
	while ((msg = next_message(q, deadline_ns))) {
		json_t *value = json_object_get(msg, "return"), *bad = json_object_get(msg, "error");
		if (json_object_get(msg, "event")) {
			json_array_append_new(q->events, msg);
		} else if (value) {
			json_incref(value);
			json_decref(msg);
			return value;
		} else if (bad) {
			const char *desc = json_string_value(json_object_get(bad, "desc"));
			error_set(err, 0, "QEMU refuses %s: %s", name, desc ? desc : "no reason given");
			json_decref(msg);
			return NULL;
		} else {
			json_decref(msg);
		}
	}
	no_answer(q, name, err);
	return NULL;
}

int qmp_command(struct qmp *q, const char *name, json_t *args, int pass_fd, int64_t deadline_ns, struct error *err)
{
	json_t *value = qmp_ask(q, name, args, pass_fd, deadline_ns, err);
	json_decref(value);
	return value ? 0 : -1;
}

/* Takes the oldest event of these names out of the ones kept; NULL if there is none. */
static json_t *take_event(struct qmp *q, const char *const *names)
{
	json_t *event;
	size_t i;
	json_array_foreach(q->events, i, event) {
		for (const char *const *name = names; *name; name++) {
			if (!streq(json_string_value(json_object_get(event, "event")), *name))
				continue;
			json_incref(event);
			json_array_remove(q->events, i);
			return event;
		}
	}
	return NULL;
}

json_t *qmp_await_event(struct qmp *q, const char *const *names, int64_t deadline_ns)
{
	json_t *event, *msg;
	while (!(event = take_event(q, names))) {
		msg = next_message(q, deadline_ns);
		if (!msg)
			return NULL;
		json_array_append_new(q->events, msg);
	}
	return event;
}

int qmp_await_migration(struct qmp *q, int64_t deadline_ns, struct error *err)
{
	for (;;) {
		json_t *event = qmp_await_event(q, (const char *[]){ "MIGRATION", NULL }, deadline_ns);
		if (!event)
			return no_answer(q, "the saving or loading of the machine", err);
		const char *status = json_string_value(json_object_get(json_object_get(event, "data"), "status"));
		bool done = streq(status, "completed"), failed = streq(status, "failed") || streq(status, "cancelled");
		json_decref(event);
		if (done)
			return 0;
		if (failed) {
			json_t *info = qmp_ask(q, "query-migrate", NULL, -1, deadline_ns, NULL);
			const char *desc = json_string_value(json_object_get(info, "error-desc"));
			error_set(err, 0, "QEMU could not save or load the machine%s%s", desc ? ": " : "", desc ? desc : "");
			json_decref(info);
			return -1;
		}
	}
}

char *qmp_shutdown_reason(struct qmp *q)
{
	if (!q->events)
		return NULL;
	json_t *event = qmp_await_event(q, (const char *[]){ "SHUTDOWN", NULL }, 0);
	const char *reason = json_string_value(json_object_get(json_object_get(event, "data"), "reason"));
	char *copy = reason ? xstrdup(reason) : NULL;
	json_decref(event);
	return copy;
}
