/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of the running kernel, as it comes. Both return only when the source ends or on SIGINT or SIGTERM (0), or on
 * an error (-1). A report is handed out when it is known to be over, or a few seconds after its last line.
 */
#pragma once

#include "base/error.h"
#include "klog/klog.h"

/* New records of /dev/kmsg. Records that were lost because the ring was overrun are skipped. */
int follow_kmsg(struct klog *k, struct error *err);

/* What `journalctl -k -f` says. */
int follow_journal(struct klog *k, struct error *err);

/* One read(2) of /dev/kmsg into a klog: "level,seq,usec,flags;text\n KEY=value…". The text's \xNN are undone in place.
 * False: no such record, or a program's. */
bool kmsg_record(struct klog *k, char *record, size_t len);
