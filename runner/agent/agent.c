// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/agent.h"

#include <stdarg.h>

json_t *json_now(void)
{
	return json_integer(now_ns() / 1000);
}

json_t *json_errno(int errnum)
{
	if (!errnum)
		return json_null();
	const char *name = strerrorname_np(errnum);
	return name ? json_string(name) : json_sprintf("%d", errnum);
}

int64_t deadline_in(const struct agent *a, double ms)
{
	return now_ns() + (int64_t)(ms * 1e6 * a->scale);
}

void note(struct agent *a, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	wire_send(&a->wire, "note", json_text(text));
}
