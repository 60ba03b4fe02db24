/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What -k names. A path to an image (or a kernel's build tree), "host", "lab" (of `make lab-kernel`), or a kernel of
 * Debian's archive by name: debian:SUITE, debian:SUITE-X.Y, debian:SUITE/PACKAGE. Those live in a cache (directory
 * oomtests/kernels of $XDG_CACHE_HOME or ~/.cache) that ci/fetch-kernel fills; what is in the cache is used without
 * asking the network.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct kernel {			/* what -k named, resolved */
	char *name;		/* "debian:bookworm", or the path */
	char *image;		/* path of the bzImage or Image; NULL: the running kernel (host) */
	char *release;		/* "6.1.0-40-cloud-amd64", or NULL if only the image knows */
	char *modules;		/* directory with the modules of this kernel (modules.dep, *.ko), or NULL */
	char *cmdline;		/* parameters that it is always started with (the file cmdline beside the image), or NULL */
};

/* Called with a line for someone who watches a fetch ("downloading …"); may be NULL. */
typedef void kernel_progress(const char *text, void *arg);

/* Fills *k from what -k says; fetches a named kernel that is not in the cache. Paths are only looked at, not into. err->input:
 * there is no such kernel, or it is none; else it could not be had. */
int kernel_resolve(const char *name, kernel_progress *progress, void *arg, struct kernel *k, struct error *err);

/* Without -k: the newest kernel (by version) in the cache; if there is none, KERNEL_DEFAULT is fetched. */
#define KERNEL_DEFAULT "debian:bookworm"
int kernel_default(kernel_progress *progress, void *arg, struct kernel *k, struct error *err);

/* Frees the members and clears them. */
void kernel_clear(struct kernel *k);

/* Asks the archive for the newest kernel of that name, and fetches it unless it is in the cache. *k as above. */
int kernel_fetch(const char *name, kernel_progress *progress, void *arg, struct kernel *k, struct error *err);

struct kernel_entry {		/* a row of `oomtests kernels list` */
	char *name;
	char *about;		/* one line on what it is good for, or NULL */
	/* the rest only for what is in the cache, else NULL and 0 */
	char *dir;
	char *release;
	char *version;		/* of the Debian package */
	char *fetched;		/* ISO 8601, UTC */
	uint64_t bytes;
};

/* All in the cache and all well-known names: the cached first, newest kernel first. Free with kernel_list_free(). */
int kernel_list(struct kernel_entry **entries, size_t *n, struct error *err);
void kernel_list_free(struct kernel_entry *entries, size_t n);
