// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "base/util.h"
#include "watch/state.h"

int loop_watch(struct watch *w, struct source *s, uint32_t events, struct error *err)
{
	struct epoll_event e = { .events = events, .data.ptr = s };
	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, s->fd, &e) < 0)
		return error_set(err, errno, "waiting for a descriptor");
	return 0;
}

void loop_forget(struct watch *w, struct source *s)
{
	if (s->fd < 0)
		return;
	epoll_ctl(w->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	close(s->fd);
	s->fd = -1;
}

static void signal_ready(struct watch *w, struct source *s, uint32_t events)
{
	struct signalfd_siginfo info;
	(void)events;
	if (read(s->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		exec_reap(w);
	else
		w->ending = true;
}

static void tick_ready(struct watch *w, struct source *s, uint32_t events)
{
	uint64_t times;
	(void)events;
	if (read(s->fd, &times, sizeof(times)) != sizeof(times))
		return;
	memory_look(w);
	cgroups_look(w);
	processes_look(w);
	kmsg_tick(w);
	metrics_write(w);
}

static int start_signals(struct watch *w, struct source *s, sigset_t *before, struct error *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, before);
	*s = (struct source){ signal_ready, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) };
	return s->fd < 0 ? error_set(err, errno, "signalfd") : loop_watch(w, s, EPOLLIN, err);
}

static int start_tick(struct watch *w, struct source *s, struct error *err)
{
	struct itimerspec t = { .it_interval.tv_sec = w->options->tick_s, .it_value.tv_sec = w->options->tick_s };
	*s = (struct source){ tick_ready, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK) };
	if (s->fd < 0 || timerfd_settime(s->fd, 0, &t, NULL) < 0)
		return error_set(err, errno, "timerfd");
	return loop_watch(w, s, EPOLLIN, err);
}

static int start_all(struct watch *w, struct error *err)
{
	if (kmsg_start(w, err) < 0 || pressure_start(w, err) < 0 || memory_start(w, err) < 0 || cgroups_start(w, err) < 0)
		return -1;
	return processes_start(w, err);
}

static void tell_start(struct watch *w)
{
	CLEANUP_FREE char *text = xasprintf("watching memory and %zu limited cgroups", cgroups_count(w));
	event_tell(w, &(struct event){ .type = "start", .severity = SEVERITY_NOTICE, .usec = -1, .text = text });
}

static int serve(struct watch *w, struct error *err)
{
	struct epoll_event e;
	tell_start(w);
	metrics_write(w);
	while (!w->ending) {
		/* one at a time: a source that a handler forgets can't be waiting in the same batch */
		int n = epoll_wait(w->epoll, &e, 1, -1);
		if (n < 0 && errno != EINTR)
			return error_set(err, errno, "waiting for events");
		struct source *s = n == 1 ? e.data.ptr : NULL;
		kmsg_look(w);	/* kills are told before anything else that waits, however long that takes */
		if (s)
			s->ready(w, s, e.events);
	}
	return w->out_errnum ? error_set(err, w->out_errnum, "the events can't be written to standard output") : 0;
}

int watch_run(const struct watch_options *options, struct error *err)
{
	struct watch w = { .options = options, .epoll = epoll_create1(EPOLL_CLOEXEC), .pressure_told = INT64_MIN / 2 };
	struct source signals = { NULL, -1 }, tick = { NULL, -1 };
	sigset_t before;
	if (w.epoll < 0)
		return error_set(err, errno, "epoll");
	sigprocmask(SIG_SETMASK, NULL, &before);
	int ret = start_signals(&w, &signals, &before, err);
	if (ret == 0)
		ret = start_tick(&w, &tick, err);
	if (ret == 0)
		ret = start_all(&w, err);
	/* its own pages must be there when there are none left to be had; without the right to it goes on as it is */
	if (ret == 0)
		(void)!mlockall(MCL_CURRENT);
	if (ret == 0)
		ret = serve(&w, err);
	if (ret == 0)
		metrics_write(&w);
	processes_stop(&w);
	cgroups_stop(&w);
	kmsg_stop(&w);
	loop_forget(&w, &signals);
	loop_forget(&w, &tick);
	close(w.epoll);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}
