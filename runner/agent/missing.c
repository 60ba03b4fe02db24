// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/missing.h"

#include "agent/wire.h"

void need_missing(json_t *missing, const char *need, const char *why, const char *how)
{
	json_array_append_new(missing, json_pack("{so so so}", "need", json_text(need), "why", json_text(why), "how",
						 json_text(how)));
}
