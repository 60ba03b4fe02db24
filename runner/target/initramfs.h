/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's root: a newc cpio archive (Documentation/driver-api/early-userspace/buffer-format.rst), not compressed,
 * because the kernel unpacks it faster so. It holds
 *   /init                          the agent
 *   /oomload                       the workloads
 *   /dev/console
 *   /lib/modules/oomtests.order    the modules of this shape, one path a line, in the order to load them
 *   /lib/modules/NAME.ko           not compressed
 *   stress-ng and its libraries, under the paths they have here, for shapes that ask for it
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "target/target.h"

/* An archive being written to fd. The first failure is kept: only cpio_end() tells of it. */
struct cpio {
	int fd;
	uint64_t at;
	unsigned inode;
	int errnum;
};

/* Paths have no leading slash; parents come first. */
void cpio_dir(struct cpio *c, const char *path, mode_t mode);
void cpio_file(struct cpio *c, const char *path, mode_t mode, const void *data, size_t len);
void cpio_link(struct cpio *c, const char *path, const char *to);
void cpio_chardev(struct cpio *c, const char *path, mode_t mode, unsigned major, unsigned minor);
/* Writes the trailer. 0, or -1. */
int cpio_end(struct cpio *c, struct error *err);

/* Writes the whole initramfs of a request to fd. */
int initramfs_write(int fd, const struct machine_request *req, struct error *err);
