// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <time.h>

#include "base/jbytes.h"
#include "base/printable.h"
#include "base/util.h"
#include "watch/state.h"

#define AGAIN_BELOW 5		/* points */

int level_reached(const struct watch_options *o, int *level, int percent)
{
	int reached = 0;
	for (size_t i = 0; i < o->n_levels; i++) {
		if (percent >= o->levels[i])
			reached = o->levels[i];
	}
	if (reached > *level) {
		*level = reached;
		return reached;
	}
	while (*level && percent < *level - AGAIN_BELOW) {
		int lower = 0;
		for (size_t i = 0; i < o->n_levels; i++)
			if (o->levels[i] < *level)
				lower = o->levels[i];
		*level = lower;
	}
	return 0;
}

static void count(struct watch *w, const char *type)
{
	for (size_t i = 0; i < EVENT_TYPES; i++) {
		if (!w->counts[i].type)
			w->counts[i].type = type;
		if (streq(w->counts[i].type, type)) {
			w->counts[i].n++;
			return;
		}
	}
}

static json_t *bytes(const char *text)
{
	return text ? json_bytes(text, strlen(text)) : json_null();
}

static char *as_json(struct event *e, const char *when)
{
	json_t *o = json_pack("{ss ss ss so so so so so}", "event", e->type, "severity", severity_name(e->severity), "time", when,
			      "cgroup", bytes(e->cgroup), "comm", bytes(e->comm), "pid",
			      e->pid ? json_integer(e->pid) : json_null(), "percent",
			      e->percent ? json_integer(e->percent) : json_null(), "text", bytes(e->text));
	if (e->more)
		json_object_update(o, e->more);
	char *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	return text ? text : xstrdup("{}");
}

static void print(FILE *out, const struct event *e, const char *when)
{
	CLEANUP_FREE char *text = printable(e->text);
	fprintf(out, "%s %-8s %-8s %s\n", when, severity_name(e->severity), e->type, text);
	for (const char *line = e->block; line && *line;) {
		size_t n = strcspn(line, "\n");
		if (n)
			fprintf(out, "    %.*s\n", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

void event_tell(struct watch *w, struct event *e)
{
	struct timespec now;
	struct tm tm;
	char day[32], when[64];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(when, sizeof(when), "%s.%03ldZ", day, now.tv_nsec / 1000000);
	if (e->usec >= 0) {
		struct timespec boot;
		clock_gettime(CLOCK_MONOTONIC, &boot);
		int64_t delay = boot.tv_sec * INT64_C(1000000) + boot.tv_nsec / 1000 - e->usec;
		if (!e->more)
			e->more = json_object();
		json_object_set_new(e->more, "delay_us", json_integer(delay));
	}
	CLEANUP_FREE char *json = as_json(e, when);
	errno = 0;
	if (w->options->json)
		fprintf(w->options->out, "%s\n", json);
	else
		print(w->options->out, e, when);
	/* who can't tell need not watch; the reason is that of the first time */
	if ((fflush(w->options->out) || ferror(w->options->out)) && !w->out_errnum) {
		w->out_errnum = errno ? errno : EIO;
		w->ending = true;
	}
	count(w, e->type);
	if (w->options->exec && e->severity >= SEVERITY_WARNING)
		exec_run(w, e->type, e->text, json);
	json_decref(e->more);
	e->more = NULL;
}
