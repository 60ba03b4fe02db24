// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls about the generations that the multi-gen LRU puts the pages of each cgroup into: the orders of its file in debugfs
 * (mm/vmscan.c:lru_gen_seq_write), for the own cgroup's memory on node 0. They name it by a number that the file itself tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "call.h"
#include "sysfile.h"

#define GENERATIONS "/sys/kernel/debug/lru_gen"

struct generations {
	int64_t cgroup, youngest;
};

static bool read_line(int fd, char *line, size_t room)
{
	size_t len = 0;
	while (len < room - 1 && read(fd, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = '\0';
	return len > 0;
}

/* Of each cgroup the file has the lines "memcg NUMBER PATH" and, of each node, "node N" and those of its generations, the youngest last. */
static bool look_up(int fd, const char *path, struct generations *to)
{
	static char line[2200];
	bool own = false, found = false;
	int64_t node = -1, number;
	while (read_line(fd, line, sizeof(line))) {
		char *rest = line, *word = next_word(&rest), *second = next_word(&rest);
		if (!second || !parse_int(streq(word, "memcg") || streq(word, "node") ? second : word, 0, INT64_MAX, &number))
			continue;
		if (streq(word, "memcg")) {
			own = streq(rest, path);
			to->cgroup = own ? number : to->cgroup;
		} else if (streq(word, "node")) {
			node = number;
		} else if (own && node == 0) {
			to->youngest = number;
			found = true;
		}
	}
	return found;
}

static struct result own_generations(struct generations *to)
{
	static char path[2400];
	char *end = own_cgroup(path, ":memory:", "");
	if (!end && !(end = own_cgroup(path, "0::", "")))
		return (struct result){ -1, ENOENT };
	*end = '\0';
	int fd = open(GENERATIONS, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return result_of(-1);
	bool found = look_up(fd, path, to);
	close(fd);
	return found ? (struct result){ 0, 0 } : (struct result){ -1, ENOENT };
}

/* "+ CGROUP NODE GENERATION", or "- …" with what follows it. */
static struct result give_order(char what, const struct generations *of, int64_t generation, const char *more)
{
	static char order[160];
	char *at = order;
	*at++ = what;
	*at++ = ' ';
	at = put_decimal(at, (uint64_t)of->cgroup);
	memcpy(at, " 0 ", 3);
	at = put_decimal(at + 3, (uint64_t)generation);
	*at++ = ' ';
	memcpy(at, more, strlen(more) + 1);
	struct result r = sysfile_write(GENERATIONS, order);
	return r.errnum ? r : (struct result){ 0, 0 };
}

static struct result call_age(struct load *l, char *args)
{
	struct generations own;
	(void)l;
	if (next_word(&args))
		return BAD_ARGS;
	struct result r = own_generations(&own);
	return r.errnum ? r : give_order('+', &own, own.youngest, "");
}

static struct result call_evict(struct load *l, char *args)
{
	struct generations own;
	char *word = next_word(&args);
	int64_t back;
	(void)l;
	if (!word || !parse_int(word, 0, 3, &back) || strlen(args) > 40)
		return BAD_ARGS;
	struct result r = own_generations(&own);
	return r.errnum ? r : give_order('-', &own, own.youngest - back, args);
}

const struct call generation_calls[] = {
	{ "age", "", "begin a new generation of the pages of the own cgroup (the multi-gen LRU's)", call_age },
	{ "evict", "BACK [SWAPPINESS [PAGES]]",
	  "reclaim that cgroup's pages of the generation so many before the youngest, and of all older ones, up to PAGES", call_evict },
	{ NULL, NULL, NULL, NULL },
};
