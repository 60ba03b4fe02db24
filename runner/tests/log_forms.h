/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recorded reports of the project's guests, written in every form in which people have logs: what stands before a
 * line (log_prefixes.c), what happens to it on its way (log_damages.c), whole formats (log_formats.c).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_RECORDS 1200

struct record {
	int64_t usec;
	char *text;		/* may hold newlines */
};

/* Of the report in work. */
extern struct record records[MAX_RECORDS];
extern size_t n_records;

/* For each recorded report: it is in `records`, and `expected` is what is read from its plain form. */
void each_report(void (*check)(const char *path, const json_t *expected));

/* The reports in a log, without what depends on the form: which file, which line. Free it. */
json_t *explain_text(const char *text, size_t len);

/* What stands before a message: %K seconds since boot, %C the clock, %U microseconds, %N a number that grows, the rest
 * as it is. And around it: %M is the message, %J as in a JSON string, %2 as in a string within one. */
struct log_prefix {
	const char *name, *format;
};
extern const struct log_prefix log_prefixes[], log_around[];
extern const size_t n_log_prefixes, n_log_around;

typedef void damage_fn(FILE *f, const char *line);
struct log_damage {
	const char *name;
	damage_fn *put;
	bool keeps_blanks;	/* … of names */
};
extern const struct log_damage log_damages[];
extern const size_t n_log_damages;

struct log_format {
	const char *name;
	void (*put)(FILE *f);
	bool utf8;		/* has no way to write other bytes */
};
extern const struct log_format log_formats[];
extern const size_t n_log_formats;

damage_fn as_it_is;
void put_prefix(FILE *f, const char *format, const struct record *r, const char *message);
void put_lines(FILE *f, const char *format, damage_fn *put);	/* all records, newlines in them included */
void put_escaped(FILE *f, const char *line);			/* as a web page has it */
char *json_escaped(const char *text);				/* without the quotes; free it */
