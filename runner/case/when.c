// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/when.h"

#include <ctype.h>

#include "base/suggest.h"
#include "base/util.h"
#include "case/era_words.h"
#include "case/text.h"
#include "model/era.h"

#define VERSION_PARTS 3

/* Parses up to three numbers with dots between. Returns how many, or 0; *end is behind the last digit. */
static int parse_version(const char *text, unsigned parts[VERSION_PARTS], const char **end)
{
	int n = 0;
	const char *p = text;
	for (;;) {
		if (!isdigit((unsigned char)*p) || n == VERSION_PARTS)
			return 0;
		unsigned value = 0;
		for (; isdigit((unsigned char)*p); p++)
			value = value < 100000 ? value * 10 + (unsigned)(*p - '0') : value;
		parts[n++] = value;
		*end = p;
		if (*p != '.' || (n >= 2 && !isdigit((unsigned char)p[1])))
			return n;
		p++;
	}
}

int release_compare(const char *release, const char *version, bool *ok)
{
	unsigned have[VERSION_PARTS] = { 0 }, want[VERSION_PARTS] = { 0 };
	const char *end;
	int n = parse_version(version, want, &end);
	*ok = n >= 1 && *end == '\0' && parse_version(release, have, &end) > 0;
	for (int i = 0; *ok && i < n; i++) {
		if (have[i] != want[i])
			return have[i] < want[i] ? -1 : 1;
	}
	return 0;
}

struct words {
	const char *text, *p;
	char word[128]; /* the current word, "" at the end */
	size_t at;	/* its offset */
};

/* Words are operators or anything else without spaces. */
static void next_word(struct words *w)
{
	static const char operators[] = "<>=!";
	while (isspace((unsigned char)*w->p))
		w->p++;
	w->at = (size_t)(w->p - w->text);
	size_t n = 0;
	bool is_operator = *w->p && strchr(operators, *w->p);
	while (*w->p && !isspace((unsigned char)*w->p) && !!strchr(operators, *w->p) == is_operator) {
		if (n + 1 < sizeof(w->word))
			w->word[n++] = *w->p;
		w->p++;
	}
	w->word[n] = '\0';
}

static const char *const operator_names[] = { "=", "!=", "<", "<=", ">", ">=" };
enum { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

static int find_operator(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(operator_names); i++) {
		if (streq(word, operator_names[i]))
			return (int)i;
	}
	return -1;
}

static bool decide(int op, int order)
{
	switch (op) {
	case OP_EQ:
		return order == 0;
	case OP_NE:
		return order != 0;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

static int unknown_name(const char *name, const struct when_context *c, struct error *err)
{
	const char *words[32 + ERA_MAX_BEHAVIOURS];
	size_t n = 0;
	words[n++] = "kernel";
	for (size_t i = 0; i < c->n_bindings && n < 32; i++)
		words[n++] = c->bindings[i].name;
	size_t n_plain = n;
	for (size_t i = 0; era_behaviour_name(i) && n < ARRAY_SIZE(words); i++)
		words[n++] = era_behaviour_name(i);
	char allowed[400], shown[320];
	const char *near = suggest(name, words, n);
	say_allowed(allowed, sizeof(allowed), "", words, n_plain); /* the behaviours are too many to name */
	return error_set(err, 0, "a condition can't ask for \"%s\"; %s%s%s%s, and the behaviours of docs/eras.md",
			 show_text(shown, name), near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "",
			 allowed);
}

static int compare_kernel(struct words *w, int op, const struct when_context *c, bool *holds, struct error *err)
{
	bool ok;
	const char *release = c->release ? c->release : era_newest_release();
	int order = release_compare(release, w->word, &ok);
	if (!ok)
		return error_set(err, 0, "\"%s\" is not a kernel version; write it like 6.1 or 5.10.200", w->word);
	*holds = decide(op, order);
	return 0;
}

static int compare_axis(struct words *w, int op, const struct binding *b, bool *holds, struct error *err)
{
	if (op != OP_EQ && op != OP_NE)
		return error_set(err, 0, "%s can't be compared with %s; allowed: = and !=", b->name,
				 operator_names[op]);
	bool known = b->n_values == 0;
	for (size_t i = 0; i < b->n_values; i++)
		known = known || streq(b->values[i], w->word);
	if (!known) {
		char allowed[400], shown[320];
		say_allowed(allowed, sizeof(allowed), w->word, b->values, b->n_values);
		return error_set(err, 0, "%s is never \"%s\"; %s", b->name, show_text(shown, w->word), allowed);
	}
	*holds = streq(b->value, w->word) == (op == OP_EQ);
	return 0;
}

static int comparison(struct words *w, const char *name, const struct when_context *c, bool *holds, struct error *err)
{
	const struct binding *binding = NULL;
	for (size_t i = 0; i < c->n_bindings; i++) {
		if (streq(c->bindings[i].name, name))
			binding = &c->bindings[i];
	}
	bool is_kernel = streq(name, "kernel");
	int op = find_operator(w->word);
	if (op < 0 && (is_kernel || binding || (w->word[0] && strchr("<>=!", w->word[0]))))
		return error_set(err, 0, "%s must be followed by =, !=, <, <=, > or >= and a value", name);
	if (op < 0)
		return 1; /* no comparison: a behaviour stands alone */
	next_word(w);
	if (!w->word[0])
		return error_set(err, 0, "a value is missing behind %s %s", name, operator_names[op]);
	if (!is_kernel && !binding)
		return unknown_name(name, c, err);
	int result = is_kernel ? compare_kernel(w, op, c, holds, err) : compare_axis(w, op, binding, holds, err);
	if (result == 0)
		next_word(w);
	return result;
}

static int term(struct words *w, const struct when_context *c, bool *holds, struct error *err)
{
	bool negated = streq(w->word, "not");
	if (negated)
		next_word(w);
	if (!w->word[0] || streq(w->word, "and") || streq(w->word, "not"))
		return error_set(err, 0, "a condition is missing here; write it like kernel >= 5.3 or cgroup = v1");
	char name[sizeof(w->word)];
	strcpy(name, w->word);
	size_t at = w->at;
	next_word(w);
	int result = comparison(w, name, c, holds, err);
	if (result > 0) {
		result = era_behaves(name, c->release, holds) ? 0 : unknown_name(name, c, err);
		if (result < 0)
			w->at = at;
	}
	if (negated)
		*holds = !*holds;
	return result;
}

int when_holds(const char *text, const struct when_context *context, bool *holds, size_t *at, struct error *err)
{
	struct words w = { .text = text, .p = text };
	bool all = true;
	int result;
	next_word(&w);
	for (;;) {
		bool one = false;
		result = term(&w, context, &one, err);
		if (result < 0)
			break;
		all = all && one;
		if (!w.word[0])
			break;
		if (!streq(w.word, "and")) {
			char shown[320];
			result = error_set(err, 0, "\"%s\" is too much; conditions are joined by `and` alone",
					   show_text(shown, w.word));
			break;
		}
		next_word(&w);
	}
	if (at)
		*at = w.at;
	if (result == 0)
		*holds = all;
	return result;
}
