// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/vmstat.h"

#include "base/util.h"

bool vmstat_is_level(const char *field)
{
	return starts_with(field, "nr_") && !streq(field, "nr_dirtied") && !streq(field, "nr_written");
}
