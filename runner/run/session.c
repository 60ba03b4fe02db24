// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/session.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "case/plan.h"
#include "run/lines.h"

#define HELLO_MS 180000		/* for a boot under emulation on a busy machine; scaled */
#define LAST_WORDS_MS 2000	/* console text may come after the panic line or the end of the stream; scaled */
#define ACT_MS 60000		/* for what the machine's host is asked to do; scaled */
#define GATHER_MS 2		/* in which a serial port has brought some hundred bytes */
#define CONSOLE_MAX (8u << 20)

struct talk {			/* one session's state while it runs */
	const struct session_request *rq;
	struct session *machine;
	struct observation *seen;
	struct session_marks *marks;
	int64_t begin_ns;
	struct lines lines;
	char *out;		/* what is still to be sent; owned */
	size_t out_len, out_done;
	size_t console_len, console_room, console_scanned;
	bool stream_open, console_open;
	bool hello, ended, panicked;
	int64_t deadline_ns, rest_ns;	/* of what is waited for now; and how long the end of a plan may take */
};

static double since(const struct talk *k)
{
	return (double)(now_ns() - k->begin_ns) / 1e9;
}

static void mark(const struct talk *k, double *when)
{
	if (*when < 0)
		*when = since(k);
}

static void mark_cpu(const struct talk *k, double *used)
{
	clockid_t clock;
	struct timespec t;
	if (*used < 0 && clock_getcpuclockid(k->machine->pid, &clock) == 0 && clock_gettime(clock, &t) == 0)
		*used = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* By a message of the agent that came just now: of all, the one that was the fastest to come is the nearest. */
static void compare_clocks(const struct talk *k, const json_t *message)
{
	const json_t *t = json_object_get(message, "t");
	if (!json_is_integer(t))
		return;
	double zero = since(k) - (double)json_integer_value(t) / 1e6;
	if (!(k->marks->zero <= zero))
		k->marks->zero = zero;
}

static bool has_kill(const json_t *kmsg)
{
	for (size_t i = json_array_size(kmsg); i-- > 0;) {
		const char *text = json_string_value(json_object_get(json_array_get(kmsg, i), "text"));
		if (text && strstr(text, "Killed process"))
			return true;
	}
	return false;
}

/* Appends a line to what is sent to the agent; takes the message. */
static void send_message(struct talk *k, json_t *message)
{
	CLEANUP_FREE char *text = json_dumps(message, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(message);
	char *all = xasprintf("%.*s%s\n", (int)(k->out_len - k->out_done), k->out ? k->out + k->out_done : "", text ? text : "");
	free(k->out);
	k->out = all;
	k->out_len = strlen(all);
	k->out_done = 0;
}

/* {"host": {"step", "what"}}: the agent asks for what only the machine's host can do, and waits for the answer. */
static void act(struct talk *k, const char *line, size_t len)
{
	json_t *message = json_loadb(line, len, 0, NULL), *ask = json_object_get(message, "host");
	const char *what = json_string_value(json_object_get(ask, "what"));
	struct host_order order;
	struct error err = { 0 };
	int64_t deadline = now_ns() + (int64_t)(ACT_MS * k->rq->scale) * 1000000;
	int r = host_order_parse(what ? what : "", &order, &err);
	if (r == 0 && !k->rq->target->act)
		r = error_set(&err, 0, "this target has no host that does such things");
	if (r == 0)
		r = k->rq->target->act(k->machine, &order, deadline, &err);
	json_t *answer = json_pack("{s:O, s:o, s:o}", "step", json_object_get(ask, "step"), "errno",
				   r > 0 ? json_string(strerrorname_np(r)) : json_null(), "error",
				   r < 0 ? json_bytes(err.text, strlen(err.text)) : json_null());
	if (answer)
		send_message(k, json_pack("{s:o}", "host", answer));
	json_decref(message);
}

/* A wait that passed its deadline ends the plan: what is left is the end, and that need not be waited for as long as
 * for all of it. */
static void hurry(struct talk *k)
{
	const json_t *step = json_array_get(k->seen->steps, json_array_size(k->seen->steps) - 1);
	int64_t by = now_ns() + k->rest_ns;
	if (json_is_true(json_object_get(step, "timeout")) && by < k->deadline_ns)
		k->deadline_ns = by;
}

static void on_line(void *context, const char *line, size_t len)
{
	struct talk *k = context;
	const char *name = observation_feed(k->seen, line, len);
	if (!name)
		return;
	if (streq(name, "hello"))
		k->hello = true;
	else if (streq(name, "begin"))
		mark(k, &k->marks->begun);
	else if (streq(name, "step")) {
		mark(k, &k->marks->first_step);
		hurry(k);
	} else if (streq(name, "kmsg") && k->marks->kill < 0 && has_kill(k->seen->kmsg))
		mark(k, &k->marks->kill);
	else if (streq(name, "host"))
		act(k, line, len);
	else if (streq(name, "end"))
		k->ended = true;
	if (streq(name, "begin") || streq(name, "end")) {
		bool begin = streq(name, "begin");
		compare_clocks(k, begin ? k->seen->begin : k->seen->end);
		mark_cpu(k, begin ? &k->marks->begun_cpu : &k->marks->end_cpu);
	}
}

static void read_stream(struct talk *k)
{
	/* a bounded number of reads, so that a stream that never pauses can't keep the deadline from being seen */
	for (int i = 0; i < 64; i++) {
		int got = lines_read(&k->lines, k->machine->fd, on_line, k);
		if (got > 0 && !k->ended)
			continue;
		if (got == 0 || (got < 0 && errno != EAGAIN))
			k->stream_open = false;
		break;
	}
	if (k->lines.dropped) {
		k->lines.dropped = false;
		json_array_append_new(k->seen->errors,
				      json_pack("{s:n s:s}", "step", "what",
						"a line of the agent was too long and is lost"));
	}
}

/* Keeps the text as it comes, without NULs; when it grows out of all measure, its beginning and its end. */
static void read_console(struct talk *k)
{
	char buf[16384];
	ssize_t n = read(k->machine->console_fd, buf, sizeof(buf));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		k->console_open = false;
		return;
	}
	struct observation *seen = k->seen;
	if (k->console_len + (size_t)n > CONSOLE_MAX) {
		size_t quarter = CONSOLE_MAX / 4;
		memmove(seen->console + quarter, seen->console + 2 * quarter, k->console_len - 2 * quarter);
		k->console_len -= quarter;
		k->console_scanned = quarter;
	}
	if (k->console_len + (size_t)n + 1 > k->console_room) {
		k->console_room = 2 * (k->console_len + (size_t)n + 1);
		seen->console = xrealloc(seen->console, k->console_room, 1);
	}
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i])
			seen->console[k->console_len++] = buf[i];
	}
	seen->console[k->console_len] = '\0';
	k->panicked = k->panicked || console_panic(seen->console + k->console_scanned);
	k->console_scanned = k->console_len > 64 ? k->console_len - 64 : 0;	/* the text may come in two pieces */
}

