// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The words of the case format are in four places: the schema, docs/case-format.md, the man page, and oomload's list.
 * Here they are held against each other, each way.
 */
#include <check.h>
#include <fcntl.h>

#include "base/util.h"
#include "case/kinds.h"
#include "case/raw.h"
#include "tests/harness.h"

struct words {
	char *all[400];		/* "tasks[].size" */
	size_t n;
};

static void add(struct words *w, const char *path, const char *word, size_t len)
{
	CLEANUP_FREE char *full = xasprintf("%s%s%.*s", path, path[0] ? "." : "", (int)len, word);
	for (size_t i = 0; i < w->n; i++) {
		if (streq(w->all[i], full))
			return;
	}
	ck_assert_uint_lt(w->n, ARRAY_SIZE(w->all));
	w->all[w->n++] = TAKE_PTR(full);
}

static void words_free(struct words *w)
{
	while (w->n)
		free(w->all[--w->n]);
}

static bool has(const struct words *w, const char *word)
{
	for (size_t i = 0; i < w->n; i++) {
		if (streq(w->all[i], word))
			return true;
	}
	return false;
}

static void walk_schema(struct words *w, const char *path, const cyaml_schema_value_t *schema)
{
	if (schema->type == CYAML_SEQUENCE && schema->sequence.entry->type == CYAML_MAPPING) {
		CLEANUP_FREE char *items = xasprintf("%s[]", path);
		walk_schema(w, items, schema->sequence.entry);
	}
	for (const cyaml_schema_field_t *f = schema->mapping.fields; schema->type == CYAML_MAPPING && f->key; f++) {
		CLEANUP_FREE char *inner = xasprintf("%s%s%s", path, path[0] ? "." : "", f->key);
		add(w, path, f->key, strlen(f->key));
		/* an expectation is one thing wherever it stands */
		if (!streq(inner, "steps[].expect") && !streq(inner, "bug.expect"))
			walk_schema(w, inner, &f->value);
	}
}

/* Adds all `words` of one cell of a table; returns the cell's end. */
static const char *walk_cell(struct words *w, const char *path, const char *p)
{
	for (; *p && *p != '|'; p++) {
		if (*p != '`')
			continue;
		size_t len = strcspn(++p, "`");
		add(w, path, p, len);
		p += len;
	}
	return p;
}

static bool is_mapping(const struct words *schema, const char *path)
{
	for (size_t i = 0; i < schema->n; i++) {
		if (starts_with(schema->all[i], path) && schema->all[i][strlen(path)] == '.')
			return true;
	}
	return false;
}

/* The tables below headings with a path in backticks: "## Tasks (`tasks[]`)". Of steps that are mappings the members, in
 * the second column, count too. */
static void walk_document(struct words *w, char *text, const struct words *schema)
{
	char path[80] = "";
	bool on = false;
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *open = strstr(line, "(`");
		if (line[0] == '#' && open) {
			snprintf(path, sizeof(path), "%.*s", (int)strcspn(open + 2, "`"), open + 2);
			/* these headings name a key that is no mapping */
			on = !streq(path, "when") && !streq(path, "needs") && !streq(path, "dangerous") && !streq(path, "host");
		}
		if (!on || !starts_with(line, "| `"))
			continue;
		const char *end = walk_cell(w, path, line + 2);
		CLEANUP_FREE char *member = xasprintf("%s.%.*s", path, (int)strcspn(line + 3, "`"), line + 3);
		if (streq(path, "steps[]") && is_mapping(schema, member))
			walk_cell(w, member, end + 1);
	}
}

START_TEST(document)
{
	struct words schema = { 0 }, said = { 0 };
	walk_schema(&schema, "", &case_schema);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "docs/case-format.md", 1 << 20, NULL);
	ck_assert_ptr_nonnull(text);
	walk_document(&said, text, &schema);
	ck_assert_uint_gt(schema.n, 100);
	for (size_t i = 0; i < schema.n; i++)
		ck_assert_msg(has(&said, schema.all[i]), "docs/case-format.md has no table row for \"%s\"", schema.all[i]);
	for (size_t i = 0; i < said.n; i++)
		ck_assert_msg(has(&schema, said.all[i]), "docs/case-format.md has \"%s\", the schema has not", said.all[i]);
	words_free(&schema);
	words_free(&said);
}
END_TEST

