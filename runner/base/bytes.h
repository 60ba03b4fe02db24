/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and byte strings that come from people or kernels. Every size in the project goes through parse_size(),
 * every integer through parse_int(): both take the whole string or refuse it, never a prefix.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* "4096", "5K", "40M", "2G", "1T" (powers of 1024; an optional "iB" after the letter) to bytes.
 * Refuses an empty string, a sign, a fraction, junk behind the number, an unknown letter, and overflow (errnum ERANGE). */
int parse_size(const char *text, uint64_t *bytes, struct error *err);

/* A decimal integer within [min, max]; the whole string. */
int parse_int(const char *text, int64_t min, int64_t max, int64_t *value, struct error *err);

/* Node or CPU lists as the kernel prints them: "", "0", "0-1,3". Bits above 63 are refused. */
int parse_mask(const char *text, uint64_t *mask, struct error *err);

/* Writes the list form of a mask ("0-1,3") into buf, and returns buf. 64 nodes need at most 256 bytes. */
char *format_mask(uint64_t mask, char buf[256]);

/* "40 MiB", "512 kB", "17 B": for people. Returns buf. */
char *format_size(uint64_t bytes, char buf[32]);
