// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The matrix: the product of the axes, in their order, the first axis slowest.
 */
#include <ctype.h>

#include "base/util.h"
#include "case/build.h"
#include "case/case.h"
#include "case/era_words.h"
#include "case/text.h"

#define TESTS_MAX 1000
#define TEXT_TOTAL_MAX ((size_t)64 << 20) /* bytes of file times tests: bounds what one file can make us hold */

static const char *const hierarchies[] = { "v2", "v1" };
static const char *const swaps[] = { "none", "disk", "zram" };

/* Axes that set a field of the same name, in the order of enum builtin. */
static const struct {
	const char *name;
	const char *const *values;
	size_t n_values;
} builtins[] = {
	{ "cgroup", hierarchies, ARRAY_SIZE(hierarchies) },
	{ "swap", swaps, ARRAY_SIZE(swaps) },
	{ "cpus", NULL, 0 },
	{ "memory", NULL, 0 },
};
_Static_assert(ARRAY_SIZE(builtins) == N_BUILTIN_AXES, "MAX_BINDINGS");

static const struct raw_axis *find_axis(const struct raw_case *raw, const char *name)
{
	for (size_t i = 0; i < raw->n_matrix; i++) {
		if (streq(raw->matrix[i].axis, name))
			return &raw->matrix[i];
	}
	return NULL;
}

static void check_axis_name(struct build *b, const char *name)
{
	static const char *const reserved[] = { "kernel", "and", "not" };
	bool ok = isalpha((unsigned char)name[0]);
	for (const char *p = name; *p; p++)
		ok = ok && (isalnum((unsigned char)*p) || *p == '_');
	char shown[320];
	show_text(shown, name);
	if (!ok || strlen(name) > 40)
		bad(b, "axis", "\"%s\" can't name an axis; a name is letters, digits and _, a letter first", shown);
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		if (streq(name, reserved[i]))
			bad(b, "axis", "\"%s\" can't name an axis; it has a meaning of its own in conditions", shown);
	}
	bool holds;
	if (!b->failed && era_behaves(name, NULL, &holds))
		bad(b, "axis", "\"%s\" can't name an axis; it is a behaviour of the kernel's rules", shown);
}

/* Values stand in ids: they must not look like the id's own brackets and commas, or like a TAP directive. */
static void check_axis_value(struct build *b, const char *key, const char *value)
{
	bool ok = value[0] && strlen(value) <= 60;
	for (const char *p = value; *p; p++)
		ok = ok && (unsigned char)*p > ' ' && *p != 0x7f && !strchr(",[]#*?$", *p);
	char shown[320];
	if (!ok)
		bad(b, key,
		    "\"%s\" can't be an axis's value; it stands in the test's id: up to 60 bytes without space , [ ] # * ? $",
		    show_text(shown, value));
}

static void check_builtin_value(struct build *b, const char *key, size_t builtin, const char *value)
{
	char kind[32];
	for (size_t i = 0; i < builtins[builtin].n_values; i++) {
		if (streq(builtins[builtin].values[i], value))
			return;
	}
	snprintf(kind, sizeof(kind), "a value of %s", builtins[builtin].name);
	bad_word(b, key, kind, value, builtins[builtin].values, builtins[builtin].n_values);
}

static void check_axis(struct build *b, size_t i)
{
	const struct raw_axis *axis = &b->raw->matrix[i];
	at(b, "matrix[%zu]", i);
	check_axis_name(b, axis->axis);
	for (size_t j = 0; j < i; j++) {
		if (streq(b->raw->matrix[j].axis, axis->axis))
			bad(b, "axis", "axis \"%s\" stands twice; give each axis once, with all its values",
			    axis->axis);
	}
	if (axis->n_values == 0)
		bad(b, "values", "axis \"%s\" has no values; give at least one", axis->axis);
	for (size_t j = 0; j < axis->n_values && !b->failed; j++) {
		char key[32];
		snprintf(key, sizeof(key), "values[%zu]", j);
		check_axis_value(b, key, axis->values[j]);
		for (size_t k = 0; k < j; k++) {
			if (streq(axis->values[k], axis->values[j]))
				bad(b, key, "value \"%s\" stands twice in axis \"%s\"", axis->values[j], axis->axis);
		}
		for (size_t k = 0; k < ARRAY_SIZE(builtins); k++) {
			if (streq(builtins[k].name, axis->axis) && builtins[k].values)
				check_builtin_value(b, key, k, axis->values[j]);
		}
	}
}

