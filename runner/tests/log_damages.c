// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "tests/log_forms.h"

/* What becomes of a whole line on its way. */
void put_escaped(FILE *f, const char *line)
{
	for (; *line; line++) {
		const char *entity = *line == '<' ? "&lt;" : *line == '>' ? "&gt;" : *line == '&' ? "&amp;" : NULL;
		if (entity)
			fputs(entity, f);
		else
			fputc(*line, f);
	}
}

void as_it_is(FILE *f, const char *line) { fprintf(f, "%s\n", line); }
static void dos(FILE *f, const char *line) { fprintf(f, "%s\r\n", line); }
static void padded(FILE *f, const char *line) { fprintf(f, "%s   \n", line); }
static void spread(FILE *f, const char *line) { fprintf(f, "%s\n\n", line); }
static void coloured(FILE *f, const char *line) { fprintf(f, "\033[0;1;31m\033[0;1;39m%s\033[0m\n", line); }
static void quoted(FILE *f, const char *line) { fprintf(f, "> > %s\n", line); }
static void in_a_cell(FILE *f, const char *line) { fprintf(f, "| %s |\n", line); }
static void in_a_box(FILE *f, const char *line) { fprintf(f, "\xe2\x94\x82 %-200s \xe2\x94\x82\n", line); }
static void as_code(FILE *f, const char *line) { fprintf(f, "`%s`\n", line); }
static void twice(FILE *f, const char *line) { fprintf(f, "%s\n%s\n", line, line); }
static void in_a_diff(FILE *f, const char *line) { fprintf(f, "+%s\n", line); }
static void in_a_comment(FILE *f, const char *line) { fprintf(f, "# %s\n", line); }
static void mixed(FILE *f, const char *line)
{
	fprintf(f, "%s\nMar  3 00:00:00 web-01 sshd[12]: Accepted publickey for joe from 192.0.2.1\n", line);
}

static void escaped_newline(FILE *f, const char *line) { fprintf(f, "%s\\n\n", line); }
static void backslashes(FILE *f, const char *line) { fprintf(f, "%s \\\n", line); }

static void cat_a(FILE *f, const char *line)
{
	for (const unsigned char *p = (const unsigned char *)line; *p; p++) {
		unsigned char c = *p & 0x7f;
		if (*p & 0x80)
			fputs("M-", f);
		fprintf(f, c < 0x20 || c == 0x7f ? "^%c" : "%c", c < 0x20 || c == 0x7f ? c ^ 64 : c);
	}
	fputs("$\n", f);
}

static void squeezed(FILE *f, const char *line)
{
	for (; *line; line++)
		if (*line != ' ' || line[1] != ' ')
			fputc(*line, f);
	fputc('\n', f);
}

static void tabs(FILE *f, const char *line)
{
	for (; *line; line++)
		if (*line != ' ' || line[1] != ' ')
			fputc(*line == ' ' ? '\t' : *line, f);
	fputc('\n', f);
}

static void unbreakable(FILE *f, const char *line)
{
	for (; *line; line++)
		fputs(*line == ' ' && line[1] == ' ' ? "\xc2\xa0" : (char[]){ *line, '\0' }, f);
	fputc('\n', f);
}

static void in_html(FILE *f, const char *line)
{
	fputs("<p>", f);
	put_escaped(f, line);
	fputs("</p>\n", f);
}

static void in_html_lines(FILE *f, const char *line)
{
	put_escaped(f, line);
	fputs("<br>\n", f);
}

const struct log_damage log_damages[] = {
	{ "as it is", as_it_is, true },
	{ "CRLF", dos, true },
	{ "padded", padded, true },
	{ "empty lines", spread, true },
	{ "colours", coloured, true },
	{ "quoted twice", quoted, true },
	{ "cells", in_a_cell, true },
	{ "a box", in_a_box, true },
	{ "backticks", as_code, true },
	{ "every line twice", twice, true },
	{ "a diff", in_a_diff, true },
	{ "a comment", in_a_comment, true },
	{ "another program's lines", mixed, true },
	{ "cat -A", cat_a, true },
	{ "newlines written as escapes", escaped_newline, true },
	{ "a shell's backslashes", backslashes, true },
	{ "squeezed", squeezed, false },
	{ "tabs for blanks", tabs, false },
	{ "blanks that do not break", unbreakable, false },
	{ "HTML paragraphs", in_html, true },
	{ "HTML lines", in_html_lines, true },
};

const size_t n_log_damages = ARRAY_SIZE(log_damages);

void put_lines(FILE *f, const char *format, damage_fn *put)
{
	for (size_t i = 0; i < n_records; i++) {
		CLEANUP_FREE char *copy = xstrdup(records[i].text);
		for (char *save = NULL, *part = strtok_r(copy, "\n", &save); part; part = strtok_r(NULL, "\n", &save)) {
			char *line = NULL;
			size_t len = 0;
			FILE *one = open_memstream(&line, &len);
			put_prefix(one, format, &records[i], part);
			if (!strstr(format, "%M") && !strstr(format, "%J") && !strstr(format, "%2"))
				fputs(part, one);
			fclose(one);
			put(f, line);
			free(line);
		}
	}
}
