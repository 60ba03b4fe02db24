// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole machine: how much of it is used, and PSI's word that tasks wait for memory. */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include "base/util.h"
#include "watch/state.h"

#define QUIET_NS (INT64_C(10) * 1000000000)	/* between two lines about one pressure that goes on */

/* Percent that MemAvailable leaves; -1 where it can't be read. */
static int used_percent(void)
{
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "/proc/meminfo", 1 << 16, NULL);
	const char *total = text ? strstr(text, "MemTotal:") : NULL, *free_ = text ? strstr(text, "MemAvailable:") : NULL;
	if (!total || !free_)
		return -1;
	int64_t all = strtoll(total + strlen("MemTotal:"), NULL, 10), left = strtoll(free_ + strlen("MemAvailable:"), NULL, 10);
	return all > 0 && left <= all ? (int)(100 - left * 100 / all) : -1;
}

void memory_look(struct watch *w)
{
	int percent = used_percent();
	if (percent < 0)
		return;
	w->memory_percent = percent;
	int level = level_reached(w->options, &w->memory_level, percent);
	if (!level)
		return;
	json_t *list;
	CLEANUP_FREE char *next = next_victims(NULL, &list);
	CLEANUP_FREE char *text = xasprintf("%d %% of memory is used (over %d %%); %s", percent, level, next);
	bool top = level == w->options->levels[w->options->n_levels - 1];
	event_tell(w, &(struct event){ .type = "memory", .severity = top && w->options->n_levels > 1 ? SEVERITY_CRITICAL : SEVERITY_WARNING,
				       .percent = percent, .usec = -1, .more = json_pack("{so}", "next", list), .text = text });
}

int memory_start(struct watch *w, struct error *err)
{
	(void)err;
	memory_look(w);
	return 0;
}

static void pressure_ready(struct watch *w, struct source *s, uint32_t events)
{
	int64_t now = now_ns();
	if (events & EPOLLERR) {
		loop_forget(w, s);
		return;
	}
	memory_look(w);
	cgroups_look(w);
	if (now - w->pressure_told < QUIET_NS)
		return;
	w->pressure_told = now;
	CLEANUP_FREE char *psi = read_whole_at(AT_FDCWD, "/proc/pressure/memory", 4096, NULL);
	size_t len = psi ? strcspn(psi, "\n") : 0;
	json_t *list;
	CLEANUP_FREE char *next = next_victims(NULL, &list);
	CLEANUP_FREE char *text = xasprintf("tasks wait for memory (%.*s); %s", (int)len, psi ? psi : "", next);
	event_tell(w, &(struct event){ .type = "pressure", .severity = SEVERITY_WARNING, .usec = -1,
				       .more = json_pack("{so}", "next", list), .text = text });
}

/*
 * kernel/sched/psi.c:psi_trigger_create(): microseconds of stall in a window. Windows of whole 2 s need no privilege since 6.5.
 * 10 % of some tasks waiting, or 5 % of all of them.
 */
int pressure_start(struct watch *w, struct error *err)
{
	static const char *const triggers[] = { "some 200000 2000000", "full 100000 2000000" };
	static struct source sources[ARRAY_SIZE(triggers)];
	(void)err;
	for (size_t i = 0; i < ARRAY_SIZE(triggers); i++) {
		sources[i] = (struct source){ pressure_ready, open("/proc/pressure/memory", O_RDWR | O_NONBLOCK | O_CLOEXEC) };
		if (sources[i].fd >= 0 && write(sources[i].fd, triggers[i], strlen(triggers[i]) + 1) >= 0 &&
		    loop_watch(w, &sources[i], EPOLLPRI, NULL) == 0)
			continue;
		CLEANUP_FREE char *text = xasprintf("no PSI trigger (%s): pressure is seen at the ticks only", strerror(errno));
		event_tell(w, &(struct event){ .type = "lack", .severity = SEVERITY_NOTICE, .usec = -1, .text = text });
		if (sources[i].fd >= 0)
			close(sources[i].fd);
		break;
	}
	return 0;
}
