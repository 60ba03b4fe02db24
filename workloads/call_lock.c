// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls that lock memory, so that it stays in memory. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

/* All of the last mapping, or a piece of it. */
static struct result call_mlock(struct load *l, char *args)
{
	struct result no;
	uint64_t size;
	bool onfault = streq(args, "onfault");
	char none[] = "";
	(void)l;
	if (*args && !onfault) {
		char *part = last_part(&args, &size, &no);
		return !part ? no : next_word(&args) ? BAD_ARGS : result_of(mlock(part, size));
	}
	const struct segment *last = last_map(none, &no);
	if (!last)
		return no;
	return result_of(onfault ? syscall(SYS_mlock2, last->start, last->len, MLOCK_ONFAULT) : mlock(last->start, last->len));
}

static struct result call_lockable(struct load *l, char *args)
{
	uint64_t size;
	(void)l;
	char *word = next_word(&args);
	if (!word || !parse_size(word, &size) || next_word(&args))
		return BAD_ARGS;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return result_of(-1);
	struct result r = result_of(mlock(p, size));
	munmap(p, size);
	return r;
}

static struct result call_mlockall(struct load *l, char *args)
{
	int flags = MCL_CURRENT;
	char *word = next_word(&args);
	(void)l;
	if (word && !streq(word, "future"))
		return BAD_ARGS;
	return result_of(mlockall(word ? flags | MCL_FUTURE : flags));
}

static struct result call_munlockall(struct load *l, char *args)
{
	(void)l;
	return next_word(&args) ? BAD_ARGS : result_of(munlockall());
}

const struct call lock_calls[] = {
	{ "mlock", "[onfault | FROM SIZE]",
	  "lock what the last mmap or mprotect mapped, page by page as it is touched (onfault) or at once, or SIZE of it behind FROM",
	  call_mlock },
	{ "lockable", "SIZE", "map, lock and unmap so much: is there memory for it?", call_lockable },
	{ "mlockall", "[future]", "lock all that is mapped", call_mlockall },
	{ "munlockall", "", "unlock all", call_munlockall },
	{ NULL, NULL, NULL, NULL },
};
