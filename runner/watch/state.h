/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the sources of a watch share. For the module's own files. */
#pragma once

#include <jansson.h>
#include <sys/types.h>

#include "watch/watch.h"

struct watch;

/* --- loop.c: one epoll -------------------------------------------------------------------------------------- */

struct source {
	void (*ready)(struct watch *w, struct source *s, uint32_t events);
	int fd;
};
int loop_watch(struct watch *w, struct source *s, uint32_t events, struct error *err);
void loop_forget(struct watch *w, struct source *s);	/* closes its fd */

/* --- event.c ------------------------------------------------------------------------------------------------ */

struct event {
	const char *type;	/* "memory", "cgroup", "pressure", "kill", … : static, stable */
	enum severity severity;
	const char *cgroup;	/* or NULL */
	const char *comm;	/* or NULL; bytes */
	int64_t pid;		/* or 0 */
	int percent;		/* or 0 */
	int64_t usec;		/* kernel's time of it, or -1 */
	json_t *more;		/* further members for JSON, or NULL; owned, taken by event_tell() */
	const char *text;	/* one sentence; for people, escaped when printed */
	const char *block;	/* several lines below it, or NULL */
};
void event_tell(struct watch *w, struct event *e);

/* --- levels ------------------------------------------------------------------------------------------------- */

/* Which level was newly reached (its percent), or 0. A level is told again only after use fell 5 points below it. */
int level_reached(const struct watch_options *o, int *level, int percent);

/* --- next.c ------------------------------------------------------------------------------------------------- */

/* "next: a (pid 5), b (pid 7)": who would die in this cgroup (path), or in the whole machine (NULL); malloced. *list gets the
 * same as a JSON array. */
char *next_victims(const char *cgroup, json_t **list);

/* --- the sources: each -1 with err where it can't work at all; what it can't see it says as an event --------- */

int pressure_start(struct watch *w, struct error *err);
int memory_start(struct watch *w, struct error *err);
void memory_look(struct watch *w);		/* how much is used now? */
int cgroups_start(struct watch *w, struct error *err);
void cgroups_tell_missing(struct watch *w, const struct machine *m);	/* those asked for that are not there */
void cgroups_look(struct watch *w);
void cgroups_stop(struct watch *w);
size_t cgroups_count(const struct watch *w);
const char *cgroups_percent(const struct watch *w, size_t i, int *percent);	/* path of the i-th, and what it uses */
int kmsg_start(struct watch *w, struct error *err);
void kmsg_look(struct watch *w);		/* reads what is there now */
void kmsg_tick(struct watch *w);
void kmsg_stop(struct watch *w);
int processes_start(struct watch *w, struct error *err);
void processes_look(struct watch *w);
void processes_stop(struct watch *w);

/* exec.c */
void exec_run(struct watch *w, const char *type, const char *text, const char *json);
void exec_reap(struct watch *w);

/* metrics.c */
void metrics_write(struct watch *w);

#define EVENT_TYPES 16

struct watch {
	const struct watch_options *options;
	int epoll;
	bool ending;
	int out_errnum;		/* why an event could not be written, or 0 */
	struct {
		const char *type;
		uint64_t n;
	} counts[EVENT_TYPES];	/* by type, for the metrics */
	uint64_t kills, kills_memcg;
	int memory_percent, memory_level;
	int64_t pressure_told;	/* ns */
	pid_t children[8];	/* of --exec */
	uint64_t exec_skipped;
	struct cgroup_watch *cgroups;
	struct kmsg_watch *kmsg;
	struct process_watch *processes;
};
