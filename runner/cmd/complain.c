// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>

#include "cmd/cmd.h"

int complain(int status, const char *fmt, ...)
{
	va_list ap;
	fflush(stdout);
	fputs("oomtests: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}
