// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a path to a checked, typed, but not yet interpreted case.
 */
#include "base/util.h"
#include "case/case.h"
#include "case/load.h"
#include "case/yamlfile.h"

/* The id: the path below the last directory named "cases", else the file's name; without ".yaml". */
static char *make_id(const char *path)
{
	const char *base = strrchr(path, '/');
	base = base ? base + 1 : path;
	for (const char *p = path; (p = strstr(p, "cases/")); p++) {
		if (p == path || p[-1] == '/')
			base = p + strlen("cases/");
	}
	while (*base == '/')
		base++;
	size_t len = strlen(base);
	if (len > 5 && streq(base + len - 5, ".yaml"))
		len -= 5;
	return xasprintf("%.*s", (int)len, base);
}

struct case_file *case_parse(const char *path, const char *text, size_t len, struct error *err)
{
	struct case_file *c = xcalloc(1, sizeof(*c));
	c->path = xstrdup(path);
	c->id = make_id(path);
	c->text_len = len;
	if (yamlfile_parse(c->path, "case", text, len, &case_schema, &c->tree, (void **)&c->raw, err) < 0) {
		case_free(c);
		return NULL;
	}
	return c;
}

struct case_file *case_load(const char *path, struct error *err)
{
	size_t len;
	CLEANUP_FREE char *text = yamlfile_read(path, "case", &len, err);
	return text ? case_parse(path, text, len, err) : NULL;
}

void case_free(struct case_file *c)
{
	if (!c)
		return;
	yamlfile_free(&case_schema, c->raw);
	tree_free(&c->tree);
	free(c->path);
	free(c->id);
	free(c);
}

const char *case_id(const struct case_file *c)
{
	return c->id;
}

const char *case_path(const struct case_file *c)
{
	return c->path;
}
