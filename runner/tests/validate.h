/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other people's validators, on what is written for machines. Where one is not installed the test says so and goes on. */
#pragma once

#include <stdbool.h>

/* Is this program there? Says on stderr what goes untested when it is not. */
bool have_validator(const char *program);

/* Runs a shell command; fails the test, with all that it said, when its status is another. */
void validate(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* By results/schema/NAME.json; nothing happens without jsonschema(1). */
void validate_json(int status, const char *schema, const char *path);
