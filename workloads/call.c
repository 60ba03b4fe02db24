// SPDX-License-Identifier: GPL-2.0-or-later
#include "call.h"

#include <errno.h>

static const struct call *const tables[] = {
	memory_calls, mapped_calls, lock_calls, held_calls, process_calls, trace_calls, exec_calls, rights_calls, machine_calls,
	policy_calls, file_calls, hold_calls, notify_calls, mutex_calls, wrapped_calls, segment_calls,
	kernel_calls, generation_calls,
};

struct result result_of(int64_t ret)
{
	return (struct result){ ret, ret == -1 ? errno : 0 };
}

const struct call *call_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct call *c = tables[i]; c->name; c++)
			if (streq(c->name, name))
				return c;
	return NULL;
}

void call_run(struct load *l, char *order)
{
	char *word = next_word(&order);
	const struct call *c = word ? call_find(word) : NULL;
	if (!c) {
		error_say("call %s: no such call; oomload --list shows them", word ? word : "");
		return;
	}
	struct result r = c->run(l, order);
	if (r.errnum < 0)
		error_say("call %s: it takes: %s", c->name, *c->args ? c->args : "nothing");
	else
		say(control_out, "called %s %d %s", c->name, r.value, failure_name(r.errnum));
}

void calls_list(int fd)
{
	say(fd, "Calls (the order `call WHAT ...`; also the step `call` of a case):");
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct call *c = tables[i]; c->name; c++)
			say(fd, "  %s%s%s  %s", c->name, *c->args ? " " : "", c->args, c->help);
}
