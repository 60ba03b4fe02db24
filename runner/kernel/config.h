/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel's build configuration, where it lies: in a build tree, beside the image, in /boot. */
#pragma once

#include "kernel/kernel.h"

/* The whole text, malloced, or NULL when there is none to be found. */
char *kernel_config_read(const struct kernel *k);

/* The value of CONFIG_NAME ("y", "m", "250", a string without its quotes) in such a text, malloced, or NULL: not set. */
char *kernel_config_value(const char *config, const char *name);
