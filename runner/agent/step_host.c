// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What only the host of this machine can do to it: the runner, at the other end of the stream, does it when it is asked.
 */
#include <errno.h>

#include "agent/agent.h"
#include "agent/step.h"

/* The runner's answer to the step in work, or NULL. Anything else that comes meanwhile is nothing we asked for. */
static json_t *take_answer(struct agent *a)
{
	for (char *line; (line = wire_line(&a->wire));) {
		json_t *message = json_loads(line, 0, NULL), *answer = json_object_get(message, "host");
		bool ours = json_integer_value(json_object_get(answer, "step")) == a->step;
		json_incref(answer);
		json_decref(message);
		if (json_is_object(answer) && ours)
			return answer;
		json_decref(answer);
	}
	return NULL;
}

static bool answered(struct agent *a, void *arg)
{
	json_t **answer = arg;
	*answer = take_answer(a);
	return *answer;
}

int op_host(struct agent *a, const json_t *step, json_t *reply, struct error *err)
{
	const char *what = step_text(step, "what", err);
	json_t *answer = NULL;
	if (!what)
		return -1;
	wire_send(&a->wire, "host", json_pack("{si so}", "step", a->step, "what", json_text(what)));
	if (step_wait(a, answered, &answer, step, 0, reply, err) < 0)
		return -1;
	const char *refused = json_string_value(json_object_get(answer, "error"));
	json_t *errnum = json_object_get(answer, "errno");
	int ret = refused ? error_set(err, 0, "the host can't %s: %s", what, refused) : 0;
	json_object_set(reply, "errno", errnum ? errnum : json_null());
	json_decref(answer);
	return ret;
}
