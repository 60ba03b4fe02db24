/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Colours of a terminal whose escape character was lost or made visible on the way: "[32m[   12.345678] [0m…" of a text
 * that went through a form, "ESC[32m" of less, "^[[32m" of an editor. How it is written is learned from a line that begins or
 * ends with one.
 */
#pragma once

#include "klog/text.h"

struct colour {
	bool on;
	const char *escape;	/* what stands for the character: "", "ESC", "^[", … */
};

/* Takes the colours out of t, if there are any: it points into room then, which has as many bytes as t. */
void colour_undo(struct colour *c, struct text *t, char *room);