static void send_more(struct talk *k)
{
	ssize_t n = write(k->machine->to_fd, k->out + k->out_done, k->out_len - k->out_done);
	if (n > 0)
		k->out_done += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		k->out_done = k->out_len;	/* the stream is dead; reading it will say so */
	if (k->out_done == k->out_len)
		mark(k, &k->marks->plan_sent);
}

/* Reads and writes until `done` says so (1), both streams are closed (0), or this time and no more has passed (-1),
 * unless hurry(). */
static int talk_for(struct talk *k, int64_t ns, bool (*done)(const struct talk *k))
{
	k->deadline_ns = now_ns() + ns;
	while (!done(k)) {
		if (!k->stream_open && !k->console_open)
			return 0;
		int64_t left = k->deadline_ns - now_ns();
		if (left <= 0)
			return -1;
		bool sending = k->stream_open && k->out_done < k->out_len;
		struct pollfd fds[3] = {
			{ .fd = k->stream_open ? k->machine->fd : -1, .events = POLLIN },
			{ .fd = k->console_open ? k->machine->console_fd : -1, .events = POLLIN },
			{ .fd = sending ? k->machine->to_fd : -1, .events = POLLOUT },
		};
		int64_t ms = left / 1000000 + 1;
		if (poll(fds, ARRAY_SIZE(fds), ms > 60000 ? 60000 : (int)ms) < 0 && errno != EINTR)
			return -1;
		if (fds[1].revents)
			read_console(k);
		if (fds[2].revents)
			send_more(k);
		if (fds[0].revents) {
			/* who waits on a pipe is woken by every byte, and takes the time from the machine that writes them */
			if (k->machine->trickles)
				poll(NULL, 0, GATHER_MS);
			read_stream(k);
		}
	}
	return 1;
}

