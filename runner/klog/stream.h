/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log of any size to its reports: lines are only looked at near a word that an OOM report has.
 */
#pragma once

#include "base/error.h"
#include "klog/klog.h"
#include "klog/reader.h"

struct stream;

struct stream *stream_new(struct klog *k);

/* Bytes as they come; a last line without its newline waits for more. */
void stream_feed(struct stream *s, const char *bytes, size_t len);

/* Feeds what waits, and klog_flush(). */
void stream_end(struct stream *s);

void stream_free(struct stream *s);

/* All of a reader. 0, or -1: what was read before the error has been fed. Ends the stream. */
int stream_read(struct stream *s, struct reader *r, struct error *err);
