/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands for other characters in a line: escapes of log daemons and of /dev/kmsg, colours, a web page's entities.
 * The results are never longer than what they are made from, so `to` may be where t is.
 */
#pragma once

#include "klog/text.h"

/* rsyslog's #ooo, a terminal's sequences, Markdown's backslashes, blanks that do not break. Returns the new length. */
size_t markup_plain(struct text t, char *to);

/* The same and the \xhh of /dev/kmsg. */
size_t markup_record(struct text t, char *to);

/* `cat -A`: ^I, M-C, ^M at the end. */
size_t markup_caret(struct text t, char *to);

/* Is this line one that only a web page's source has? A name in a log may hold an entity too: so it is the start that
 * decides, or what a trace is sure to have. */
bool markup_is_html(struct text t);

/* Tags around the line go, entities become what they stand for. */
size_t markup_html(struct text t, char *to);

/* How long the tag at p is that ends a line of a web page: <br>, </p>, </div>, …; 0: none is there. */
size_t markup_line_end(const char *p, const char *end);
