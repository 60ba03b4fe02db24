// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>

#include "base/util.h"

#define OUT_ROOM (512 << 10)
#define IN_ROOM (256 << 10)
#define OUT_LIMIT (8 << 20)	/* a reader that lets this much pile up is waited for */
#define READER_PATIENCE_MS 10000
#define GATHER_MS 2

static int prepare(int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(err, errno, "descriptor %d for the protocol", fd);
	return 0;
}

int wire_open(struct wire *w, int fd, int out_fd, struct error *err)
{
	if (prepare(fd, err) < 0 || prepare(out_fd, err) < 0)
		return -1;
	*w = (struct wire){ .fd = fd, .out_fd = out_fd, .tty = isatty(fd), .out_room = OUT_ROOM, .in_room = IN_ROOM };
	if (w->tty) {
		struct termios tio;
		if (tcgetattr(fd, &tio) < 0)
			return error_set(err, errno, "reading the settings of the protocol's terminal");
		cfmakeraw(&tio);
		tio.c_cflag |= CLOCAL | CREAD;
		tio.c_cc[VMIN] = 1;
		tio.c_cc[VTIME] = 0;
		cfsetspeed(&tio, B115200);
		if (tcsetattr(fd, TCSANOW, &tio) < 0)
			return error_set(err, errno, "making the protocol's terminal raw");
	}
	w->out = xcalloc(1, OUT_ROOM);
	w->in = xcalloc(1, IN_ROOM);
	memset(w->out, 0, OUT_ROOM);	/* touched: calloc alone may leave the pages to be allocated later */
	memset(w->in, 0, IN_ROOM);
	return 0;
}

static void append(struct wire *w, const char *data, size_t len)
{
	if (w->out_len + len > w->out_room) {
		while (w->out_len + len > w->out_room)
			w->out_room *= 2;
		w->out = xrealloc(w->out, w->out_room, 1);
	}
	memcpy(w->out + w->out_len, data, len);
	w->out_len += len;
}

static int append_cb(const char *data, size_t len, void *w)
{
	append(w, data, len);
	return 0;
}

static bool wait_writable(struct wire *w)
{
	struct pollfd p = { .fd = w->out_fd, .events = POLLOUT };
	int n;
	do
		n = poll(&p, 1, READER_PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

void wire_send(struct wire *w, const char *name, json_t *value)
{
	if (w->gone) {
		json_decref(value);
		return;
	}
	append(w, "{\"", 2);
	append(w, name, strlen(name));
	append(w, "\":", 2);
	json_dump_callback(value, append_cb, w, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	append(w, "}\n", 2);
	json_decref(value);
	while (w->out_len > OUT_LIMIT && !w->gone) {
		if (!wait_writable(w))
			w->gone = true;
		wire_flush(w);
	}
}

void wire_flush(struct wire *w)
{
	size_t done = 0;
	while (done < w->out_len && !w->gone) {
		ssize_t n = write(w->out_fd, w->out + done, w->out_len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			w->gone = true;
			break;
		}
		done += (size_t)n;
	}
	if (w->gone)
		done = w->out_len;
	memmove(w->out, w->out + done, w->out_len - done);
	w->out_len -= done;
}

void wire_drain(struct wire *w)
{
	wire_flush(w);
	while (w->out_len && !w->gone) {
		if (!wait_writable(w))
			w->gone = true;
		wire_flush(w);
	}
	if (w->tty)
		tcdrain(w->fd);
}

bool wire_receive(struct wire *w)
{
	memmove(w->in, w->in + w->in_taken, w->in_len - w->in_taken);
	w->in_len -= w->in_taken;
	w->in_taken = 0;
	for (bool more = false;;) {
		if (w->in_room - w->in_len < 4096) {
			w->in_room *= 2;
			w->in = xrealloc(w->in, w->in_room, 1);
		}
		ssize_t n = read(w->fd, w->in + w->in_len, w->in_room - w->in_len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			/* a UART hands out a line in 16-byte pieces: let some gather, as long as they keep coming */
			if (!w->tty || !more || w->in[w->in_len - 1] == '\n')
				return true;
			more = false;
			poll(NULL, 0, GATHER_MS);
			continue;
		}
		if (n <= 0)
			return false;
		w->in_len += (size_t)n;
		more = true;
	}
}

char *wire_line(struct wire *w)
{
	char *start = w->in + w->in_taken;
	char *end = memchr(start, '\n', w->in_len - w->in_taken);
	if (!end)
		return NULL;
	*end = '\0';
	w->in_taken = (size_t)(end + 1 - w->in);
	return start;
}

json_t *wire_bytes(const char *bytes, size_t len)
{
	size_t wide = 0;
	for (size_t i = 0; i < len; i++)
		wide += !bytes[i] ? 3 : (unsigned char)bytes[i] >> 7;
	if (!wide)
		return json_stringn_nocheck(bytes, len);
	CLEANUP_FREE char *utf8 = xcalloc(len + wide, 1);
	char *p = utf8;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if (!c) {
			p = mempcpy(p, "\\x00", 4);
		} else if (c < 0x80) {
			*p++ = (char)c;
		} else {
			*p++ = (char)(0xc0 | c >> 6);
			*p++ = (char)(0x80 | (c & 0x3f));
		}
	}
	return json_stringn_nocheck(utf8, len + wide);
}

json_t *json_text(const char *bytes)
{
	return bytes ? wire_bytes(bytes, strlen(bytes)) : json_null();
}

static int string_to_bytes(json_t *s, struct error *err)
{
	const char *utf8 = json_string_value(s);
	size_t len = json_string_length(s), n = 0;
	CLEANUP_FREE char *raw = xcalloc(len + 1, 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)utf8[i];
		if (c >= 0xc4)
			return error_set(err, 0, "\"%s\" has a character above U+00FF: strings carry bytes", utf8);
		if (c >= 0xc2)
			c = (unsigned char)(c << 6 | ((unsigned char)utf8[++i] & 0x3f));
		raw[n++] = (char)c;
	}
	json_string_setn_nocheck(s, raw, n);
	return 0;
}

int json_to_bytes(json_t *root, struct error *err)
{
	size_t i;
	const char *key;
	json_t *value;
	if (json_is_string(root))
		return string_to_bytes(root, err);
	json_array_foreach(root, i, value)
		if (json_to_bytes(value, err) < 0)
			return -1;
	json_object_foreach(root, key, value)
		if (json_to_bytes(value, err) < 0)
			return -1;
	return 0;
}
