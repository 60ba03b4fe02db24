/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dynamically linked program of this machine, with all the libraries it loads, for a guest's root.
 */
#pragma once

#include "base/error.h"
#include "target/initramfs.h"

/* Adds the program of that name in PATH, its interpreter and its libraries under the paths they have here. */
int libraries_add_program(struct cpio *c, const char *name, struct error *err);
