/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of a log, unpacked when they are gzip, xz or zstd (by their first bytes, whatever the name). Memory is bounded:
 * an archive whose window would need more than READER_MEMORY is refused, with the command that unpacks it. So is a format that is none of these.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"

#define READER_MEMORY (40u << 20)

struct reader;

/* Takes over the descriptor. `name` is for messages; it is borrowed. NULL on error. */
struct reader *reader_open(int fd, const char *name, struct error *err);

/* Like read(2): 0 at the end, -1 on error. Several packed streams after another are one. */
ssize_t reader_read(struct reader *r, void *buf, size_t size, struct error *err);

void reader_close(struct reader *r);
