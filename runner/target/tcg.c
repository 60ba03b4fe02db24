// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/tcg.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "target/process.h"
#include "target/vm.h"

#define SAFE_MAJOR 8
#define SAFE_MINOR 1

bool tcg_threads_safe(const char *version)
{
	int major, minor;
	const char *at = version ? strstr(version, "version ") : NULL;
	if (!at || sscanf(at + strlen("version "), "%d.%d", &major, &minor) != 2)
		return false;
	return major > SAFE_MAJOR || (major == SAFE_MAJOR && minor >= SAFE_MINOR);
}

bool tcg_threads(void)
{
	static enum { UNKNOWN, NO, YES } known;
	if (known == UNKNOWN) {
		CLEANUP_FREE char *version = process_line(VM_PROGRAM, "--version");
		known = tcg_threads_safe(version) ? YES : NO;
	}
	return known == YES;
}
