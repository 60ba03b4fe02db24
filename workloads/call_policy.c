// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls about the nodes that memory comes from. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

#define STATIC_NODES (1U << 15)	/* linux/mempolicy.h, which musl's compiler does not find */
#define NODES 64	/* bits of a mask */

struct policy {
	unsigned int mode;	/* with its flag */
	uint64_t nodes;
	bool given;	/* nodes are */
};

/* MODE[=static] [NODES], and nothing after it. */
static bool parse_policy(char *args, struct policy *to)
{
	static const char *const modes[] = { "default", "preferred", "bind", "interleave", "local",
					      "preferred_many", "weighted_interleave" };	/* linux/mempolicy.h */
	char *mode = next_word(&args), *nodes = next_word(&args), *flag = mode ? strchr(mode, '=') : NULL;
	*to = (struct policy){ .given = nodes };
	if (!mode || (flag && !streq(flag, "=static")) || (nodes && !parse_mask(nodes, &to->nodes)) || next_word(&args))
		return false;
	if (flag)
		*flag = '\0';
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		if (streq(modes[i], mode)) {
			to->mode = i | (flag ? STATIC_NODES : 0);
			return true;
		}
	}
	return false;
}

static struct result call_set_mempolicy(struct load *l, char *args)
{
	struct policy to;
	(void)l;
	if (!parse_policy(args, &to))
		return BAD_ARGS;
	return result_of(syscall(SYS_set_mempolicy, to.mode, to.given ? &to.nodes : NULL, to.given ? NODES : 0));
}

static struct result call_mbind(struct load *l, char *args)
{
	char *at = next_word(&args), *word = next_word(&args), none[] = "";
	uint64_t from, size;
	struct policy to;
	struct result no;
	(void)l;
	if (!word || !parse_size(at, &from) || !parse_size(word, &size) || !parse_policy(args, &to))
		return BAD_ARGS;
	const struct segment *last = last_map(none, &no);
	if (!last)
		return no;
	if (from > last->len || size > last->len - from)
		return (struct result){ -1, ERANGE };
	return result_of(syscall(SYS_mbind, (char *)last->start + from, size, to.mode, to.given ? &to.nodes : NULL,
				 to.given ? NODES : 0, 0));
}

static struct result call_migrate(struct load *l, char *args)
{
	char *from = next_word(&args), *to = next_word(&args);
	uint64_t old, new;
	(void)l;
	if (!to || !parse_mask(from, &old) || !parse_mask(to, &new) || next_word(&args))
		return BAD_ARGS;
	return result_of(syscall(SYS_migrate_pages, 0, NODES, &old, &new));
}

const struct call policy_calls[] = {
	{ "set_mempolicy", "default|local|preferred|bind|interleave|preferred_many|weighted_interleave[=static] [NODES]",
	  "set the policy of this task; static: cpusets hide nodes from it and change it not (MPOL_F_STATIC_NODES)", call_set_mempolicy },
	{ "mbind", "FROM SIZE POLICY", "set that of a part of the last mapping; a policy is what set_mempolicy takes", call_mbind },
	{ "migrate", "FROM TO", "move the process's pages from nodes to others; the result is how many stayed", call_migrate },
	{ NULL, NULL, NULL, NULL },
};
