// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/late.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "judge/look.h"
#include "judge/trial.h"

int64_t late_told_of(const struct trial *t, const char *words, int64_t pid)
{
	size_t i;
	json_t *record;
	json_array_foreach(t->seen->kmsg, i, record) {
		const char *text = look_text(record, "text"), *p = text ? strstr(text, words) : NULL;
		if (p && strtoll(p + strlen(words), NULL, 10) == pid)
			return look_int(record, "t", 0);
	}
	return -1;
}

bool late_was_reaped(const struct trial *t, int64_t pid)
{
	return late_told_of(t, "oom_reaper: reaped process ", pid) >= 0;
}

bool late_nobody_in_flight(const struct trial *t, const struct episode *e, const json_t *late)
{
	for (size_t i = 0; i < e->n_deaths; i++) {
		const json_t *exit = look_exit(t->seen, e->deaths[i].tgid);
		bool ended = exit && look_int(exit, "t", INT64_MAX) <= look_int(late, "t", 0);
		if (!ended && !late_was_reaped(t, e->deaths[i].tgid) && late_told_of(t, "unable to reap pid:", e->deaths[i].tgid) < 0)
			return false;
	}
	return true;
}

bool late_killed_since(const struct trial *t, const json_t *late)
{
	size_t i;
	json_t *record;
	json_array_foreach(t->seen->kmsg, i, record) {
		const char *text = look_text(record, "text");
		if (text && strstr(text, "Killed process") && look_int(record, "seq", 0) > look_int(late, "kmsg_seq", INT64_MAX))
			return true;
	}
	return false;
}

int64_t late_rise(const json_t *from, const json_t *to, const char *cgroup, const char *file, const char *field)
{
	int64_t was, is;
	return look_counter(from, cgroup, file, field, &was) && look_counter(to, cgroup, file, field, &is) ? is - was : 0;
}

int64_t late_vm_rise(const json_t *from, const json_t *to, const char *begin)
{
	const json_t *was = json_object_get(from, "vmstat");
	json_t *is = json_object_get(to, "vmstat"), *value;
	const char *key;
	int64_t n = 0;
	json_object_foreach(is, key, value)
		if (starts_with(key, begin))
			n += look_int(is, key, 0) - look_int(was, key, 0);
	return n;
}
