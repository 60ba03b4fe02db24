/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mail's part as it travels when it is not all ASCII or has long lines (RFC 2045, 6.8): behind "Content-Transfer-Encoding: base64" and
 * the empty line that ends the part's head, lines of nothing but that alphabet. They become the lines of text they stand for.
 */
#pragma once

#include "klog/text.h"

#define BASE64_FIELD 48		/* bytes of the line that says so, at most: no other needs a look as long as none has */
#define BASE64_LINE 8192	/* bytes of a line in it; what is longer is taken to be several */

struct base64 {
	enum { BASE64_OFF, BASE64_HEAD, BASE64_BODY } state;
	int head;		/* lines of the head so far */
	bool ended;		/* nothing more comes: what is kept is a line, with or without its end */
	uint32_t bits;		/* of a group of four characters that is not complete, */
	int n;			/* … so many of them */
	size_t at, len;		/* bytes that are kept */
	char text[2 * BASE64_LINE];
};

/* Is the line one of such a part? Then it is kept, and base64_next() has what it ends. Also of the line behind the
 * part, so that the order is kept. Anything else is looked at, and false. */
bool base64_take(struct base64 *b, struct text t);

/* The next line of what is kept, valid until base64_take(); false: it goes on in what is still to come. */
bool base64_next(struct base64 *b, struct text *t);

/* The input ended. */
void base64_end(struct base64 *b);
