// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/recorded.h"

#include <check.h>
#include <dirent.h>
#include <regex.h>

#include "base/jbytes.h"
#include "base/util.h"
#include "case/case.h"
#include "judge/judge.h"

#define PLACE "runner/tests/observations"

static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static const struct test *find_test(const struct test_list *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (!id || streq(list->tests[i]->id, id))
			return list->tests[i];
	return NULL;
}

/* The tests of a case, for the kernel that the observation is of. */
static struct test_list *expand(const char *path, const char *yaml, const char *release)
{
	struct error err = { 0 };
	struct test_list *list = xcalloc(1, sizeof(*list));
	struct case_file *c = yaml ? case_parse("case.yaml", yaml, strlen(yaml), &err) : case_load(path, &err);
	ck_assert_msg(c, "%s", err.text);
	ck_assert_msg(case_expand(c, release, list, &err) == 0, "%s", err.text);
	case_free(c);
	return list;
}

struct recorded *recorded_load_as(const char *name, const char *yaml)
{
	json_error_t err;
	CLEANUP_FREE char *path = xasprintf(PLACE "/%s.json", name);
	json_t *root = json_load_file(path, 0, &err);
	ck_assert_msg(root, "%s:%d: %s (run this from the top of the tree)", path, err.line, err.text);
	struct recorded *r = xcalloc(1, sizeof(*r));
	r->observation = json_incref(json_object_get(root, "observation"));
	r->target = xstrdup(text_of(root, "target"));
	CLEANUP_FREE char *own = xasprintf(PLACE "/cases/%s", text_of(root, "case"));
	const char *id = yaml ? NULL : text_of(root, "id");
	struct test_list *list = expand(own, yaml, text_of(json_object_get(r->observation, "hello"), "release"));
	r->list = list;
	/* The ids of the files below cases/ are those that were recorded; elsewhere only the axes tell tests apart. */
	r->test = find_test(list, id);
	for (size_t i = 0; !r->test && i < list->n; i++) {
		const char *axes = strchr(list->tests[i]->id, '['), *want = id ? strchr(id, '[') : NULL;
		if (streq(axes, want) || (!axes && !want))
			r->test = list->tests[i];
	}
	ck_assert_msg(r->test, "%s: the case has no test %s", path, id ? id : "");
	json_decref(root);
	return r;
}

struct recorded *recorded_load(const char *name)
{
	return recorded_load_as(name, NULL);
}

void recorded_free(struct recorded *r)
{
	if (!r)
		return;
	test_list_free(r->list);
	free(r->list);
	free(r->target);
	json_decref(r->observation);
	free(r);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *recorded_names(size_t *n)
{
	static char *names[64];
	static size_t count;
	DIR *d = count ? NULL : opendir(PLACE);
	const struct dirent *e;
	while (d && (e = readdir(d))) {
		const char *dot = strrchr(e->d_name, '.');
		if (dot && streq(dot, ".json") && count < ARRAY_SIZE(names))
			names[count++] = strndup(e->d_name, (size_t)(dot - e->d_name));
	}
	if (d) {
		closedir(d);
		qsort(names, count, sizeof(*names), by_text);
	}
	*n = count;
	return (const char *const *)names;
}

struct result *recorded_judge(const struct recorded *r)
{
	struct error err = { 0 };
	struct observation *seen = observation_from_json(r->observation, &err);
	ck_assert_msg(seen, "%s", err.text);
	const char *release = text_of(seen->hello, "release");
	struct result *result = result_new(r->test->id, r->test->title, release, r->target);
	judge(r->test, seen, release, result);
	observation_free(seen);
	return result;
}

#define NUMBERS 12

/* Where the pattern matches: [0] is all of it, the others its numbers. */
static bool find_pattern(const char *pattern, const char *text, regmatch_t m[NUMBERS])
{
	char re[512], *p = re;
	for (const char *c = pattern; *c && p < re + sizeof(re) - 12; c++) {
		if (*c == '#')
			p = stpcpy(p, "([0-9]+)");
		else if (*c == ' ')
			p = stpcpy(p, " +");
		else
			p += sprintf(p, strchr("\\.[]()*+?{}|^$", *c) ? "\\%c" : "%c", *c);
	}
	*p = '\0';
	regex_t compiled;
	ck_assert_int_eq(regcomp(&compiled, re, REG_EXTENDED), 0);
	bool found = regexec(&compiled, text, NUMBERS, m, 0) == 0;
	regfree(&compiled);
	return found;
}

/* Is this member of the object what the selector asks for? */
static bool selected(const json_t *object, const char *key, const char *value, bool whole)
{
	const json_t *m = json_object_get(object, key);
	CLEANUP_FREE char *number = json_is_integer(m) ? xasprintf("%" JSON_INTEGER_FORMAT, json_integer_value(m)) : NULL;
	const char *text = number ? number : json_string_value(m);
	regmatch_t places[NUMBERS];
	return text && (whole ? streq(text, value) : find_pattern(value, text, places));
}

/* The place of one word of a path in an array; its size when there is none. */
static size_t index_of(const json_t *array, char *word)
{
	char *op = strpbrk(word, "=~");
	size_t n = json_array_size(array), i;
	if (!op) {
		long k = strtol(word, NULL, 10);
		return (size_t)(k < 0 ? (long)n + k : k);
	}
	bool whole = *op == '=';
	*op = '\0';
	for (i = 0; i < n; i++)
		if (selected(json_array_get(array, i), word, op + 1, whole))
			break;
	return i;
}

static void put(json_t *parent, const char *member, size_t index, json_t *value)
{
	if (json_is_array(parent) && value)
		json_array_set_new(parent, index, value);
	else if (json_is_array(parent))
		json_array_remove(parent, index);
	else if (value)
		json_object_set_new(parent, member, value);
	else
		json_object_del(parent, member);
}

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	ck_assert_msg(value, "no JSON: %s", text);
	return value;
}

