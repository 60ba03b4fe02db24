// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/observation.h"

#include "base/jbytes.h"
#include "base/util.h"

/* Bounds on what a stream gone mad can make the runner keep; a sane test stays far below. */
#define NOTES_MAX 1000
#define NOTE_BYTES_MAX 4096

/* The members that are arrays, by their name in the kept form. */
static const struct {
	const char *name;
	size_t offset;
} lists[] = {
	{ "steps", offsetof(struct observation, steps) },
	{ "snapshots", offsetof(struct observation, snapshots) },
	{ "kmsg", offsetof(struct observation, kmsg) },
	{ "exits", offsetof(struct observation, exits) },
	{ "answers", offsetof(struct observation, answers) },
	{ "events", offsetof(struct observation, events) },
	{ "notes", offsetof(struct observation, notes) },
	{ "errors", offsetof(struct observation, errors) },
	{ "timeline", offsetof(struct observation, timeline) },
	{ "kmsg_gaps", offsetof(struct observation, kmsg_gaps) },
};

static const char *const fate_names[] = {
	[FATE_ENDED] = "ended",
	[FATE_PANIC] = "panic",
	[FATE_SILENT] = "silent",
	[FATE_DIED] = "died",
	[FATE_NOT_STARTED] = "not_started",
};

static json_t **list_of(struct observation *o, size_t i)
{
	return (json_t **)(void *)((char *)o + lists[i].offset);
}

struct observation *observation_new(void)
{
	struct observation *o = xcalloc(1, sizeof(*o));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		*list_of(o, i) = json_array();
	o->console = xstrdup("");
	o->fate = FATE_NOT_STARTED;
	return o;
}

void observation_free(struct observation *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_decref(*list_of(o, i));
	json_decref(o->hello);
	json_decref(o->missing);
	json_decref(o->begin);
	json_decref(o->end);
	free(o->console);
	free(o->fate_text);
	free(o);
}

static void keep_note(struct observation *o, const char *text, size_t len)
{
	size_t n = json_array_size(o->notes);
	if (n < NOTES_MAX)
		json_array_append_new(o->notes, json_bytes(text, len < NOTE_BYTES_MAX ? len : NOTE_BYTES_MAX));
	else if (n == NOTES_MAX)
		json_array_append_new(o->notes, json_string("more notes came and were dropped"));
}

/* A member that comes once. A second hello means a second boot: worth a note, never a replacement. */
static bool take_once(json_t **member, json_t *value)
{
	if (*member)
		return false;
	*member = json_incref(value);
	return true;
}

static bool take_kmsg(struct observation *o, json_t *records)
{
	size_t i;
	json_t *record;
	json_array_foreach(records, i, record) {
		if (!json_is_integer(json_object_get(record, "seq")) ||
		    !json_is_string(json_object_get(record, "text")))
			return false;
	}
	const json_t *first = json_object_get(json_array_get(records, 0), "seq");
	if (first && o->gap_open)
		json_array_append(o->kmsg_gaps, (json_t *)(uintptr_t)first);
	o->gap_open = o->gap_open && !first;
	json_array_extend(o->kmsg, records);
	return true;
}

static bool take_missing(struct observation *o, json_t *needs)
{
	size_t i;
	json_t *need;
	json_array_foreach(needs, i, need) {
		if (!json_is_string(json_object_get(need, "need")))
			return false;
	}
	return take_once(&o->missing, needs);
}

/* Does the value have the kind that the message's name promises, and is it filed? */
static const char *file_message(struct observation *o, const char *name, json_t *value, json_t *whole)
{
	static const struct {
		const char *name;
		size_t offset;
	} objects[] = {
		{ "step", offsetof(struct observation, steps) },
		{ "snapshot", offsetof(struct observation, snapshots) },
		{ "exit", offsetof(struct observation, exits) },
		{ "answer", offsetof(struct observation, answers) },
		{ "error", offsetof(struct observation, errors) },
		{ "timeline", offsetof(struct observation, timeline) },
	};
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		if (!streq(name, objects[i].name))
			continue;
		if (!json_is_object(value))
			return NULL;
		json_array_append(*(json_t **)(void *)((char *)o + objects[i].offset), value);
		return objects[i].name;
	}
	if (streq(name, "hello"))
		return json_is_object(value) && take_once(&o->hello, value) ? "hello" : NULL;
	if (streq(name, "missing"))
		return json_is_array(value) && take_missing(o, value) ? "missing" : NULL;
	if (streq(name, "begin"))
		return json_is_object(value) && take_once(&o->begin, value) ? "begin" : NULL;
	if (streq(name, "end"))
		return json_is_object(value) && take_once(&o->end, value) ? "end" : NULL;
	if (streq(name, "kmsg"))
		return json_is_array(value) && take_kmsg(o, value) ? "kmsg" : NULL;
	if (streq(name, "kmsg_lost")) {
		o->kmsg_lost = o->gap_open = true;
		return "kmsg_lost";
	}
	if (streq(name, "host"))	/* a question to the runner; the step tells what came of it */
		return json_is_object(value) ? "host" : NULL;
	if (streq(name, "eventfd") || streq(name, "inotify")) {
		if (!json_is_object(value))
			return NULL;
		json_array_append(o->events, whole);
		return streq(name, "eventfd") ? "eventfd" : "inotify";
	}
	if (streq(name, "note") && json_is_string(value)) {
		if (json_array_size(o->notes) < NOTES_MAX && json_string_length(value) <= NOTE_BYTES_MAX)
			json_array_append(o->notes, value);
		else
			keep_note(o, json_string_value(value), json_string_length(value));
		return "note";
	}
	return NULL;
}