static bool said_hello(const struct talk *k)
{
	return k->hello || k->panicked || !k->stream_open;
}

static bool over(const struct talk *k)
{
	return k->ended || k->panicked || !k->stream_open;
}

static bool console_is_over(const struct talk *k)
{
	return !k->console_open || strstr(k->seen->console, "end Kernel panic");
}

/* "step 3 (grow)": the last that the agent answered; for the text about what never came. */
static char *last_step(const struct observation *seen)
{
	json_t *step = json_array_get(seen->steps, json_array_size(seen->steps) - 1);
	if (!json_array_size(seen->steps))
		return xstrdup("no step was answered");
	const char *op = json_string_value(json_object_get(step, "op"));
	return xasprintf("the last answer was to step %lld (%s)",
			 (long long)json_integer_value(json_object_get(step, "i")), op ? op : "?");
}

static void say(struct observation *seen, enum fate fate, char *text)
{
	seen->fate = fate;
	free(seen->fate_text);
	seen->fate_text = text;
}

/* Hello, plan, answers. Leaves the fate in the observation; FATE_DIED without text where the end of the machine will
 * tell. */
static void converse(struct talk *k, json_t *plan)
{
	const struct session_request *rq = k->rq;
	struct observation *seen = k->seen;
	int64_t grace_ns = (int64_t)(LAST_WORDS_MS * rq->scale) * 1000000;
	int got = talk_for(k, (int64_t)(HELLO_MS * rq->scale) * 1000000, said_hello);
	if (got < 0) {
		say(seen, FATE_NOT_STARTED, xasprintf("no agent answered within %.0f s", HELLO_MS * rq->scale / 1000));
		return;
	}
	if (!k->hello) {
		talk_for(k, grace_ns, console_is_over);
		say(seen, FATE_NOT_STARTED,
		    k->panicked ? xstrdup("the kernel panicked before the agent answered") : NULL);
		return;
	}
	send_message(k, json_pack("{s:O}", "plan", plan));
	k->rest_ns = plan_rest_ms(plan) * 1000000;
	int64_t begin = now_ns();
	got = talk_for(k, plan_deadline_ms(plan) * 1000000, over);
	mark(k, &k->marks->end);
	if (k->ended) {
		say(seen, FATE_ENDED, NULL);
		return;
	}
	if (got < 0) {
		CLEANUP_FREE char *last = last_step(seen);
		say(seen, FATE_SILENT, xasprintf("no end within %.0f s; %s", (double)(now_ns() - begin) / 1e9, last));
		return;
	}
	/* the stream ended or the kernel panicked: what the console still says belongs to it */
	talk_for(k, grace_ns, console_is_over);
	if (k->stream_open)
		read_stream(k);
	if (k->panicked) {
		say(seen, FATE_PANIC, NULL);
	} else {
		CLEANUP_FREE char *last = last_step(seen);
		say(seen, FATE_DIED, xasprintf("the stream from the agent ended; %s", last));
	}
}

