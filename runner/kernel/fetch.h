/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs ci/fetch-kernel; private to runner/kernel. */
#pragma once

#include "kernel/kernel.h"

/* Fetches the kernel into the cache; with `update` also when it is there and the archive has a newer one. Returns its
 * directory, malloced. The fetch ends (and leaves nothing) when this process does. */
char *fetch_kernel(const char *name, bool update, kernel_progress *progress, void *arg, struct error *err);
