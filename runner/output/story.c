// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/story.h"

#include "base/util.h"

char *story_of(const struct result *r)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return xstrdup("");
	if (r->why)
		fprintf(out, "%s\n", r->why);
	for (size_t i = 0; i < r->n_checks; i++) {
		const struct check *c = &r->checks[i];
		if (c->ok)
			continue;
		fprintf(out, "%s%s%s%s\n", c->name, c->where ? " (" : "", c->where ? c->where : "", c->where ? ")" : "");
		fprintf(out, "    expected %s\n    seen     %s\n", c->expected, c->seen);
	}
	if (r->kept)
		fprintf(out, "kept: %s\n", r->kept);
	fclose(out);
	return text;
}

char *story_line(const struct result *r)
{
	if (r->why)
		return xstrdup(r->why);
	size_t n = result_failed_checks(r);
	for (size_t i = 0; i < r->n_checks; i++) {
		const struct check *c = &r->checks[i];
		if (c->ok)
			continue;
		CLEANUP_FREE char *first = xasprintf("%s: expected %s, seen %s", c->name, c->expected, c->seen);
		return n > 1 ? xasprintf("%s; and %zu more", first, n - 1) : xstrdup(first);
	}
	return xstrdup("");
}
