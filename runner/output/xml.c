// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/xml.h"

#include "base/printable.h"
#include "base/util.h"

/* XML 1.0, production 2 (Char): beside the controls and surrogates, which printable() takes out, these two. */
static bool is_forbidden(const char *c)
{
	return starts_with(c, "\xef\xbf\xbe") || starts_with(c, "\xef\xbf\xbf");
}

static void put(FILE *out, const char *safe)
{
	for (const char *c = safe; *c; c++) {
		switch (*c) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':	/* "]]>" may not stand in content */
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			if (is_forbidden(c)) {
				fprintf(out, "\\x%02x\\x%02x\\x%02x", (unsigned char)c[0], (unsigned char)c[1], (unsigned char)c[2]);
				c += 2;
			} else {
				fputc(*c, out);
			}
		}
	}
}

void xml_attribute(FILE *out, const char *text)
{
	CLEANUP_FREE char *safe = printable(text);
	put(out, safe);
}

void xml_content(FILE *out, const char *text)
{
	CLEANUP_FREE char *safe = printable_log(text);
	put(out, safe);
}
