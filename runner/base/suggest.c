// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/suggest.h"

#include <ctype.h>

#include "base/util.h"

#define WORD_MAX 64	/* longer words are not typing errors of known ones */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned replace_cost(char a, char b)
{
	if (a == b)
		return 0;
	return tolower((unsigned char)a) == tolower((unsigned char)b) ? 1 : 2;
}

/* Optimal string alignment distance, an edit counting 2. */
static unsigned distance(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b);
	unsigned rows[3][WORD_MAX + 1];
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = 2 * (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
		row[0] = 2 * (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 2, above[j - 1] + replace_cost(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], above2[j - 2] + 2);
		}
	}
	return rows[m % 3][n];
}

const char *suggest(const char *word, const char *const *known, size_t n)
{
	size_t len = strlen(word);
	if (!len || len > WORD_MAX)
		return NULL;
	const char *best = NULL;
	unsigned best_distance = 0;
	for (size_t i = 0; i < n; i++) {
		size_t longer = strlen(known[i]) > len ? strlen(known[i]) : len;
		if (longer > WORD_MAX)
			continue;
		/* a third of the word may be wrong, and one letter of a short one */
		unsigned d = distance(word, known[i]), allowed = longer < 6 ? 2 : 2 * (unsigned)longer / 3;
		if (d <= allowed && (!best || d < best_distance)) {
			best = known[i];
			best_distance = d;
		}
	}
	return best;
}
