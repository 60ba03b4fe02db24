// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/build.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>

#include "base/bytes.h"
#include "base/util.h"
#include "case/text.h"

void at(struct build *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(b->at, sizeof(b->at), fmt, ap);
	va_end(ap);
}

static const struct mark *mark_of(const struct build *b, const char *key)
{
	char path[256];
	snprintf(path, sizeof(path), "%s%s%s", b->at, b->at[0] && key ? "." : "", key ? key : "");
	return tree_find(&b->c->tree, path);
}

struct where where_of(const struct build *b, const char *key)
{
	const struct mark *m = mark_of(b, key);
	return (struct where){ .file = b->t->path, .line = m->line, .column = m->column };
}

static void complain(struct build *b, int line, int column, const char *fmt, va_list ap)
{
	char sentence[900], shown[900];
	if (b->failed)
		return;
	b->failed = true;
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	one_line(shown, sizeof(shown), sentence);	/* names in it may hold anything */
	error_set(b->err, 0, "%s:%d:%d: %s", b->c->path, line, column, shown);
}

void bad(struct build *b, const char *key, const char *fmt, ...)
{
	const struct mark *m = mark_of(b, key);
	va_list ap;
	va_start(ap, fmt);
	complain(b, m->line, m->column, fmt, ap);
	va_end(ap);
}

void bad_at(struct build *b, const struct where *where, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	complain(b, where->line, where->column, fmt, ap);
	va_end(ap);
}

void bad_word(struct build *b, const char *key, const char *kind, const char *word, const char *const *words, size_t n)
{
	char allowed[600], shown[320];
	say_allowed(allowed, sizeof(allowed), word, words, n);
	bad(b, key, "\"%s\" is not %s; %s", show_text(shown, word), kind, allowed);
}

static const char *value_of(const struct build *b, const char *name, size_t len)
{
	for (size_t i = 0; i < b->context.n_bindings; i++) {
		const struct binding *x = &b->context.bindings[i];
		if (strlen(x->name) == len && memcmp(x->name, name, len) == 0)
			return x->value;
	}
	return NULL;
}

/* Reads the variable behind a dollar at p. Returns its value and moves *p behind it, or NULL after a complaint. */
static const char *variable(struct build *b, const char *key, const char **p)
{
	const char *name = *p + 1;
	if (*name == '$') {
		*p += 2;
		return "$";
	}
	bool braces = *name == '{';
	name += braces;
	size_t len = 0;
	while (isalnum((unsigned char)name[len]) || name[len] == '_')
		len++;
	if (len == 0 || (braces && name[len] != '}')) {
		bad(b, key, "a $ without a variable's name; write $$ for a dollar, ${name} or $name for an axis");
		return NULL;
	}
	const char *value = value_of(b, name, len);
	if (!value) {
		const char *words[MAX_BINDINGS];
		for (size_t i = 0; i < b->context.n_bindings; i++)
			words[i] = b->context.bindings[i].name;
		char word[64];
		snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), name);
		bad_word(b, key, "a variable (an axis of the matrix)", word, words, b->context.n_bindings);
		return NULL;
	}
	*p = name + len + braces;
	return value;
}

char *text_or_null(struct build *b, const char *key, const char *raw)
{
	if (!raw)
		return NULL;
	if (b->failed)
		return xstrdup("");
	char out[TEXT_MAX + 1];
	size_t n = 0;
	for (const char *p = raw; *p;) {
		const char *piece = p;
		size_t len = 1;
		if (*p == '$') {
			piece = variable(b, key, &p);
			if (!piece)
				return xstrdup("");
			len = strlen(piece);
		} else {
			p++;
		}
		if (n + len > TEXT_MAX) {
			bad(b, key, "more than %d bytes once the variables are replaced", TEXT_MAX);
			return xstrdup("");
		}
		memcpy(out + n, piece, len);
		n += len;
	}
	out[n] = '\0';
	return xstrdup(out);
}

char *text_of(struct build *b, const char *key, const char *raw)
{
	return raw ? text_or_null(b, key, raw) : xstrdup("");
}

char *written_of(struct build *b, const char *key, const char *raw)
{
	char *text = text_of(b, key, raw);
	if (text && !*text && !b->failed)
		bad(b, key, "%s: an empty text writes nothing; an empty line is \"\\n\"", key);
	return text;
}

char **text_list(struct build *b, const char *key, char *const *raw, size_t n)
{
	char **list = xcalloc(n, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		char item[64];
		snprintf(item, sizeof(item), "%s[%zu]", key, i);
		list[i] = text_of(b, item, raw[i]);
	}
	return list;
}

static uint64_t percent_of(struct build *b, const char *key, const char *text, uint64_t whole)
{
	char digits[16];
	int64_t percent;
	struct error err;
	size_t len = strlen(text) - 1;
	if (whole == 0) {
		bad(b, key, "%s: a percentage has no meaning here; write a size like 40M", key);
		return 0;
	}
	snprintf(digits, sizeof(digits), "%.*s", (int)(len < 15 ? len : 15), text);
	if (parse_int(digits, 0, 1000, &percent, &err) < 0) {
		bad(b, key, "%s: %s percent", key, err.text);
		return 0;
	}
	return whole / 100 * (uint64_t)percent & ~UINT64_C(4095); /* whole pages, as a size in a case would be */
}

