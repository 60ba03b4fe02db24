// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls about a System V segment that nobody has attached: its memory is in use, and no process has it. */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "call.h"

static int last = -1;

/* Made, filled and detached; it stays. */
static struct result call_segment(struct load *l, char *args)
{
	uint64_t size, done = 0;
	char *word = next_word(&args), *option;
	bool empty = false;
	int flags = IPC_CREAT | 0600;
	if (!word || !parse_size(word, &size))
		return BAD_ARGS;
	while ((option = next_word(&args))) {
		if (streq(option, "noreserve"))
			flags |= SHM_NORESERVE;
		else if (streq(option, "hugetlb"))
			flags |= SHM_HUGETLB;
		else if (streq(option, "empty"))
			empty = true;
		else
			return BAD_ARGS;
	}
	int id = shmget(IPC_PRIVATE, size, flags);
	if (id < 0)
		return result_of(-1);
	last = id;
	if (empty)
		return (struct result){ 0, 0 };
	char *p = shmat(id, NULL, 0);
	if (p == (char *)-1)
		return result_of(-1);
	failure f = fill_write(l, p, size, &done);
	shmdt(p);
	return (struct result){ (int64_t)done, f };
}

static struct result control_last(char *args, int what)
{
	if (next_word(&args))
		return BAD_ARGS;
	return last < 0 ? (struct result){ -1, ENOENT } : result_of(shmctl(last, what, NULL));
}

static struct result call_segmentlock(struct load *l, char *args)
{
	(void)l;
	return control_last(args, SHM_LOCK);
}

static struct result call_segmentunlock(struct load *l, char *args)
{
	(void)l;
	return control_last(args, SHM_UNLOCK);
}

static struct result call_segmentremove(struct load *l, char *args)
{
	(void)l;
	return control_last(args, IPC_RMID);
}

const struct call segment_calls[] = {
	{ "segment", "SIZE [noreserve] [empty] [hugetlb]",
	  "make a System V segment, write all of it unless it is to stay empty, and detach it; the result is the bytes written", call_segment },
	{ "segmentlock", "", "lock the last segment that was made so (SHM_LOCK)", call_segmentlock },
	{ "segmentunlock", "", "unlock it (SHM_UNLOCK)", call_segmentunlock },
	{ "segmentremove", "", "remove it (IPC_RMID)", call_segmentremove },
	{ NULL, NULL, NULL, NULL },
};
