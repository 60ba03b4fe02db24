// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/util.h"
#include "cmd/cmd.h"

void words_add(const char *const **list, size_t *n, const char *word)
{
	const char **grown = xrealloc((void *)*list, *n + 1, sizeof(*grown));
	grown[(*n)++] = word;
	*list = grown;
}
