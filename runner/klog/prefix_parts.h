/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pieces of a prefix, by kind: each eats what it finds at the start of t and notes it in out; false, and nothing
 * eaten, if it is not there. Private to prefix.c, prefix_mark.c and prefix_tag.c.
 */
#pragma once

#include "klog/prefix.h"

/* Quotes of mail, list marks, colours, tree lines: may stand anywhere before the message, and say nothing. */
void prefix_decoration(struct text *t, struct prefix *out);

/* What stands in brackets before a message: a time stamp, a caller, a date. A row or a header of the task table and the
 * address of a trace are the message. */
bool prefix_bracket(struct text *t, struct prefix *out);

bool prefix_vendor(struct text *t);

/* Does a time stamp or a level follow, perhaps behind blanks? */
bool prefix_looks_stamped(struct text t);

/* Does a line of a log begin here: with a stamp, a date or the kernel's words? */
bool prefix_begins(struct text t);

/* Behind a date: "stdout F ", of a container runtime's file: a line of any log follows. */
bool prefix_container(struct text *t);

/* Behind a date: "host kernel:", "host program[123]:", or nothing. The last word before the colon decides whose
 * line it is; a program that relays stamped kernel lines is believed. */
bool prefix_tag_after_date(struct text *t, struct prefix *out);

/* Without a date: "kernel: …", "192.0.2.1: kern: …", "web_1  | [ 12.3] …", "kern  :warn  : [ 12.3] …". */
bool prefix_tag_alone(struct text *t, struct prefix *out);
