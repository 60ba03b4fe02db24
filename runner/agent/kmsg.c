// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/kmsg.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>

#include "agent/agent.h"

#define BATCH_MAX 1024	/* records at once: others want to be served, too, and a deadline seen */
#define NOBODY_SENT 20	/* reports in a row that found nobody to kill and are sent in full */
#define VAIN_MIN  100	/* reports in a row, and time, after which it will find nobody any more */
#define VAIN_MS   1000
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
	char flag = '-';
	record[len] = '\0';
	char *text = memchr(record, ';', len);
	if (!text || sscanf(record, "%u,%" SCNd64 ",%" SCNd64 ",%c", &prio, &r->seq, &r->t_us, &flag) < 3)
		return -1;
	r->cont = flag == 'c' || flag == '+';	/* '+' before 4.9 */
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
	k->nobody = 0;
	if (k->n_killed == k->room) {
		k->room = k->room ? k->room * 2 : 64;
		k->killed = xrealloc(k->killed, k->room, sizeof(*k->killed));
	}
	k->killed[k->n_killed++] = (pid_t)strtol(p + sizeof(words) - 1, NULL, 10);
}

/* "Out of memory and no killable processes...", the last line of a report that found nobody. */
static bool found_nobody(struct kmsg *k, const char *text, size_t len)
{
	static const char words[] = "no killable processes";
	if (!memmem(text, len, words, sizeof(words) - 1))
		return false;
	if (!k->nobody++)
		k->nobody_ns = now_ns();
	return true;
}

/* Adds a record to what is to be sent, or holds it back until it is clear how its report ends. */
static void take(struct kmsg *k, const struct kmsg_record *r, json_t *records)
{
	size_t killed = k->n_killed;
	remember_killed(k, r->text, r->len);
	bool end = found_nobody(k, r->text, r->len);
	json_t *record = json_pack("{sI sI si so}", "seq", (json_int_t)r->seq, "t", (json_int_t)r->t_us, "level", r->level,
				   "text", wire_bytes(r->text, r->len));
	if (r->cont)
		json_object_set_new(record, "cont", json_true());
	/* the end of a report goes the way of its beginning */
	if (k->nobody - end < NOBODY_SENT) {
		if (killed != k->n_killed && k->held) {
			json_array_extend(records, k->held);
			json_array_clear(k->held);
		}
		json_array_append_new(records, record);
		return;
	}
	if (!k->held)
		k->held = json_array();
	json_array_append_new(k->held, record);
	if (end) {
		json_array_clear(k->held);
		k->left_out++;
	}
}

static void send_records(struct agent *a, json_t *records)
{
	if (json_array_size(records))
		wire_send(&a->wire, "kmsg", records);
	else
		json_decref(records);
}

void kmsg_flush(struct agent *a)
{
	struct kmsg *k = &a->kmsg;
	if (k->held)
		send_records(a, TAKE_PTR(k->held));
	if (k->left_out) {
		CLEANUP_FREE char *text = xasprintf("%u more reports that found nobody to kill were left out", k->left_out);
		wire_send(&a->wire, "note", json_string(text));
	}
	k->left_out = 0;
}

bool kmsg_in_vain(const struct agent *a, int64_t start_ns)
{
	int64_t sign = a->kmsg.nobody_ns > a->tasks.last_exit_ns ? a->kmsg.nobody_ns : a->tasks.last_exit_ns;
	if (sign < start_ns)
		sign = start_ns;
	return a->kmsg.nobody >= VAIN_MIN && now_ns() - sign >= (int64_t)(VAIN_MS * 1e6 * a->scale);
}

bool kmsg_read(struct agent *a)
{
	struct kmsg *k = &a->kmsg;
	json_t *records = json_array();
	bool overrun = false;
	char buf[RECORD_MAX + 1];
	int i;
	for (i = 0; k->fd >= 0 && i < BATCH_MAX; i++) {
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
		take(k, &r, records);
	}
	send_records(a, records);
	return i == BATCH_MAX;
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
	k->nobody = k->left_out = 0;
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
	json_decref(TAKE_PTR(a->kmsg.held));
}
