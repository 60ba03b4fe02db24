/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands. Each is one file, thin: it parses its arguments with argp, calls what does the work, prints, and
 * returns the exit status. A new one needs its prototype here and its line in the table of main.c.
 */
#pragma once

#include <stddef.h>

/* Exit statuses, the same for every subcommand. */
enum {
	STATUS_OK = 0,		/* all passed or skipped; nothing amiss */
	STATUS_FAILED = 1,	/* a test failed; the thing looked at is not as it should be */
	STATUS_USAGE = 2,	/* bad usage or bad input */
	STATUS_ERROR = 3,	/* something could not be done, and nothing failed */
};

/* argv[0] is "oomtests NAME", for argp's messages. argp exits with STATUS_USAGE on bad usage (argp_err_exit_status). */
typedef int subcommand(int argc, char **argv);
subcommand cmd_audit;
subcommand cmd_baseline;
subcommand cmd_compare;
subcommand cmd_drill;
subcommand cmd_explain;
subcommand cmd_kernels;
subcommand cmd_list;
subcommand cmd_merge;
subcommand cmd_recover;
subcommand cmd_report;
subcommand cmd_run;
subcommand cmd_watch;

/* Prints "oomtests: sentence" to standard error and returns the status, so that `return complain(...)` reads well. */
int complain(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds a word to a list that grows; the list is owned (free() it), the words are not. */
void words_add(const char *const **list, size_t *n, const char *word);
