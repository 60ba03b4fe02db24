/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in XML 1.0, whatever it holds. */
#pragma once

#include <stdio.h>

/* As the value of an attribute, without its quotes: what XML 1.0 can't hold at all (control characters, U+FFFE, bytes that
 * are not UTF-8) is shown as printable() shows it. */
void xml_attribute(FILE *out, const char *text);

/* As the content of an element: the same, and newlines and tabs stay. */
void xml_content(FILE *out, const char *text);