static json_t *replaced(const json_t *value, const struct change *c)
{
	const char *text = json_string_value(value);
	regmatch_t m[NUMBERS];
	ck_assert_msg(text && find_pattern(c->from, text, m), "%s: no \"%s\" in \"%s\"", c->path, c->from,
		      text ? text : "(not a text)");
	char *now = NULL;
	size_t len, n = 0;
	FILE *f = open_memstream(&now, &len);
	fprintf(f, "%.*s", (int)m[0].rm_so, text);
	for (const char *p = c->to; *p; p++) {
		if (*p != '#') {
			fputc(*p, f);
			continue;
		}
		char *end = (char *)(uintptr_t)p + 1;
		n++;
		ck_assert_msg(n < NUMBERS && m[n].rm_so >= 0, "%s: more numbers in \"%s\" than in \"%s\"", c->path, c->to, c->from);
		long long was = strtoll(text + m[n].rm_so, NULL, 10);
		long long by = p[1] == '+' || p[1] == '-' ? strtoll(p + 1, &end, 10) : 0;
		fprintf(f, "%lld", p[1] == '=' ? strtoll(p + 2, &end, 10) : was + by);
		p = end - 1;
	}
	fputs(text + m[0].rm_eo, f);
	fclose(f);
	json_t *string = json_string(now);
	free(now);
	return string;
}

static json_t *copy_of(const json_t *array, const char *which)
{
	CLEANUP_FREE char *word = xstrdup(which);
	json_t *found = json_array_get(array, index_of(array, word));
	ck_assert_msg(found, "nothing to copy at %s", which);
	return json_deep_copy(found);
}

void recorded_change(struct recorded *r, const struct change *c)
{
	json_t *parent = NULL, *value = r->observation;
	CLEANUP_FREE char *path = xstrdup(c->path);
	char *rest = path, *word = NULL;
	size_t index = 0;
	while (rest) {
		word = strsep(&rest, ">");
		parent = value;
		index = json_is_array(parent) ? index_of(parent, word) : 0;
		value = json_is_array(parent) ? json_array_get(parent, index) : json_object_get(parent, word);
		ck_assert_msg(value || (!rest && !c->from && c->to), "nothing at %s", c->path);
	}
	if (c->from && streq(c->from, "+"))
		json_array_append_new(value, parse(c->to));
	else if (c->from && streq(c->from, "copy"))
		json_array_append_new(value, copy_of(value, c->to));
	else if (c->from && streq(c->from, "^"))
		json_array_insert_new(value, 0, parse(c->to));
	else
		put(parent, word, index, c->from ? replaced(value, c) : c->to ? parse(c->to) : NULL);
}

bool result_is_red(const struct result *r, enum check_id id)
{
	for (size_t i = 0; i < r->n_checks; i++)
		if (r->checks[i].id == id && !r->checks[i].ok)
			return true;
	return false;
}

const char *result_words(const struct result *r)
{
	static char text[4096];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s%s%s", verdict_name(r->verdict), r->why ? ": " : "",
				      r->why ? r->why : "");
	for (size_t i = 0; i < r->n_checks && len < sizeof(text) - 512; i++)
		if (!r->checks[i].ok)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "\n    %.100s: expected %.150s, seen %.150s",
						r->checks[i].name, r->checks[i].expected, r->checks[i].seen);
	return text;
}
