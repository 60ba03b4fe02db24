// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/kmsg.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>

#include "agent/agent.h"

#define RECORD_MAX 8192	/* kernel/printk/printk.c: CONSOLE_EXT_LOG_MAX, PRINTK_MESSAGE_MAX are below */

static int hex(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* kernel/printk/printk.c:append_char() writes bytes below space, above 126 and backslashes as \xNN. */
static size_t unescape(char *s, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (len - i >= 4 && s[i] == '\\' && s[i + 1] == 'x' && hex(s[i + 2]) >= 0 && hex(s[i + 3]) >= 0) {
			s[n++] = (char)(hex(s[i + 2]) << 4 | hex(s[i + 3]));
			i += 3;
		} else {
			s[n++] = s[i];
		}
	}
	return n;
}

int kmsg_parse(char *record, size_t len, struct kmsg_record *r)
{
	unsigned prio;
	record[len] = '\0';
	char *text = memchr(record, ';', len);
	if (!text || sscanf(record, "%u,%" SCNd64 ",%" SCNd64 ",", &prio, &r->seq, &r->t_us) != 3)
		return -1;
	text++;
	size_t left = len - (size_t)(text - record);
	char *newline = memchr(text, '\n', left);
	r->level = (int)(prio & 7);
	r->text = text;
	r->len = unescape(text, newline ? (size_t)(newline - text) : left);
	return 0;
}

static void remember_killed(struct kmsg *k, const char *text, size_t len)
{
	static const char words[] = "Killed process ";
	const char *p = memmem(text, len, words, sizeof(words) - 1);
	if (!p || !isdigit((unsigned char)p[sizeof(words) - 1]))
		return;
	if (k->n_killed == k->room) {
		k->room = k->room ? k->room * 2 : 64;
		k->killed = xrealloc(k->killed, k->room, sizeof(*k->killed));
	}
	k->killed[k->n_killed++] = (pid_t)strtol(p + sizeof(words) - 1, NULL, 10);
}

void kmsg_read(struct agent *a)
{
	struct kmsg *k = &a->kmsg;
	json_t *records = NULL;
	bool overrun = false;
	char buf[RECORD_MAX + 1];
	while (k->fd >= 0) {
		ssize_t n = read(k->fd, buf, RECORD_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE) {
			overrun = true;	/* the next read continues at the oldest record there is */
			continue;
		}
		if (n <= 0)
			break;
		struct kmsg_record r;
		if (kmsg_parse(buf, (size_t)n, &r) < 0)
			continue;
		if (overrun)
			wire_send(&a->wire, "kmsg_lost", json_integer(k->seq >= 0 ? r.seq - k->seq - 1 : 1));
		overrun = false;
		k->seq = r.seq;
		k->last_ns = now_ns();
		remember_killed(k, r.text, r.len);
		if (!records)
			records = json_array();
		json_array_append_new(records, json_pack("{sI sI si so}", "seq", (json_int_t)r.seq, "t",
							 (json_int_t)r.t_us, "level", r.level, "text",
							 wire_bytes(r.text, r.len)));
	}
	if (records)
		wire_send(&a->wire, "kmsg", records);
}

static void ready(struct agent *a, int fd, void *data)
{
	(void)fd;
	(void)data;
	kmsg_read(a);
}

int kmsg_open(struct agent *a, struct error *err)
{
	struct kmsg *k = &a->kmsg;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "opening /dev/kmsg");
	char buf[RECORD_MAX];
	/* with kernel.dmesg_restrict the open may succeed and the read fail */
	if (lseek(fd, 0, SEEK_END) < 0 || (read(fd, buf, sizeof(buf)) < 0 && errno == EPERM)) {
		int why = errno;
		close(fd);
		return error_set(err, why, "reading /dev/kmsg");
	}
	lseek(fd, 0, SEEK_END);
	k->fd = fd;
	k->seq = -1;
	k->n_killed = 0;
	k->last_ns = 0;
	if (!k->room) {
		k->room = 256;
		k->killed = xcalloc(k->room, sizeof(*k->killed));
	}
	loop_add(a, fd, POLLIN, ready, NULL);
	return 0;
}

void kmsg_close(struct agent *a)
{
	if (a->kmsg.fd >= 0) {
		loop_remove(a, a->kmsg.fd);
		close(a->kmsg.fd);
	}
	a->kmsg.fd = -1;
}