static size_t check_matrix(struct build *b)
{
	size_t n = 1;
	for (size_t i = 0; i < b->raw->n_matrix; i++) {
		check_axis(b, i);
		if (b->failed)
			return 0;
		n *= b->raw->matrix[i].n_values;
		if (n > TESTS_MAX || n * b->c->text_len > TEXT_TOTAL_MAX) {
			at(b, "matrix");
			bad(b, NULL, "the matrix makes %s; take values out, or split the case",
			    n > TESTS_MAX ? "more than 1000 tests" : "too many tests for so long a file");
			return 0;
		}
	}
	const struct {
		const char *axis, *key;
		const char *value;
	} twice[] = {
		{ "cgroup", "cgroup", b->raw->cgroup },
		{ "swap", "swap", b->raw->swap },
		{ "cpus", "machine.cpus", b->raw->machine ? b->raw->machine->cpus : NULL },
		{ "memory", "machine.memory", b->raw->machine ? b->raw->machine->memory : NULL },
	};
	at(b, "%s", "");
	for (size_t i = 0; i < ARRAY_SIZE(twice); i++) {
		if (twice[i].value && find_axis(b->raw, twice[i].axis))
			bad(b, twice[i].key, "%s is an axis of the matrix too; give it in one place", twice[i].axis);
	}
	return b->failed ? 0 : n;
}

/* The value of a built-in that is no axis: as the case says it, or the default. A new string. */
static char *builtin_value(struct build *b, size_t i)
{
	const struct raw_machine *m = b->raw->machine;
	switch (i) {
	case 0:
		return text_of(b, "cgroup", b->raw->cgroup ? b->raw->cgroup : "v2");
	case 1:
		return text_of(b, "swap", b->raw->swap ? b->raw->swap : "none");
	case 2:
		return text_of(b, "machine.cpus", m && m->cpus ? m->cpus : "1");
	default:
		return text_of(b, "machine.memory", m && m->memory ? m->memory : "512M");
	}
}

static char *make_id(const struct build *b, const size_t *index)
{
	char *id = xstrdup(b->c->id);
	for (size_t i = 0; i < b->raw->n_matrix; i++) {
		const struct raw_axis *axis = &b->raw->matrix[i];
		char *longer = xasprintf("%s%c%s=%s%s", id, i ? ',' : '[', axis->axis, axis->values[index[i]],
					 i + 1 == b->raw->n_matrix ? "]" : "");
		free(id);
		id = longer;
	}
	return id;
}

/* One test: the combination that index says. NULL after an error. */
static struct test *build_one(const struct case_file *c, const char *release, const size_t *index, struct error *err)
{
	struct binding bindings[MAX_BINDINGS];
	char *owned[N_BUILTIN_AXES] = { 0 };
	struct test *t = xcalloc(1, sizeof(*t));
	struct build b = { .c = c, .raw = c->raw, .t = t, .err = err };
	b.context = (struct when_context){ .release = release, .bindings = bindings };
	for (size_t i = 0; i < c->raw->n_matrix; i++) {
		const struct raw_axis *axis = &c->raw->matrix[i];
		bindings[b.context.n_bindings++] =
			(struct binding){ axis->axis, axis->values[index[i]], (const char *const *)axis->values,
					  axis->n_values };
	}
	t->path = xstrdup(c->path);
	t->id = make_id(&b, index);
	for (size_t i = 0; i < N_BUILTIN_AXES; i++) {
		if (find_axis(c->raw, builtins[i].name))
			continue;
		owned[i] = builtin_value(&b, i);
		bindings[b.context.n_bindings++] =
			(struct binding){ builtins[i].name, owned[i], builtins[i].values, builtins[i].n_values };
	}
	build_scene(&b);
	build_tasks(&b);
	build_steps(&b);
	complete_expectations(&b);
	check_test(&b);
	for (size_t i = 0; i < N_BUILTIN_AXES; i++)
		free(owned[i]);
	if (b.failed) {
		test_free(t);
		return NULL;
	}
	return t;
}

int case_expand(const struct case_file *c, const char *release, struct test_list *list, struct error *err)
{
	struct build b = { .c = c, .raw = c->raw, .err = err };
	size_t n = check_matrix(&b), before = list->n;
	if (b.failed)
		return -1;
	list->tests = xrealloc(list->tests, before + n, sizeof(struct test *));
	for (size_t k = 0; k < n; k++) {
		size_t index[16], rest = k;
		for (size_t i = c->raw->n_matrix; i-- > 0;) {
			index[i] = rest % c->raw->matrix[i].n_values;
			rest /= c->raw->matrix[i].n_values;
		}
		struct test *t = build_one(c, release, index, err);
		if (!t) {
			while (list->n > before)
				test_free(list->tests[--list->n]);
			return -1;
		}
		list->tests[list->n++] = t;
	}
	return 0;
}

void test_list_free(struct test_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		test_free(list->tests[i]);
	free(list->tests);
	*list = (struct test_list){ 0 };
}
