// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls about the nodes that memory comes from. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

#define STATIC_NODES (1U << 15)	/* linux/mempolicy.h, which musl's compiler does not find */
#define RELATIVE_NODES (1U << 14)
#define NODES 64	/* bits of a mask */

struct policy {
	unsigned int mode;	/* with its flags */
	uint64_t nodes;
	bool given;	/* nodes are */
};

static bool parse_flag(const char *word, unsigned int *flag)
{
	*flag = streq(word, "static") ? STATIC_NODES : streq(word, "relative") ? RELATIVE_NODES : 0;
	return *flag;
}

/* MODE[=FLAG] [NODES], and nothing after it. */
static bool parse_policy(char *args, struct policy *to)
{
	static const char *const modes[] = { "default", "preferred", "bind", "interleave", "local",
					      "preferred_many", "weighted_interleave" };	/* linux/mempolicy.h */
	char *mode = next_word(&args), *nodes = next_word(&args), *flag = mode ? strchr(mode, '=') : NULL;
	unsigned int flags = 0;
	*to = (struct policy){ .given = nodes };
	if (!mode || (flag && !parse_flag(flag + 1, &flags)) || (nodes && !parse_mask(nodes, &to->nodes)) || next_word(&args))
		return false;
	if (flag)
		*flag = '\0';
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		if (streq(modes[i], mode)) {
			to->mode = i | flags;
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
	uint64_t size;
	struct policy to;
	struct result no;
	char *part = last_part(&args, &size, &no);
	(void)l;
	if (!part)
		return no;
	if (!parse_policy(args, &to))
		return BAD_ARGS;
	return result_of(syscall(SYS_mbind, part, size, to.mode, to.given ? &to.nodes : NULL, to.given ? NODES : 0, 0));
}

static struct result call_homenode(struct load *l, char *args)
{
	uint64_t size;
	int64_t node;
	struct result no;
	char *part = last_part(&args, &size, &no), *word = next_word(&args);
	(void)l;
	if (!part)
		return no;
	if (!word || !parse_int(word, 0, NODES - 1, &node) || next_word(&args))
		return BAD_ARGS;
	return result_of(syscall(450, part, size, node, 0));	/* set_mempolicy_home_node */
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
	{ "set_mempolicy", "default|local|preferred|bind|interleave|preferred_many|weighted_interleave[=static|=relative] [NODES]",
	  "set the policy of this task; static: cpusets hide nodes from it and change it not (MPOL_F_STATIC_NODES); relative: its nodes are "
	  "the first, second, ... of the cpuset's (MPOL_F_RELATIVE_NODES)", call_set_mempolicy },
	{ "mbind", "FROM SIZE POLICY", "set that of a part of the last mapping; a policy is what set_mempolicy takes", call_mbind },
	{ "homenode", "FROM SIZE NODE", "the policies of a part of the last mapping take from this one of their nodes first "
	  "(set_mempolicy_home_node, since Linux 5.17)", call_homenode },
	{ "migrate", "FROM TO", "move the process's pages from nodes to others; the result is how many stayed", call_migrate },
	{ NULL, NULL, NULL, NULL },
};
