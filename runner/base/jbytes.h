/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte strings in JSON. The kernel does not promise that a comm, a cgroup's name or a log line is UTF-8, and JSON
 * strings must be: so each byte is sent as the code point of the same number (U+0000 to U+00FF), and nothing is lost.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* A JSON string of these bytes (NULs too). A new reference. */
json_t *json_bytes(const char *data, size_t len);

/* The bytes of such a string, malloced and NUL-terminated; *len, if given, gets their number. Code points above U+00FF,
 * which json_bytes() never makes, become '?'. NULL when the value is not a string. */
char *json_bytes_get(const json_t *value, size_t *len);
