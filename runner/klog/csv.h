/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log as a table with commas (RFC 4180), as Splunk, Grafana, Kibana and the clouds' consoles export it: one column has the
 * message, beside others with a date, a host, a label. Which one it is, is learned from a line of a report that has commas of
 * its own, so that it stands in quotes. A record with newlines in it is no row here: its lines are read as they are.
 */
#pragma once

#include "klog/text.h"

#define CSV_FIELDS 64	/* of a row; one with more is none */
#define CSV_LINE 32768	/* bytes */

struct csv {
	int fields, column;	/* of each row; of the message, from 0. fields 0: no table was seen */
	char line[CSV_LINE];
};

/* The message of a row, behind its date where the message has none: "2026-03-03 14:05:06 kernel: …"; of the last line of a
 * record that has several, what is before its further fields. Points into t or c->line until the next call; t itself if it is
 * no row of a table. */
struct text csv_message(struct csv *c, struct text t);
