// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/summary.h"

#include "base/util.h"
#include "judge/record.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s ? s : "";
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && streq(s + n - m, end);
}

/* Sizes and scores: the judge holds them against this very machine's, so between two kernels they differ without meaning.
 * Pids; who asked, which of several is chance; levels, which are the same everywhere or fail. And what says once more what
 * `victims`, the constraint and the counters say. */
static bool tells_nothing(const char *name)
{
	static const char *const starts[] = {
		"table: pid", "table: rss", "table: total_vm", "table: pgtables", "log: anon-rss", "log: file-rss", "log: shmem-rss",
		"log: total-vm", "log: pgtables", "log: pages ", "log: pid ", "log: level ", "log: who asked", "log: oom_score_adj of who asked",
		"log: usage", "log: limit", "memory came back", "oom_score of", "pages of",
		"victims", "victim recomputed", "log: task=", "log: Killed", "log: scope",
	};
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		if (starts_with(name, starts[i]))
			return true;
	}
	return ends_with(name, " pid") || ends_with(name, " are its own and its children's");
}

/* What most checks see, and then it need not be said. */
static bool is_usual(const char *seen)
{
	static const char *const usual[] = { "", "0", "none", "nobody", "all", "ok", "there", "SIGKILL", "(null)", "in order", "told" };
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		if (streq(seen, usual[i]))
			return true;
	}
	return false;
}

/* Without what differs from run to run: " (pid 84)", and the number in "/oomtests-5163-0/box". Malloced. */
static char *stable(const char *seen)
{
	char *out = xstrdup(seen), *to = out;
	for (const char *from = out; *from;) {
		size_t digits = 0;
		if (starts_with(from, " (pid ")) {
			digits = strspn(from + 6, "0123456789");
			if (digits && from[6 + digits] == ')') {
				from += 6 + digits + 1;
				continue;
			}
		} else if (starts_with(from, "oomtests-")) {
			digits = strspn(from + 9, "0123456789-");
			if (digits) {
				memmove(to, from, 8);
				to += 8;
				from += 9 + digits;
				continue;
			}
		}
		*to++ = *from++;
	}
	*to = '\0';
	return out;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO)": bits and the order of their names are each kernel's own (the
 * tables of include/trace/events/mmflags.h), the names are not. Malloced: the names, sorted. */
static char *gfp_names(const char *seen)
{
	const char *open = strchr(seen, '(');
	CLEANUP_FREE char *words = strndup(open ? open + 1 : seen, strcspn(open ? open + 1 : seen, ")"));
	char *names[64], *out = xstrdup("");
	size_t n = 0;
	for (char *save = NULL, *word = strtok_r(words, "|", &save); word && n < ARRAY_SIZE(names); word = strtok_r(NULL, "|", &save))
		names[n++] = word;
	qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++) {
		char *longer = xasprintf("%s%s%s", out, i ? "|" : "", names[i]);
		free(out);
		out = longer;
	}
	return out;
}

/* What a check saw, when that says what the kernel did. Malloced, or NULL. */
static char *fact(const json_t *check)
{
	const char *name = text_of(check, "name"), *expected = text_of(check, "expected"), *seen = text_of(check, "seen");
	bool counter = ends_with(name, " rises by") || ends_with(name, " rise by");
	if (tells_nothing(name))
		return NULL;
	/* Where only bounds can be told, the number is chance; whether it is one at all is not. */
	if (!streq(expected, seen) && json_is_true(json_object_get(check, "ok")))
		return counter && !streq(seen, "0") ? xstrdup("some") : NULL;
	if (starts_with(name, "log: gfp_mask"))
		return gfp_names(seen);
	return is_usual(seen) ? NULL : stable(seen);
}

