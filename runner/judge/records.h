/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel records as the kernel meant them: a line that others' records tore (klog/cont.h) is one record again. Private
 * to the judge. */
#pragma once

#include <jansson.h>

/*
 * A new array with the records of `kmsg`, which stays as it is. A line in pieces is where its first piece was, with that one's
 * number, time and level; the other pieces are gone. `"torn": true` is set in one whose rest did not come though others' records did and
 * the log went on.
 */
json_t *records_whole(const json_t *kmsg);
