// SPDX-License-Identifier: GPL-2.0-or-later
/* Private anonymous memory: what most processes are killed for. */
#include <sys/mman.h>

#include "anon.h"

int anon_open(struct load *l)
{
	uint64_t thp, ksm, sparse;
	if (!load_arg_size(l, "thp", 0, 0, 1, &thp) || !load_arg_size(l, "ksm", 0, 0, 1, &ksm) ||
	    !load_arg_size(l, "sparse", 0, 0, 1, &sparse))
		return -1;
	if (thp && ksm)
		return error_say("%s: thp=1 and ksm=1 exclude each other", l->kind->name);
	if (ksm && sparse)
		return error_say("%s: ksm=1 and sparse=1 exclude each other", l->kind->name);
	const char *nodes = load_arg(l, "mbind");
	if (nodes && !parse_mask(nodes, &l->nodes))
		return error_say("%s: mbind=%s: a list of nodes is wanted, such as 0-1,3", l->kind->name, nodes);
	l->advice = thp ? MADV_HUGEPAGE : ksm ? MADV_MERGEABLE : -1;
	l->contents = ksm ? CONTENTS_ALIKE : sparse ? CONTENTS_SPARSE : CONTENTS_RANDOM;
	return 0;
}

failure anon_add(struct load *l, uint64_t bytes)
{
	return segment_add_anon(l, bytes, 0, NULL);
}

const struct kind kind_anon = {
	.name = "anon",
	.help = "private anonymous memory",
	.args = {
		{ "ksm", "1: pages with the same contents, for KSM (MADV_MERGEABLE)" },
		{ "sparse", "1: a word and zeros in each page, which compress well; what else there is does not" },
		{ "mbind", "bind the memory itself, not the task, to these nodes" },
	},
	.open = anon_open,
	.add = anon_add,
	.drop = segment_drop_held,
	.touch = segment_touch,
	.close = segment_close,
};
