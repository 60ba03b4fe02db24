// SPDX-License-Identifier: GPL-2.0-or-later
/* Mapped page cache of a file: RssFile, as the text of programs is. */
#include "filemem.h"

static const char *const dirs[] = { "/var/tmp", "/tmp", ".", NULL };

static int mapfile_open(struct load *l)
{
	return filemem_open(l, dirs, false);
}


const struct kind kind_mapfile = {
	.name = "mapfile",
	.help = "page cache of a file on a disk, written back, mapped and read",
	.args = { FILEMEM_ARGS("/var/tmp, /tmp or . (the first that is not in memory)") },
	.open = mapfile_open,
	.add = filemem_add_written_mapped,
	.drop = filemem_drop_mapped,
	.touch = segment_touch,
	.close = filemem_close,
};
