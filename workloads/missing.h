/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/* Maps `size` bytes whose pages nobody brings: who touches one waits, killable (fs/userfaultfd.c:handle_userfault). Returns the
 * userfaultfd, or -1 with errno. */
int map_missing(uint64_t size, char **start);