uint64_t size_of(struct build *b, const char *key, const char *raw, uint64_t unset, uint64_t whole, bool max_allowed)
{
	if (!raw || b->failed)
		return unset;
	CLEANUP_FREE char *text = text_of(b, key, raw);
	uint64_t bytes = unset;
	struct error err;
	if (b->failed)
		return unset;
	if (max_allowed && streq(text, "max"))
		return NO_LIMIT;
	if (text[0] && text[strlen(text) - 1] == '%')
		return percent_of(b, key, text, whole);
	char shown[320];
	if (strlen(text) > 40)
		bad(b, key, "%s: \"%s\" is not a size", key, show_text(shown, text));
	else if (parse_size(text, &bytes, &err) < 0)
		bad(b, key, "%s: %s%s%s", key, err.text, max_allowed && err.errnum != ERANGE ? ", or max" : "",
		    whole && err.errnum != ERANGE ? ", or a percentage" : "");
	else if (bytes > INT64_MAX)
		bad(b, key, "%s: size \"%s\" is too large", key, text);
	return b->failed ? unset : bytes;
}

int64_t number_of(struct build *b, const char *key, const char *raw, int64_t unset, int64_t min, int64_t max)
{
	if (!raw || b->failed)
		return unset;
	CLEANUP_FREE char *text = text_of(b, key, raw);
	int64_t value = unset;
	struct error err;
	char shown[320];
	if (b->failed)
		return unset;
	if (strlen(text) > 40)
		bad(b, key, "%s: \"%s\" is not a whole number", key, show_text(shown, text));
	else if (parse_int(text, min, max, &value, &err) < 0)
		bad(b, key, "%s: %s; allowed: %lld to %lld", key, err.text, (long long)min, (long long)max);
	return b->failed ? unset : value;
}

int choice_of(struct build *b, const char *key, const char *raw, int unset, const char *const *words, size_t n)
{
	if (!raw || b->failed)
		return unset;
	CLEANUP_FREE char *text = text_of(b, key, raw);
	for (size_t i = 0; i < n; i++) {
		if (streq(words[i], text))
			return (int)i;
	}
	char kind[80];
	snprintf(kind, sizeof(kind), "a value of %s", key);
	bad_word(b, key, kind, text, words, n);
	return unset;
}

bool flag_of(struct build *b, const char *key, const char *raw, bool unset)
{
	static const char *const words[] = { "false", "true" };
	return choice_of(b, key, raw, unset, words, ARRAY_SIZE(words)) == 1;
}

uint64_t mask_of(struct build *b, const char *key, const char *text)
{
	uint64_t mask = 0;
	struct error err;
	char shown[320];
	if (b->failed)
		return 0;
	if (strlen(text) > 200 || strchr(text, '\n'))
		bad(b, key, "%s: \"%s\" is not a list like 0-1,3", key, show_text(shown, text));
	else if (parse_mask(text, &mask, &err) < 0)
		bad(b, key, "%s: %s", key, err.text);
	else if (mask == 0)
		bad(b, key, "%s: an empty list; write it like 0-1,3", key);
	return mask;
}

bool condition_of(struct build *b, const char *key, const char *raw)
{
	if (!raw || b->failed)
		return true;
	CLEANUP_FREE char *text = text_of(b, key, raw);
	bool holds = false;
	size_t offset = 0;
	struct error err;
	if (b->failed || when_holds(text, &b->context, &holds, &offset, &err) == 0)
		return holds;
	const struct mark *m = mark_of(b, key);
	struct where where = { .line = m->line, .column = m->column };
	if (m->text_column && streq(text, raw)) /* the file has the very same characters */
		where.column = m->text_column + (int)offset;
	bad_at(b, &where, "%s", err.text);
	return false;
}

int cgroup_named(struct build *b, const char *key, const char *name)
{
	const char *words[256];
	size_t n = b->t->n_cgroups;
	for (size_t i = 0; i < n; i++) {
		if (streq(b->t->cgroups[i].name, name))
			return (int)i;
		words[i] = b->t->cgroups[i].name;
	}
	if (!b->failed && n == 0)
		bad(b, key, "%s: the case has no cgroups; add `cgroups: [{name: …}]`", key);
	else if (!b->failed)
		bad_word(b, key, "a cgroup of this case", name, words, n);
	return -1;
}

int find_task(const struct test *t, const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t len = slash && slash[1] && slash[1 + strspn(slash + 1, "0123456789")] == '\0' ? (size_t)(slash - name)
											     : strlen(name);
	for (size_t i = 0; i < t->n_tasks; i++) {
		if (streq(t->tasks[i].name, name))
			return (int)i;
	}
	for (size_t i = 0; i < t->n_tasks; i++) {
		if (strlen(t->tasks[i].name) == len && memcmp(t->tasks[i].name, name, len) == 0)
			return (int)i;
	}
	return -1;
}

int task_named(struct build *b, const char *key, const char *name)
{
	const char *words[256];
	size_t n = b->t->n_tasks;
	for (size_t i = 0; i < n; i++) {
		if (streq(b->t->tasks[i].name, name))
			return (int)i;
		words[i] = b->t->tasks[i].name;
	}
	if (!b->failed && n == 0)
		bad(b, key, "%s: the case has no tasks; add `tasks: [{name: …}]`", key);
	else if (!b->failed)
		bad_word(b, key, "a task of this case", name, words, n);
	return -1;
}
