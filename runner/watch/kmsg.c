// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's log: a line at once for each "Killed process", and the whole report explained when it is over. Where the log may
 * not be read, /proc/vmstat tells at the ticks that something was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "base/util.h"
#include "explain/explain.h"
#include "klog/follow.h"
#include "klog/line.h"
#include "watch/state.h"

#define QUIET_MS 1000		/* a report whose last line is so old is told: the reaper's line, which may come later, adds nothing */

struct kmsg_watch {
	struct source kmsg, quiet;
	struct klog *klog;
	struct watch *w;
	struct explainer explainer;
	int64_t vmstat;		/* oom_kill, when the log can't be read */
};

static int64_t vmstat_kills(void)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "/proc/vmstat", 1 << 16, NULL);
	const char *line = text ? strstr(text, "\noom_kill ") : NULL;
	return line ? strtoll(line + strlen("\noom_kill "), NULL, 10) : -1;
}

/* The sink of the log: a finished report, for people or within an event. */
static void explained(struct oom_report *r, void *arg)
{
	struct kmsg_watch *k = arg;
	char *text = NULL;
	size_t len;
	k->explainer.json = k->w->options->json;
	k->explainer.out = open_memstream(&text, &len);
	CLEANUP_FREE char *cgroup = r->oom_memcg ? xstrdup(r->oom_memcg) : NULL;
	if (!k->explainer.out) {
		oom_report_free(r);
		return;
	}
	explain_report(r, &k->explainer);
	fclose(k->explainer.out);
	json_t *report = k->w->options->json ? json_loads(text, 0, NULL) : NULL;
	event_tell(k->w, &(struct event){ .type = "report", .severity = SEVERITY_NOTICE, .cgroup = cgroup, .usec = -1,
					  .more = report ? json_pack("{so}", "report", report) : NULL,
					  .text = "the kernel's OOM report, explained", .block = text });
	free(text);
}

/* "level,seq,usec,…;text": the text, as it stands there with its \xNN, and its time. */
static void tell_kill(struct kmsg_watch *k, const char *record, size_t len)
{
	const char *semicolon = memchr(record, ';', len);
	struct text t = text_of(record, len);
	int64_t level, seq, usec;
	if (!semicolon || !text_int(&t, &level) || !text_eat(&t, ",") || !text_int(&t, &seq) || !text_eat(&t, ",") || !text_int(&t, &usec))
		return;
	const char *text = semicolon + 1, *end = memchr(text, '\n', len - (size_t)(text - record));
	struct line l = { .kind = LINE_OTHER };
	size_t n = end ? (size_t)(end - text) : len - (size_t)(text - record);
	if ((level & ~7) || !line_kill_parse(text_of(text, n), &l) || l.kind != LINE_KILLED)
		return;
	bool memcg = l.kill.prefix == OOM_PREFIX_MEMCG;
	k->w->kills++;
	k->w->kills_memcg += memcg;
	CLEANUP_FREE char *sentence = xasprintf("%s was killed (pid %" PRId64 ", anon %" PRId64 " kB, oom_score_adj %" PRId64 "): %s",
						l.kill.comm, l.kill.pid, l.kill.anon_rss_kb, l.kill.oom_score_adj,
						memcg ? "a memory cgroup was at its limit" : "the machine was out of memory");
	event_tell(k->w, &(struct event){ .type = "kill", .severity = SEVERITY_CRITICAL, .comm = l.kill.comm, .pid = l.kill.pid,
					  .usec = usec, .text = sentence });
}

static void arm_quiet(struct kmsg_watch *k)
{
	struct itimerspec t = { .it_value.tv_nsec = QUIET_MS % 1000 * 1000000L, .it_value.tv_sec = QUIET_MS / 1000 };
	if (klog_open(k->klog))
		timerfd_settime(k->quiet.fd, 0, &t, NULL);
}

void kmsg_look(struct watch *w)
{
	static char buf[8193];
	struct kmsg_watch *k = w->kmsg;
	while (k->kmsg.fd >= 0) {
		ssize_t n = read(k->kmsg.fd, buf, sizeof(buf) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* records were lost; what is left is read */
		if (n <= 0)
			break;
		tell_kill(k, buf, (size_t)n);
		kmsg_record(k->klog, buf, (size_t)n);
		arm_quiet(k);
	}
}

static void kmsg_ready(struct watch *w, struct source *s, uint32_t events)
{
	(void)s;
	(void)events;
	kmsg_look(w);
}

static void quiet_ready(struct watch *w, struct source *s, uint32_t events)
{
	uint64_t times;
	(void)events;
	if (read(s->fd, &times, sizeof(times)) == sizeof(times))
		klog_flush(w->kmsg->klog);
}

int kmsg_start(struct watch *w, struct error *err)
{
	struct kmsg_watch *k = w->kmsg = xcalloc(1, sizeof(*k));
	k->w = w;
	k->explainer.earlier.usec = OOM_UNKNOWN;
	k->klog = klog_new(explained, k);
	k->vmstat = vmstat_kills();
	k->quiet = (struct source){ quiet_ready, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK) };
	if (k->quiet.fd < 0 || loop_watch(w, &k->quiet, EPOLLIN, err) < 0)
		return error_set(err, errno, "timerfd");
	k->kmsg = (struct source){ kmsg_ready, open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC) };
	if (k->kmsg.fd >= 0) {
		lseek(k->kmsg.fd, 0, SEEK_END);
		return loop_watch(w, &k->kmsg, EPOLLIN, err);
	}
	CLEANUP_FREE char *text = xasprintf("/dev/kmsg can't be read (%s): kills are only counted, at the ticks; run as root", strerror(errno));
	event_tell(w, &(struct event){ .type = "lack", .severity = SEVERITY_NOTICE, .usec = -1, .text = text });
	return 0;
}

void kmsg_tick(struct watch *w)
{
	struct kmsg_watch *k = w->kmsg;
	if (k->kmsg.fd >= 0)
		return;
	int64_t now = vmstat_kills(), more = now - k->vmstat;
	if (k->vmstat < 0 || more <= 0)
		return;
	k->vmstat = now;
	w->kills += (uint64_t)more;
	CLEANUP_FREE char *text = xasprintf("the OOM killer has killed (%" PRId64 " times)", more);
	event_tell(w, &(struct event){ .type = "kill", .severity = SEVERITY_CRITICAL, .usec = -1, .text = text });
}

void kmsg_stop(struct watch *w)
{
	struct kmsg_watch *k = w->kmsg;
	if (!k)
		return;
	klog_flush(k->klog);
	klog_free(k->klog);
	loop_forget(w, &k->kmsg);
	loop_forget(w, &k->quiet);
	free(k);
	w->kmsg = NULL;
}
