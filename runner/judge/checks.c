// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/checks.h"

static const char *const names[] = {
	[CHECK_NONE] = "",
#define NAME(id, name) [CHECK_##id] = (name),
	JUDGE_CHECKS(NAME)
#undef NAME
};

const char *check_name(enum check_id id)
{
	return names[id];
}
