// SPDX-License-Identifier: GPL-2.0-or-later
/* Page cache of a file that nobody maps: reclaim takes it first, and no process is bigger for it. */
#include "filemem.h"

static const char *const dirs[] = { "/var/tmp", "/tmp", ".", NULL };
static uint64_t dirty;

static int file_open(struct load *l)
{
	if (!load_arg_size(l, "dirty", 0, 0, 1, &dirty))
		return -1;
	return filemem_open(l, dirs, false);
}

static failure file_add(struct load *l, uint64_t bytes)
{
	return dirty ? filemem_add_written(l, bytes) : filemem_add_written_back(l, bytes);
}

const struct kind kind_file = {
	.name = "file",
	.help = "page cache of a file on a disk, not mapped; written back, so reclaim can take it at once",
	.args = {
		FILEMEM_ARGS("/var/tmp, /tmp or . (the first that is not in memory)"),
		{ "dirty", "1: not written back; a disk that path= names is overwritten" },
	},
	.open = file_open,
	.add = file_add,
	.drop = filemem_drop_written,
	.touch = filemem_touch_written,
	.close = filemem_close,
};
