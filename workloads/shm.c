// SPDX-License-Identifier: GPL-2.0-or-later
/* System V shared memory. Every fill or step is one segment, removed at once in name: it lives while it is attached. */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "oomload.h"

#define SEGMENTS_MAX 4096	/* kernel.shmmni's default */

static struct segment *segments;
static unsigned int n_segments;

static int shm_open_kind(struct load *l)
{
	segments = system_scratch(SEGMENTS_MAX * sizeof(*segments));
	return segments ? 0 : error_say("%s: no memory for its book-keeping", l->kind->name);
}

static failure shm_add(struct load *l, uint64_t bytes)
{
	if (n_segments == SEGMENTS_MAX)
		return ENOSPC;
	int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
	if (id < 0)
		return errno;
	char *p = shmat(id, NULL, 0);
	failure f = p == (void *)-1 ? errno : 0;
	shmctl(id, IPC_RMID, NULL);
	if (f)
		return f;
	uint64_t done;
	f = fill_write(l, p, bytes, &done);
	if (f) {
		shmdt(p);
		return f;
	}
	segments[n_segments++] = (struct segment){ p, bytes };
	l->total += bytes;
	return 0;
}

static failure shm_drop(struct load *l, uint64_t bytes)
{
	while (bytes) {
		struct segment *last = &segments[n_segments - 1];
		uint64_t part = bytes < last->len ? bytes : last->len;
		if (part == last->len) {
			shmdt(last->start);
			n_segments--;
		} else {
			if (madvise(last->start + last->len - part, part, MADV_REMOVE) < 0)
				return errno;
			last->len -= part;
		}
		l->total -= part;
		bytes -= part;
	}
	return 0;
}

static uint64_t shm_touch(struct load *l)
{
	uint64_t total = 0, done;
	(void)l;
	for (unsigned int i = 0; i < n_segments; i++) {
		fill_read(segments[i].start, segments[i].len, page_size, &done);
		total += done;
	}
	return total;
}

const struct kind kind_shm = {
	.name = "shm",
	.help = "System V shared memory (shmget)",
	.open = shm_open_kind,
	.add = shm_add,
	.drop = shm_drop,
	.touch = shm_touch,
};
