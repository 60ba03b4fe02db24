// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/look.h"

#include <errno.h>

#include "base/util.h"

int64_t look_number(const json_t *value, int64_t otherwise)
{
	if (!json_is_integer(value))
		return otherwise;
	int64_t n = json_integer_value(value);
	return n > LOOK_MOST ? LOOK_MOST : n < -LOOK_MOST ? -LOOK_MOST : n;
}

int64_t look_int(const json_t *object, const char *member, int64_t otherwise)
{
	return look_number(json_object_get(object, member), otherwise);
}

uint64_t look_pages(const json_t *object, const char *member, int64_t page_kb)
{
	int64_t kb = look_int(object, member, 0);
	return kb > 0 && page_kb > 0 ? (uint64_t)(kb / page_kb) : 0;
}

const char *look_text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

/* One byte of the wire's UTF-8, which has code points up to U+00FF only. */
static unsigned char wire_byte(const char **p)
{
	unsigned char c = (unsigned char)*(*p)++;
	if ((c & 0xfc) == 0xc0 && **p)
		c = (unsigned char)((c & 3) << 6 | ((unsigned char)*(*p)++ & 0x3f));
	return c;
}

bool look_same(const char *bytes, const char *wire)
{
	if (!bytes || !wire)
		return bytes == wire;
	while (*bytes && *wire)
		if ((unsigned char)*bytes++ != wire_byte(&wire))
			return false;
	return !*bytes && !*wire;
}

char *look_bytes(const char *wire)
{
	if (!wire)
		return NULL;
	char *text = xcalloc(strlen(wire) + 1, 1);
	for (size_t i = 0; *wire; i++)
		text[i] = (char)wire_byte(&wire);
	return text;
}

/* The element of an array whose member is this text (bytes). */
static const json_t *find_text(const json_t *array, const char *member, const char *text)
{
	size_t i;
	json_t *v;
	json_array_foreach(array, i, v)
		if (look_same(text, look_text(v, member)))
			return v;
	return NULL;
}

/* The last element of an array whose member is this number. */
static const json_t *find_int(const json_t *array, const char *member, int64_t number)
{
	for (size_t i = json_array_size(array); i--;) {
		const json_t *v = json_array_get(array, i);
		const json_t *m = json_object_get(v, member);
		if (json_is_integer(m) && json_integer_value(m) == number)
			return v;
	}
	return NULL;
}

const json_t *look_snapshot(const struct observation *o, const char *label)
{
	return find_text(o->snapshots, "label", label);
}

const json_t *look_task(const json_t *snapshot, const char *name)
{
	return find_text(json_object_get(snapshot, "tasks"), "name", name);
}

const json_t *look_task_pid(const json_t *snapshot, int64_t pid)
{
	return find_int(json_object_get(snapshot, "tasks"), "pid", pid);
}

const json_t *look_shown(const json_t *task)
{
	const json_t *thread = json_object_get(task, "thread");
	return look_int(task, "threads", 1) == (thread ? 2 : 1) ? (thread ? thread : task) : NULL;
}

const json_t *look_cgroup(const json_t *snapshot, const char *name)
{
	return find_text(json_object_get(snapshot, "cgroups"), "name", name);
}

const char *look_file(const json_t *cgroup, const char *file)
{
	return look_text(json_object_get(cgroup, "files"), file);
}

/* A decimal number, or "max", up to the end of the line. */
static bool line_number(const char *p, int64_t *value)
{
	if (starts_with(p, "max") && (p[3] == '\n' || !p[3])) {
		*value = INT64_MAX;
		return true;
	}
	char *end;
	errno = 0;
	long long v = strtoll(p, &end, 10);
	if (end == p || (*end && *end != '\n') || (errno && errno != ERANGE))
		return false;
	*value = v;
	return true;
}

bool look_field(const char *text, const char *field, int64_t *value)
{
	if (!text)
		return false;
	if (!field)
		return line_number(text, value);
	size_t len = strlen(field);
	for (const char *p = text; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
		if (strncmp(p, field, len) == 0 && p[len] == ' ')
			return line_number(p + len + 1, value);
	return false;
}

bool look_counter(const json_t *snapshot, const char *cgroup, const char *file, const char *field, int64_t *value)
{
	return look_field(look_file(look_cgroup(snapshot, cgroup), file), field, value);
}

const json_t *look_exit(const struct observation *o, int64_t pid)
{
	return find_int(o->exits, "pid", pid);
}

const char *look_name(const struct observation *o, int64_t pid)
{
	for (size_t i = json_array_size(o->snapshots); i--;) {
		const json_t *task = look_task_pid(json_array_get(o->snapshots, i), pid);
		if (look_text(task, "name"))
			return look_text(task, "name");
	}
	const char *name = look_text(look_exit(o, pid), "name");
	if (name)
		return name;
	const json_t *step = find_int(o->steps, "pid", pid);
	return look_text(step, "task");
}
