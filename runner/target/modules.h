/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules out of a modules directory (lib/modules/RELEASE), without modprobe: modules.dep says what a module
 * needs, modules.builtin what needs no module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct module_list {		/* paths relative to the directory, in the order to load them */
	char **paths;
	size_t n;
};

enum module_found { MODULE_MISSING, MODULE_BUILTIN, MODULE_LISTED };

/* Adds a module and all it depends on (those first) to the list, each once. Names compare as modprobe does: '-' is
 * '_'. Returns enum module_found, or -1 when the directory's files can't be read or are damaged. */
int modules_add(const char *dir, const char *name, struct module_list *list, struct error *err);
void modules_free(struct module_list *list);

/* Reads a module file (.ko, .ko.xz, .ko.gz, .ko.zst), decompressed. Malloced. */
int module_read(const char *dir, const char *path, void **data, size_t *len, struct error *err);
