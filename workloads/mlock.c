// SPDX-License-Identifier: GPL-2.0-or-later
/* Anonymous memory that reclaim may not take: mlock(). */
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "oomload.h"

static int mlock_open(struct load *l)
{
	(void)l;
	system_raise_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	return 0;
}

static failure lock(struct load *l, char *p, uint64_t len)
{
	(void)l;
	return mlock(p, len) < 0 ? errno : 0;
}

static failure mlock_add(struct load *l, uint64_t bytes)
{
	return segment_add_anon(l, bytes, 0, lock);
}

const struct kind kind_mlock = {
	.name = "mlock",
	.help = "private anonymous memory, locked",
	.open = mlock_open,
	.add = mlock_add,
	.drop = segment_drop_held,
	.touch = segment_touch,
	.close = segment_close,
};