static char *how_ended(enum machine_end end, int status)
{
	if (end == MACHINE_RESET)
		return xstrdup("the machine reset itself");
	if (end == MACHINE_OFF)
		return xstrdup("the machine powered off");
	if (end == MACHINE_DIED && WIFSIGNALED(status))
		return xasprintf("the machine's process died of signal %d (%s)", WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
	if (end == MACHINE_DIED)
		return xasprintf("the machine's process exited with status %d", WEXITSTATUS(status));
	return xstrdup("the machine was still running");
}

static void finish(struct talk *k)
{
	int status = 0;
	enum machine_end end = k->rq->target->stop(k->machine, &status);
	k->machine = NULL;
	mark(k, &k->marks->stopped);
	struct observation *seen = k->seen;
	if (seen->fate == FATE_DIED || (seen->fate == FATE_NOT_STARTED && !seen->fate_text)) {
		CLEANUP_FREE char *how = how_ended(end, status);
		say(seen, seen->fate, seen->fate_text ? xasprintf("%s; %s", seen->fate_text, how) :
							xasprintf("no agent answered: %s", how));
	}
}

/* Reads behind the test's own steps; no check looks at them. */
static void collect(json_t *plan, const char *const *paths)
{
	json_t *steps = json_object_get(plan, "steps");
	for (; paths && *paths; paths++)
		json_array_append_new(steps, json_pack("{s:s s:o s:i s:i}", "op", "read", "path",
						       json_bytes(*paths, strlen(*paths)), "src", -1, "episode", -1));
}

struct observation *session_run(const struct session_request *rq, json_t **plan, struct session_marks *marks)
{
	*marks = (struct session_marks){ -1, -1, -1, -1, -1, -1, -1, -1, -1, NAN };
	struct talk k = {
		.rq = rq,
		.seen = observation_new(),
		.marks = marks,
		.begin_ns = now_ns(),
		.stream_open = true,
	};
	/* the pid makes it unlike those of other runs on the same host, and of an earlier one that left something */
	CLEANUP_FREE char *root = xasprintf("oomtests-%d-0", (int)getpid());
	*plan = plan_make(rq->test, root, rq->scale);
	collect(*plan, rq->collect);
	struct error err = { 0 };
	k.machine = rq->target->start(rq->template, rq->machine, rq->boot, &err);
	if (!k.machine) {
		say(k.seen, FATE_NOT_STARTED, xstrdup(err.text));
		mark(&k, &marks->end);
		return k.seen;
	}
	mark(&k, &marks->running);
	/* not earlier: what the target starts must not inherit it */
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	k.console_open = k.machine->console_fd >= 0;
	/* the machine's own words; those of its template hold for a clone; else they are still to come on the stream */
	const char *hello = k.machine->hello ? k.machine->hello : rq->hello;
	if (hello)
		k.hello = streq(observation_feed(k.seen, hello, strlen(hello)), "hello");
	if (*k.machine->note)
		json_array_append_new(k.seen->notes, json_bytes(k.machine->note, strlen(k.machine->note)));
	converse(&k, *plan);
	mark(&k, &marks->end);
	finish(&k);
	signal(SIGPIPE, before);
	lines_release(&k.lines);
	free(k.out);
	return k.seen;
}

static json_t *whole_us(double seconds)
{
	return json_real((double)(int64_t)(seconds * 1e6) / 1e6);
}

json_t *session_marks_to_json(const struct session_marks *marks)
{
	const struct {
		const char *name;
		double at;
	} all[] = {
		{ "running", marks->running }, { "plan_sent", marks->plan_sent }, { "begun", marks->begun },
		{ "first_step", marks->first_step }, { "kill", marks->kill }, { "end", marks->end },
		{ "stopped", marks->stopped }, { "begun_cpu", marks->begun_cpu }, { "end_cpu", marks->end_cpu },
	};
	json_t *root = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		json_object_set_new(root, all[i].name, all[i].at < 0 ? json_null() : whole_us(all[i].at));
	json_object_set_new(root, "zero", isnan(marks->zero) ? json_null() : whole_us(marks->zero));
	return root;
}