const char *observation_feed(struct observation *o, const char *line, size_t len)
{
	while (len && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (!len)
		return NULL;
	const char *name = NULL;
	json_t *message = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(message) && json_object_size(message) == 1) {
		void *it = json_object_iter(message);
		name = file_message(o, json_object_iter_key(it), json_object_iter_value(it), message);
	}
	json_decref(message);
	if (!name)
		keep_note(o, line, len);
	return name;
}

static json_t *or_null(json_t *value)
{
	return value ? json_incref(value) : json_null();
}

json_t *observation_to_json(const struct observation *o)
{
	json_t *root = json_object();
	json_object_set_new(root, "fate", json_string(fate_names[o->fate]));
	json_object_set_new(root, "fate_text", o->fate_text ? json_bytes(o->fate_text, strlen(o->fate_text)) : json_null());
	json_object_set_new(root, "hello", or_null(o->hello));
	json_object_set_new(root, "missing", or_null(o->missing));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_object_set(root, lists[i].name, *list_of((struct observation *)(uintptr_t)o, i));
	json_object_set_new(root, "begin", or_null(o->begin));
	json_object_set_new(root, "end", or_null(o->end));
	json_object_set_new(root, "kmsg_lost", json_boolean(o->kmsg_lost));
	json_object_set_new(root, "console", json_bytes(o->console, strlen(o->console)));
	return root;
}

static int read_fate(const json_t *root, enum fate *fate, struct error *err)
{
	const char *name = json_string_value(json_object_get(root, "fate"));
	for (size_t i = 0; i < ARRAY_SIZE(fate_names); i++) {
		if (streq(name, fate_names[i])) {
			*fate = (enum fate)i;
			return 0;
		}
	}
	return error_set(err, 0, "observation: \"fate\" is missing or not one of ended, panic, silent, died, not_started");
}

/* NULL and JSON null are the same: not there. */
static int read_optional(const json_t *root, const char *name, json_type type, json_t **member, struct error *err)
{
	json_t *value = json_object_get(root, name);
	if (!value || json_is_null(value))
		return 0;
	if (json_typeof(value) != type)
		return error_set(err, 0, "observation: \"%s\" has the wrong type", name);
	*member = json_incref(value);
	return 0;
}

struct observation *observation_from_json(const json_t *root, struct error *err)
{
	if (!json_is_object(root)) {
		error_set(err, 0, "observation: expected a JSON object");
		return NULL;
	}
	struct observation *o = observation_new();
	if (read_fate(root, &o->fate, err) < 0 ||
	    read_optional(root, "hello", JSON_OBJECT, &o->hello, err) < 0 ||
	    read_optional(root, "missing", JSON_ARRAY, &o->missing, err) < 0 ||
	    read_optional(root, "begin", JSON_OBJECT, &o->begin, err) < 0 ||
	    read_optional(root, "end", JSON_OBJECT, &o->end, err) < 0)
		goto bad;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		json_t *value = json_object_get(root, lists[i].name);
		if (!value && (streq(lists[i].name, "timeline") || streq(lists[i].name, "kmsg_gaps")))	/* kept before there was one */
			continue;
		if (!json_is_array(value)) {
			error_set(err, 0, "observation: \"%s\" is missing or no array", lists[i].name);
			goto bad;
		}
		json_decref(*list_of(o, i));
		*list_of(o, i) = json_incref(value);
	}
	o->kmsg_lost = json_is_true(json_object_get(root, "kmsg_lost"));
	char *console = json_bytes_get(json_object_get(root, "console"), NULL);
	if (console) {
		free(o->console);
		o->console = console;
	}
	o->fate_text = json_bytes_get(json_object_get(root, "fate_text"), NULL);
	return o;
bad:
	observation_free(o);
	return NULL;
}

char *missing_sentences(const json_t *missing)
{
	char *all = xstrdup("");
	size_t i;
	json_t *need;
	json_array_foreach(missing, i, need) {
		const char *what = json_string_value(json_object_get(need, "need"));
		const char *why = json_string_value(json_object_get(need, "why"));
		const char *how = json_string_value(json_object_get(need, "how"));
		char *more = xasprintf("%s%sneeds %s%s%s%s%s", all, i ? "; " : "", what ? what : "?", why ? ": " : "",
				       why ? why : "", how ? ", " : "", how ? how : "");
		free(all);
		all = more;
	}
	return all;
}

const char *console_panic(const char *console)
{
	return strstr(console, "Kernel panic - not syncing");
}
