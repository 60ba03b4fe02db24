/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache of fetched kernels, as ci/fetch-kernel lays it out; private to runner/kernel. */
#pragma once

#include "kernel/kernel.h"

/* ${XDG_CACHE_HOME:-~/.cache}/oomtests/kernels. Malloced; NULL when there is no home. */
char *cache_dir(struct error *err);

/* Where ci/lab/build puts the lab kernel: kernel in $LAB_DIR, or lab/kernel beside the cache of kernels. Malloced; NULL
 * when there is no home. */
char *lab_dir(struct error *err);

/* Where the kernel of that name is or would be. Malloced. */
char *cache_path(const char *cache, const char *name);

/* Reads the entry in the directory `dir`. false: there is no whole kernel in it. */
bool cache_read(const char *dir, struct kernel_entry *e);
void cache_entry_clear(struct kernel_entry *e);

/* All kernels in the cache, newest version first. No cache at all is an empty list. */
int cache_list(struct kernel_entry **entries, size_t *n, struct error *err);
