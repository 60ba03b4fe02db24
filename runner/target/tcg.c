// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/tcg.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "target/process.h"
#include "target/vm.h"

#define MENDED_MAJOR 8
#define MENDED_MINOR 1

bool tcg_mended(const char *version)
{
	int major, minor;
	const char *at = version ? strstr(version, "version ") : NULL;
	if (!at || sscanf(at + strlen("version "), "%d.%d", &major, &minor) != 2)
		return false;
	return major > MENDED_MAJOR || (major == MENDED_MAJOR && minor >= MENDED_MINOR);
}

bool tcg_is_mended(void)
{
	static enum { UNKNOWN, NO, YES } known;
	if (known == UNKNOWN) {
		CLEANUP_FREE char *version = process_line(VM_PROGRAM, "--version");
		known = tcg_mended(version) ? YES : NO;
	}
	return known == YES;
}
