/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's choice again, from the report's own table. Whatever the log does not say (the swap behind a memcg's
 * limit, who has CAP_SYS_ADMIN, the version) is carried as bounds: the answer is yes or no only if every value within
 * them gives it, and otherwise the reason why it can't be told.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "klog/klog.h"
#include "model/model.h"

enum agreement { UNDECIDED, AGREES, DISAGREES };

#define TOP 10

struct candidate {
	const struct oom_row *row;
	int64_t base;		/* pages, as far as the table tells */
	int64_t points;		/* nominal: pages; of kernels before 3.6, thousandths of totalpages */
};

struct recomputed {
	bool have;		/* one row is the choice, whatever the unknown values are */
	const struct oom_row *row;
	int64_t points, margin_pages; /* OOM_UNKNOWN: they depend on what the log does not say, or there is no second */
	int64_t totalpages;	/* OOM_UNKNOWN: not in the log; then between the bounds */
	int64_t total_low, total_high;
	int64_t page_size;	/* the report's, or the likeliest one: page_size_sure */
	bool page_size_sure;
	struct era era;		/* the likeliest */
	bool permille;		/* before 3.6: points are thousandths */
	enum agreement agreement;
	char why[200];		/* for UNDECIDED and DISAGREES: one sentence */
	const char *unless;	/* for DISAGREES: what could excuse it, "unless …"; NULL: nothing. Static */
	struct candidate top[TOP];	/* nominal, the worst first */
	size_t n_top;
	size_t n_eligible;
	bool root_plain;	/* the score tells that the victim, of uid 0, had no bonus */
	const struct oom_row *victim;	/* the row of the chosen one, or NULL */
};

/* Kills of earlier reports of the same log: those processes may have been in the table, and no longer have been
 * candidates. A ring of the last ones. */
#define EARLIER 256
struct earlier {
	int64_t pid[EARLIER];
	size_t n;
	int64_t usec;		/* of the last one, or OOM_UNKNOWN */
};

/* The kills of a report that was looked at. */
void earlier_add(struct earlier *e, const struct oom_report *r);

void recompute(const struct oom_report *r, const struct earlier *earlier, struct recomputed *out);

/* What is the id in "Kill process", where the Killed line (which there is) has another? Only a process of the table can
 * have a child that dies in its place. */
enum chosen_is { CHOSEN_IS_PARENT, CHOSEN_IS_THREAD, CHOSEN_IS_EITHER };
enum chosen_is chosen_is(const struct oom_report *r);

/* eras.c: which rules may have held. The likeliest first; at most MAX_ERAS. */
#define MAX_ERAS 12
size_t eras_of(const struct oom_report *r, struct era eras[MAX_ERAS]);

/* Is it a kernel whose points are thousandths of the memory (2.6.36 to 3.5, and RHEL 6)? */
bool era_is_permille(const struct oom_report *r, const struct era *era);

/* total.c: bounds of totalpages for a page size. *exact is false if the two differ or are estimates. */
void total_bounds(const struct oom_report *r, int64_t page_size, int64_t *low, int64_t *high, bool *exact);

/* The least that totalpages may be taken for, in pages: with the swap that is in use by the table. 0: not even RAM, or the
 * limit, is in the log. */
int64_t total_least(const struct oom_report *r, int64_t page_size);

/* Pages of swap that there are at least, by the table: the most that one row has, for entries are shared after a fork. */
int64_t swap_in_use(const struct oom_report *r);
