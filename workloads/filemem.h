/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of one file, l->fd: written (page cache alone) or mapped. The file has no name, so that a killed workload leaves
 * nothing; or with path= it is one that others have too: it is made or extended where needed (never a device), what
 * it already has is only read, and it stays.
 */
#pragma once

#include "oomload.h"

/* Opens l->fd: path=, or a file without a name in dir=, or in the first of `dirs` (NULL-terminated) that is on tmpfs
 * (`on_tmpfs`) or is not in memory (otherwise). Says what is wrong and returns -1. */
int filemem_open(struct load *l, const char *const *dirs, bool on_tmpfs);
#define FILEMEM_ARGS(where)                                                                                          \
	{ "dir", "directory for the file without a name, default " where },                                         \
	{ "path", "this file, shared with others: made if it is not there, read where it has data, left behind" }

/* add and drop for struct kind: by write(). `sync` writes back what was written. */
failure filemem_add_written(struct load *l, uint64_t bytes);
failure filemem_add_written_back(struct load *l, uint64_t bytes);
failure filemem_drop_written(struct load *l, uint64_t bytes);
uint64_t filemem_touch_written(struct load *l);
/* ... by write(), then mapped and read. */
failure filemem_add_written_mapped(struct load *l, uint64_t bytes);
/* ... through the mapping. */
failure filemem_add_mapped(struct load *l, uint64_t bytes);
failure filemem_drop_mapped(struct load *l, uint64_t bytes);
void filemem_close(struct load *l);
