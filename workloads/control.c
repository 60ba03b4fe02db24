// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control stream: one order a line, each answered by one line. Besides, a line comes for every child that starts or ends.
 * Waiting touches nothing but the buffers here, which are faulted in before `ready`.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oomload.h"

int control_in, control_out = -1;

static char order_text[1024];

static void on_child(int signo)
{
	(void)signo;	/* it interrupts ppoll(), and procs_reap() does the rest */
}

static bool is_pipe(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

void control_init(void)
{
	bool given = fcntl(3, F_GETFD) >= 0;
	control_in = given ? 3 : STDIN_FILENO;
	control_out = !given ? STDOUT_FILENO : is_pipe(4) ? 4 : 3;

	signal(SIGPIPE, SIG_IGN);
	struct sigaction sa = { .sa_handler = on_child };
	sigaction(SIGCHLD, &sa, NULL);
	sigset_t block;
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_SETMASK, &block, NULL);	/* delivered inside ppoll() only */
}

void control_say_ready(void)
{
	say(control_out, "ready %u", (uint64_t)getpid());
	procs_say_all();
}

bool control_gone(short revents)
{
	return control_in == 3 && (revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

/* Waits for an order if `wait`. NULL: there is none yet, or with *ended, there will be none.
 * It is read byte by byte, so that what follows an `exec` is left for the program that starts then. */
static char *next_order(bool wait, bool *ended)
{
	static const struct timespec at_once;
	static size_t len;
	static bool skipping;	/* the rest of a line that was too long */
	sigset_t others;	/* what a call has blocked stays so */
	sigprocmask(SIG_BLOCK, NULL, &others);
	sigdelset(&others, SIGCHLD);
	for (;;) {
		struct pollfd p = { .fd = control_in, .events = POLLIN };
		int n = ppoll(&p, 1, wait ? NULL : &at_once, &others);
		procs_reap();
		if (n == 0)
			return NULL;
		if (n < 0)
			continue;	/* EINTR: a child ended */
		char c;
		ssize_t got = read(control_in, &c, 1);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0) {
			*ended = true;
			return NULL;
		}
		if (c != '\n') {
			if (len < sizeof(order_text) - 1)
				order_text[len++] = c;
			else
				skipping = true;
			continue;
		}
		order_text[len] = '\0';
		len = 0;
		if (!skipping)
			return order_text;
		skipping = false;
		error_say("an order is longer than %u bytes", (uint64_t)sizeof(order_text) - 1);
	}
}

static void leave(struct load *l) __attribute__((noreturn));
static void leave(struct load *l)
{
	if (l->kind->close)
		l->kind->close(l);
	procs_end();
	_exit(0);
}

/* `goal` is what was asked for. Less without a failure: a child that held the rest is dead. */
static void say_total(struct load *l, failure f, uint64_t goal)
{
	if (!f && l->total < goal)
		f = ECHILD;
	if (f)
		say(control_out, "failed %s %u", failure_name(f), l->total);
	else
		say(control_out, "filled %u", l->total);
}

static void order_fill(struct load *l, char *args)
{
	uint64_t bytes;
	char *word = next_word(&args);
	if (!word || next_word(&args) || !parse_size(word, &bytes)) {
		error_say("fill and shrink take a size in bytes");
		return;
	}
	failure f = load_resize(l, bytes);
	say_total(l, f, bytes);
}

/* What may be asked while growing. Returns false when growing has to end. */
static bool serve_while_growing(struct load *l, char *order)
{
	if (streq(order, "stop"))
		return false;
	if (streq(order, "ping"))
		say(control_out, "pong");
	else if (streq(order, "quit"))
		leave(l);
	else
		error_say("%s: not while growing; stop first", order);
	return true;
}

static void order_grow(struct load *l, char *args)
{
	uint64_t step, to;
	char *step_word = next_word(&args), *to_word = next_word(&args);
	if (!to_word || next_word(&args) || !parse_size(step_word, &step) || !parse_size(to_word, &to) || !step) {
		error_say("grow takes a step and where to end, in bytes (0: without end)");
		return;
	}
	/* An OOM must come the way programs meet it: in a page fault of user mode. */
	bool before = l->by_faults;
	l->by_faults = true;
	failure f = 0;
	uint64_t goal = l->total;
	while (!f && (!to || goal < to)) {
		bool ended = false;
		char *order = next_order(false, &ended);
		if (ended)
			leave(l);
		if (order && !serve_while_growing(l, order))
			break;
		if (order)
			continue;
		if (__builtin_add_overflow(goal, step, &goal) || (to && goal > to))
			goal = to ? to : UINT64_MAX;
		f = load_resize(l, goal);
	}
	l->by_faults = before;
	say_total(l, f, goal);
}

static void order_touch(struct load *l, char *args)
{
	(void)args;
	say(control_out, "touched %u", l->kind->touch(l));
}

static void order_ping(struct load *l, char *args)
{
	(void)l, (void)args;
	say(control_out, "pong");
}

static void order_stop(struct load *l, char *args)
{
	(void)args;
	say_total(l, 0, 0);	/* growing ended by itself meanwhile */
}

static void order_quit(struct load *l, char *args)
{
	(void)args;
	leave(l);
}

static const struct {
	const char *word;
	void (*serve)(struct load *l, char *args);
} orders[] = {
	{ "fill", order_fill },
	{ "grow", order_grow },
	{ "stop", order_stop },
	{ "ping", order_ping },
	{ "touch", order_touch },
	{ "shrink", order_fill },
	{ "call", call_run },
	{ "quit", order_quit },
};

static void serve_order(struct load *l, char *order)
{
	char *word = next_word(&order);
	if (!word)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (streq(orders[i].word, word)) {
			orders[i].serve(l, order);
			return;
		}
	error_say("%s: no such order; fill, grow, stop, ping, touch, shrink, call and quit are known", word);
}

void control_serve(struct load *l)
{
	for (;;) {
		bool ended = false;
		char *order = next_order(true, &ended);
		if (!order)
			leave(l);
		serve_order(l, order);
	}
}
