/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A row of the table to points, under one set of assumptions. Private to recompute.c and points.c.
 */
#pragma once

#include "explain/recompute.h"

/* What could be: one set of rules, one page size, one totalpages. */
struct scenario {
	const struct era *era;
	int64_t page_size, total;
	int64_t told;	/* totalpages as the log tells it, which of kernels before 3.6 is not quite what it was; or 0 */
	bool permille;
};

struct interval {
	int64_t low, high;
};

/* A column's number; OOM_UNKNOWN when it is absent or no number that a kernel has. */
int64_t row_value(const struct oom_row *row, enum oom_column c);

/* Can it be chosen, as far as oom_score_adj says? */
bool row_eligible(const struct oom_row *row);

/* The pages that badness counts, within what the table leaves open. */
struct interval row_base(const struct oom_report *r, const struct scenario *s, const struct oom_row *row);

/* Does the logged score tell that the victim, of uid 0, had no bonus? Then it is the root of a container, and so are those
 * that share its memory cgroup. */
bool root_is_plain(const struct oom_report *r, const struct scenario *s, const struct oom_row *victim);

int64_t points_of(const struct scenario *s, int64_t base, int adj, bool root);
struct interval row_points(const struct oom_report *r, const struct scenario *s, const struct oom_row *row);

/* What the logged score of an old kernel says of totalpages, and of the victim's points. */
void narrow_total(const struct oom_report *r, const struct scenario *s, const struct oom_row *victim, int64_t total[2],
		  bool *exact);
void narrow_points(const struct oom_report *r, const struct scenario *s, bool exact, struct interval *p);