/* A test may make a check of one name several times: the second is "NAME (2)". */
static void add_fact(json_t *seen, json_t *times, const char *name, const char *value)
{
	json_int_t n = json_integer_value(json_object_get(times, name)) + 1;
	json_object_set_new(times, name, json_integer(n));
	if (!value)
		return;
	size_t len = strlen(name) - (ends_with(name, " rises by") ? strlen(" rises by") : 0);
	CLEANUP_FREE char *key = n > 1 ? xasprintf("%.*s (%lld)", (int)len, name, (long long)n) : strndup(name, len);
	json_object_set_new(seen, key, json_string(value));
}

/* The check of the victims where more died than the case states, and that was right (judge/check_deaths.c:may_overkill)? */
static bool is_overkill(const json_t *check)
{
	return streq(text_of(check, "name"), "victims") && json_is_true(json_object_get(check, "ok")) &&
	       !streq(text_of(check, "expected"), text_of(check, "seen"));
}

static bool is_stated(const json_t *checks, const char *victim)
{
	const json_t *check;
	size_t i, len = strlen(victim);
	json_array_foreach(checks, i, check) {
		const char *expected = streq(text_of(check, "name"), "victims") ? text_of(check, "expected") : "", *at = expected;
		for (; len && (at = strstr(at, victim)); at += len)
			if ((at == expected || at[-1] == ' ') && (!at[len] || at[len] == ' '))
				return true;
	}
	return false;
}

static bool was_overkill(const json_t *checks)
{
	const json_t *check;
	size_t i;
	json_array_foreach(checks, i, check)
		if (is_overkill(check))
			return true;
	return false;
}

json_t *summary_of(const json_t *result)
{
	json_t *summary = json_object(), *seen = json_object(), *times = json_object(), *victims = json_array(), *item;
	const json_t *checks = json_object_get(result, "checks");
	bool overkill = was_overkill(checks);
	const char *verdict = text_of(result, "verdict");
	double seconds = json_number_value(json_object_get(result, "seconds"));
	size_t i;
	json_array_foreach(checks, i, item) {
		CLEANUP_FREE char *value = fact(item);
		add_fact(seen, times, text_of(item, "name"), value);
	}
	json_array_foreach(json_object_get(result, "victims"), i, item)
		if (!overkill || is_stated(checks, text_of(item, "task")))
			json_array_append_new(victims, json_string(text_of(item, "task")));
	json_object_set(summary, "id", json_object_get(result, "id"));
	json_object_set_new(summary, "verdict", json_string(verdict));
	if (!streq(verdict, "pass") && !streq(verdict, "skip") && *text_of(result, "why"))
		json_object_set(summary, "why", json_object_get(result, "why"));
	json_object_set_new(summary, "victims", victims);
	if (overkill)
		json_object_set_new(summary, "overkill", json_true());
	json_object_set_new(summary, "seconds", json_real((double)(int64_t)(seconds * 10 + 0.5) / 10));
	json_object_set_new(summary, "seen", seen);
	json_decref(times);
	return summary;
}

int summary_check(const json_t *summary, struct error *err)
{
	enum verdict v;
	const char *key, *id = text_of(summary, "id");
	const json_t *item;
	size_t i;
	if (!*id)
		return error_set(err, 0, "a test without \"id\"");
	if (verdict_by_name(text_of(summary, "verdict"), &v) < 0)
		return error_set(err, 0, "%s: \"verdict\" is missing or not a verdict", id);
	if (!json_is_array(json_object_get(summary, "victims")) || !json_is_object(json_object_get(summary, "seen")) ||
	    !json_is_number(json_object_get(summary, "seconds")))
		return error_set(err, 0, "%s: \"victims\", \"seen\" or \"seconds\" is missing", id);
	json_array_foreach(json_object_get(summary, "victims"), i, item) {
		if (!json_is_string(item))
			return error_set(err, 0, "%s: victims[%zu] is no text", id, i);
	}
	json_object_foreach((json_t *)(uintptr_t)json_object_get(summary, "seen"), key, item) {
		if (!json_is_string(item))
			return error_set(err, 0, "%s: what was seen of \"%s\" is no text", id, key);
	}
	return 0;
}