/* In the man page every key is an item of a list. */
START_TEST(man_page)
{
	struct words schema = { 0 };
	walk_schema(&schema, "", &case_schema);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "docs/man/oomtests-case.5", 1 << 20, NULL);
	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < schema.n; i++) {
		const char *dot = strrchr(schema.all[i], '.');
		const char *word = dot ? dot + 1 : schema.all[i];
		bool found = false;
		for (const char *p = text; !found && (p = strstr(p, "\n.It Cm ")); p++) {
			const char *line = p + strlen("\n.It Cm ");
			size_t len = strlen(word);
			for (const char *q = line; *q && *q != '\n' && !found; q++)
				found = (q == line || q[-1] == ' ') && strncmp(q, word, len) == 0 && strchr(" \n", q[len]);
		}
		ck_assert_msg(found, "docs/man/oomtests-case.5 has no item for \"%s\"", schema.all[i]);
	}
	words_free(&schema);
}
END_TEST

/* Kinds "  anon  text", their arguments "      ksm=  text", calls "  mmap SIZE  text" and the first argument of each that it needs. */
static void walk_list(struct words *w, FILE *f)
{
	char line[1000], path[80] = "";
	bool calls = false, common = false;
	while (fgets(line, sizeof(line), f)) {
		size_t indent = strspn(line, " "), len = strcspn(line + indent, " =\n");
		calls = calls || starts_with(line, "Calls");
		common = common || starts_with(line, "  Every kind");
		if (indent == 2 && !starts_with(line, "  Every kind")) {
			snprintf(path, sizeof(path), "kind %.*s", (int)len, line + indent);
			if (calls)
				snprintf(path, sizeof(path), "call %.*s", (int)len, line + indent);
			add(w, "", path, strlen(path));
			const char *first = line + indent + len + 1;
			if (calls && first[-1] == ' ' && !strchr(" [", *first))
				add(w, path, first, strcspn(first, " \n"));
		} else if (indent == 6) {
			add(w, common ? "every kind" : path, line + indent, len);
		}
	}
}

START_TEST(oomload)
{
	struct words list = { 0 }, known = { 0 };
	size_t n;
	CLEANUP_FREE char *command = xasprintf("%s --list", getenv("OOMLOAD") ? getenv("OOMLOAD") : "./oomload");
	FILE *f = popen(command, "re");
	ck_assert_ptr_nonnull(f);
	walk_list(&list, f);
	ck_assert_msg(pclose(f) == 0, "%s failed; `make` builds oomload", command);
	const char *const *names = kind_names(&n);
	for (size_t i = 0; i < n; i++) {
		CLEANUP_FREE char *path = xasprintf("kind %s", names[i]);
		if (streq(names[i], "stress-ng") || streq(names[i], "init"))
			continue;
		add(&known, "", path, strlen(path));
		for (const char *const *a = kind_facts(names[i])->args; a && *a; a++)
			add(&known, path, *a, strlen(*a));
	}
	for (const char *const *a = kind_common_args; *a; a++)
		add(&known, "every kind", *a, strlen(*a));
	names = call_names(&n);
	for (size_t i = 0; i < n; i++) {
		CLEANUP_FREE char *path = xasprintf("call %s", names[i]);
		const char *first = call_facts(names[i])->first;
		add(&known, "", path, strlen(path));
		if (first)
			add(&known, path, first, strlen(first));
	}
	for (size_t i = 0; i < list.n; i++)
		ck_assert_msg(has(&known, list.all[i]), "oomload has \"%s\", case/kinds.c has not", list.all[i]);
	for (size_t i = 0; i < known.n; i++)
		ck_assert_msg(has(&list, known.all[i]), "case/kinds.c has \"%s\", oomload has not", known.all[i]);
	words_free(&list);
	words_free(&known);
}
END_TEST

TESTS("case_words", document, man_page, oomload)
