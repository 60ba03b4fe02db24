/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines to reports. Several reports may be open at once, each in its own context (the caller of CONFIG_PRINTK_CALLER,
 * the host of a merged log); a line goes to the open report that its kind can continue, and to a new one otherwise.
 */
#pragma once

#include "klog/klog.h"
#include "klog/line.h"
#include "klog/prefix.h"
#include "klog/repeats.h"
#include "klog/table.h"

/* Where in a report we are: a line of an earlier stage than the one reached begins another report. */
enum stage { STAGE_HEAD, STAGE_TRACE, STAGE_MEMORY, STAGE_TABLE, STAGE_SELECTED, STAGE_CHOICE, STAGE_KILLED };

struct open {
	struct oom_report *r;
	uint32_t context;
	enum stage stage;
	struct table table;
	bool in_stats, in_slabs;
	bool strong;		/* shows something that only an OOM report has */
	bool done;		/* over; waits for older ones to be handed out first */
	uint64_t touched;	/* count of the last line that belonged to it */
	int64_t usec;		/* its time stamp */
	int twin_heads;		/* first lines just like its own right behind that one */
	bool twin_lines;	/* … and further lines came twice: so did the first */
};

#define MAX_OPEN 16
#define MAX_HELD_ROWS 98304	/* in all open reports together */

struct assembly {
	oom_sink sink;
	void *arg;
	struct open open[MAX_OPEN];	/* oldest first */
	int n;
	size_t held_rows;
	struct repeats repeats;
	uint64_t count;			/* lines seen; with numbers, the last number */
	uint64_t relevant;		/* lines that were of a report */
	int64_t usec;			/* time stamp of the line in work, or OOM_UNKNOWN */
	bool foreign_dump;		/* the memory block that follows belongs to a page allocation failure */
	bool sysrq;
	bool spoke;			/* the kernel itself said who was killed: nobody needs to repeat it */
	int64_t suppressed;
	int twin_heads;			/* of the first line that is still to come */
};

/* One parsed line. `text` is what l was parsed from. */
void assemble(struct assembly *a, const struct prefix *p, uint64_t number, struct text text, const struct line *l);

/* The line before came once more. head: it may be the first line of another report; waits: it was not handed in yet. */
void assemble_twin(struct assembly *a, bool head, bool waits);

void assemble_flush(struct assembly *a);

/* The table that a row of this context would belong to; NULL if no header was seen. */
const struct table *assemble_table(const struct assembly *a, uint32_t context);

/* Within the module. A finished report is handed out when every older one has ended; slots move then. */
void assembly_finish(struct assembly *a, struct open *o);
struct open *assembly_begin(struct assembly *a, const struct prefix *p, uint64_t number, bool strong);
struct open *assembly_current(struct assembly *a, uint32_t context);
struct open *assembly_by_killed_pid(struct assembly *a, int64_t pid);
struct open *assembly_at_most(struct assembly *a, const struct prefix *p, uint64_t number, enum stage last, bool again);
void assembly_set(char **at, struct text t);	/* unless it is set */
void assembly_set_above(char **at, struct text t, struct text below);

/* assemble_memory.c, assemble_kill.c: a line of one of some kinds to the report it belongs to, which is returned; NULL:
 * none. */
struct open *on_head(struct assembly *a, const struct prefix *p, uint64_t number, struct text text,
			    const struct line *l);
struct open *on_memcg(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l);
struct open *on_memory(struct assembly *a, const struct prefix *p, uint64_t number, struct text text,
			      const struct line *l);
struct open *on_table(struct assembly *a, const struct prefix *p, uint64_t number, struct text text,
			     const struct line *l);
struct open *on_selected(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l);
struct open *on_choice(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l);
struct open *on_killed(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l);
struct open *on_reaped(struct assembly *a, const struct prefix *p, const struct line *l);
struct open *on_end(struct assembly *a, const struct prefix *p, uint64_t number, const struct line *l);

/* report.c */
struct oom_report *oom_report_new(void);
void oom_report_problem(struct oom_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct oom_row *oom_report_add_row(struct oom_report *r);	/* NULL: too many */
struct oom_kill *oom_report_add_kill(struct oom_report *r);	/* NULL: too many */
void oom_report_stat(struct oom_report *r, struct text name, int64_t value, bool add);
void oom_report_finish(struct oom_report *r);			/* page size, completeness, what is amiss */

/* memory.c: the lines of the memory block into r */
void memory_counts(struct oom_meminfo *m, struct text t);
void memory_zone(struct oom_report *r, const struct line *l);
void memory_pages(struct oom_meminfo *m, const struct line *l);
void memory_slab(struct oom_report *r, const struct line *l);
void memory_stats_line(struct oom_report *r, struct text t);	/* "cache:12KB rss:…" */
