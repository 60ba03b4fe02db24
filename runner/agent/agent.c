// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/agent.h"

#include <stdarg.h>

#define YEAR_NS (365 * 86400e9)		/* longer than any plan may wait */

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
	double ns = ms * 1e6 * a->scale;
	return now_ns() + (ns > YEAR_NS ? (int64_t)YEAR_NS : ns > 0 ? (int64_t)ns : 0);
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
