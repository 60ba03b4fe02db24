/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The task table (mm/oom_kill.c:dump_tasks()): columns by the names in its header, in whatever order; rows by those
 * columns.
 */
#pragma once

#include "klog/klog.h"
#include "klog/text.h"

#define TABLE_COLUMNS 24

struct table {
	enum oom_column order[TABLE_COLUMNS];	/* behind the pid in brackets; ends with OOM_COL_NAME */
	int n;					/* 0: no header seen */
	bool whole;				/* the header ended in "name" */
};

/* "[  pid  ]   uid  tgid total_vm …". False: t is no such header. */
bool table_header(struct text t, struct table *table);

/* Is this "[ 123]     0   123 …", a row of whatever table, or the beginning of one that goes on in the next line? */
bool table_is_row(struct text t);

/* Is there nothing but a pid in brackets and perhaps numbers? Below a header that can be the beginning of a row. */
bool table_row_begins(struct text t);

/* Is it a row, and not only the beginning? */
bool table_row_is_whole(struct text t);

/* How many numbers a row has behind its pid. */
int table_numbers(struct text t);

/* Reads a row; returns the number of columns that were there (the name counts). A row with fewer than the table has is
 * marked cut. */
int table_row(struct text t, const struct table *table, struct oom_row *row);

/* Columns for rows without a header, by how many numbers a row has and what they can be. False if it can't be said. */
bool table_guess(struct text t, struct table *table);

uint32_t table_mask(const struct table *table);
