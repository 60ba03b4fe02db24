/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tool or a transport did to each line of a log alike, undone before anything is read: quoted-printable or
 * base64 of a mail, `cat -A` (also vim's :set list), tabs for blanks, a terminal's colours in letters, a newline
 * written as its escape behind each line, the markup of a web page, a mark or a number before each line (a diff's "+",
 * a comment's "#", `cat -n`), also before what was a further piece of a line. What was done is learned from the lines
 * themselves; a name that happens to end in "$" is left as it is.
 */
#pragma once

#include "klog/base64.h"
#include "klog/colour.h"
#include "klog/text.h"

#define UNDO_JOINED 8192	/* bytes of a line that quoted-printable cut in pieces; the rest is dropped */

struct undo {
	struct {
		bool seen;	/* a line that tells */
		bool on;	/* "order=3D0", and a line that ends with = goes on in the next */
		bool soft;	/* what is kept goes on in the next line */
		bool page;	/* … and has a web page's markup */
		size_t len, looked;	/* bytes that are kept; of them that hold no tag */
		char text[UNDO_JOINED], line[UNDO_JOINED];
	} printable;
	struct {
		char mark;	/* '$', or 'n' for "\n": what the last lines ended with; 0: nothing */
		int run;	/* … how many of them in a row */
		bool on;	/* it is no part of them */
	} tail;
	struct {
		char text[4];	/* "+", "//": what the last lines began with, without blanks */
		size_t len;
	} mark;
	struct {
		int64_t last;	/* the number that the last line began with */
		int run;	/* … and so many before it were each one less */
	} count;
	struct colour colour;
	struct base64 base64;
	bool coded;		/* the last lines stood in it, and nobody has wrapped them; the reader takes it back */
	bool tabs;		/* a tab stands for every blank */
	bool html;		/* the text is of a web page: its entities stand for characters */
};

/* t is cut, or points into room or into u until the next call. False: the line goes on in the next one. */
bool undo_line(struct undo *u, struct text *t, char *room);

bool undo_further(struct undo *u, struct text *t);

/* A further line that stood in the same one: a mail's page has several there. Ask until it is false. */
static inline bool undo_more(struct undo *u, struct text *t)
{
	return (u->base64.len || u->printable.len) && undo_further(u, t);
}

/* Takes from t the number and the mark that it and the lines before it begin with. */
void undo_head(struct undo *u, struct text *t);

/* The characters of a web page's line; room as above. */
struct text undo_html(struct undo *u, struct text t, char *room);
