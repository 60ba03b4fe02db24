// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/record.h"

#include "base/jbytes.h"
#include "base/util.h"

/* Texts are UTF-8 as a rule; bytes that are not come out by the rule for byte strings, never as a lost line. */
static json_t *text(const char *s)
{
	if (!s)
		return json_null();
	json_t *value = json_string(s);
	return value ? value : json_bytes(s, strlen(s));
}

static json_t *ranking_to_json(const struct result *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_ranking; i++) {
		const struct ranked *c = &r->ranking[i];
		json_array_append_new(list, json_pack("{s:o s:i s:i s:I s:b}", "task", text(c->task), "pid", c->pid, "adj",
						      c->adj, "points", (json_int_t)c->points, "possible", c->possible));
	}
	return list;
}

json_t *result_to_json(const struct result *r)
{
	json_t *root = json_object(), *checks = json_array(), *victims = json_array();
	for (size_t i = 0; i < r->n_checks; i++) {
		const struct check *c = &r->checks[i];
		json_t *check = json_object();
		json_object_set_new(check, "name", text(c->name));
		json_object_set_new(check, "ok", json_boolean(c->ok));
		json_object_set_new(check, "expected", text(c->expected));
		json_object_set_new(check, "seen", text(c->seen));
		json_object_set_new(check, "where", text(c->where));
		json_array_append_new(checks, check);
	}
	for (size_t i = 0; i < r->n_victims; i++) {
		json_t *victim = json_object();
		json_object_set_new(victim, "task", text(r->victims[i].task));
		json_object_set_new(victim, "pid", json_integer(r->victims[i].pid));
		json_array_append_new(victims, victim);
	}
	json_object_set_new(root, "id", text(r->id));
	json_object_set_new(root, "title", text(r->title));
	json_object_set_new(root, "kernel", text(r->kernel));
	json_object_set_new(root, "target", text(r->target));
	json_object_set_new(root, "verdict", json_string(verdict_name(r->verdict)));
	json_object_set_new(root, "why", text(r->why));
	json_object_set_new(root, "checks", checks);
	json_object_set_new(root, "victims", victims);
	json_object_set_new(root, "predicted", text(r->predicted));
	json_object_set_new(root, "margin_pages", r->predicted ? json_integer(r->margin_pages) : json_null());
	if (r->n_ranking)
		json_object_set_new(root, "ranking", ranking_to_json(r));
	json_object_set_new(root, "seconds", json_real((double)(int64_t)(r->seconds * 1000 + 0.5) / 1000));
	json_object_set_new(root, "kept", text(r->kept));
	return root;
}

int verdict_by_name(const char *name, enum verdict *v)
{
	static const enum verdict all[] = { VERDICT_ERROR, VERDICT_FAIL, VERDICT_PASS, VERDICT_SKIP, VERDICT_XFAIL };
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!streq(name, verdict_name(all[i])))
			continue;
		*v = all[i];
		return 0;
	}
	return -1;
}

static const char *get(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static char *copy(const json_t *object, const char *name)
{
	const char *s = get(object, name);
	return s ? xstrdup(s) : NULL;
}

struct result *result_from_json(const json_t *root, struct error *err)
{
	enum verdict v;
	if (!get(root, "id")) {
		error_set(err, 0, "a result without \"id\"");
		return NULL;
	}
	if (verdict_by_name(get(root, "verdict"), &v) < 0) {
		error_set(err, 0, "result of %s: \"verdict\" is missing or not a verdict", get(root, "id"));
		return NULL;
	}
	struct result *r = result_new(get(root, "id"), get(root, "title"), get(root, "kernel"), get(root, "target"));
	r->verdict = v;
	r->why = copy(root, "why");
	r->predicted = copy(root, "predicted");
	r->margin_pages = json_integer_value(json_object_get(root, "margin_pages"));
	r->seconds = json_number_value(json_object_get(root, "seconds"));
	r->kept = copy(root, "kept");
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(root, "checks"), i, item) {
		if (!get(item, "name") || !json_is_boolean(json_object_get(item, "ok"))) {
			error_set(err, 0, "result of %s: checks[%zu] has no \"name\" or no \"ok\"", r->id, i);
			result_free(r);
			return NULL;
		}
		result_check(r, get(item, "name"), json_is_true(json_object_get(item, "ok")), get(item, "where"),
			     get(item, "expected"), get(item, "seen"));
	}
	json_array_foreach(json_object_get(root, "victims"), i, item)
		result_victim(r, get(item, "task") ? get(item, "task") : "?",
			      (int)json_integer_value(json_object_get(item, "pid")));
	json_array_foreach(json_object_get(root, "ranking"), i, item) {
		struct ranked c = {
			.task = (char *)(uintptr_t)(get(item, "task") ? get(item, "task") : "?"),
			.pid = (int)json_integer_value(json_object_get(item, "pid")),
			.adj = (int)json_integer_value(json_object_get(item, "adj")),
			.points = json_integer_value(json_object_get(item, "points")),
			.possible = json_is_true(json_object_get(item, "possible")),
		};
		result_rank(r, &c);
	}
	return r;
}

void tally_add(struct tally *t, enum verdict v)
{
	switch (v) {
	case VERDICT_PASS:	t->passed++; return;
	case VERDICT_FAIL:	t->failed++; return;
	case VERDICT_SKIP:	t->skipped++; return;
	case VERDICT_XFAIL:	t->xfailed++; return;
	case VERDICT_ERROR:	break;
	}
	t->errors++;
}

json_t *tally_to_json(const struct tally *t, size_t not_run, double seconds)
{
	return json_pack("{s:i s:i s:i s:i s:i s:I s:f}", "passed", (int)t->passed, "failed", (int)t->failed,
			 "skipped", (int)t->skipped, "errors", (int)t->errors, "xfailed", (int)t->xfailed,
			 "not_run", (json_int_t)not_run, "seconds", (double)(int64_t)(seconds * 1000 + 0.5) / 1000);
}
