/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory zones. */
#pragma once

#include <jansson.h>

/* /proc/zoneinfo: [{"node", "zone", "free", "min", "low", "high", "present", "managed"}] in pages, without empty zones. */
json_t *zones_read(void);
