/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel image says about itself in its header, before anything tries to boot it. Understood are the x86 bzImage
 * (Documentation/arch/x86/boot.rst) and the arm64 Image, plain or gzipped (Documentation/arch/arm64/booting.rst).
 */
#pragma once

#include "base/error.h"

enum image_arch { IMAGE_X86_64, IMAGE_ARM64 };

struct kernel_image {
	enum image_arch arch;
	char *release;		/* "6.1.0-40-cloud-amd64"; malloced; NULL when the image does not say */
};

/* Reads and checks the header of the image at `path`. Fails with a sentence for a file that is missing, unreadable, no
 * kernel, of a kind that cannot be booted, or shorter than its header says. The caller frees image->release. */
int kernel_image_probe(const char *path, struct kernel_image *image, struct error *err);

/* The same, for callers that want the release only. *release is malloced, or NULL when the image does not say. */
int kernel_image_read(const char *path, char **release, struct error *err);
