// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/wrap.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/printable.h"
#include "base/util.h"

unsigned terminal_width(FILE *out)
{
	struct winsize size = { 0 };
	if (isatty(fileno(out)) == 1 && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

void print_words(FILE *out, const char *text, unsigned at, unsigned indent, unsigned width)
{
	CLEANUP_FREE char *safe = printable(text);
	unsigned column = at;
	for (const char *word = safe; *word;) {
		size_t n = strcspn(word, " ");
		if (column > indent && column + n + 1 > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column != at && word != safe) {
			fputc(' ', out);
			column++;
		}
		fwrite(word, 1, n, out);
		column += (unsigned)n;
		word += n;
		word += strspn(word, " ");
	}
	fputc('\n', out);
}

void print_lines(FILE *out, const char *text, unsigned indent, unsigned width)
{
	while (*text) {
		size_t n = strlen(text), room = width - indent;
		if (n > room) {
			for (n = room; n > room / 2 && text[n] != ' '; n--)
				;
			if (text[n] != ' ')
				n = room;
			while (n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80)
				n--;
		}
		fprintf(out, "%*s%.*s", (int)indent, "", (int)n, text);
		text += n;
		text += strspn(text, " ");
		if (*text)
			fputc('\n', out);
	}
}
