// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/validate.h"

#include <check.h>
#include <stdarg.h>
#include <sys/wait.h>

#include "base/util.h"

bool have_validator(const char *program)
{
	CLEANUP_FREE char *command = xasprintf("command -v %s >/dev/null", program);
	if (system(command) == 0)
		return true;
	fprintf(stderr, "%s is not installed: what it would validate is not\n", program);
	return false;
}

void validate(int status, const char *fmt, ...)
{
	char *command = NULL;
	va_list ap;
	va_start(ap, fmt);
	ck_assert_int_gt(vasprintf(&command, fmt, ap), 0);
	va_end(ap);
	CLEANUP_FREE char *shell = xasprintf("{ %s; } 2>&1", command);
	FILE *f = popen(shell, "r");
	CLEANUP_FREE char *said = xcalloc(65537, 1);
	size_t n = fread(said, 1, 65536, f);
	said[n] = '\0';
	int ended = pclose(f);
	ck_assert_msg(WIFEXITED(ended) && WEXITSTATUS(ended) == status, "%s: status %d, not %d\n%s", command, WEXITSTATUS(ended),
		      status, said);
	free(command);
}

void validate_json(int status, const char *schema, const char *path)
{
	if (have_validator("jsonschema"))
		validate(status, "jsonschema -i '%s' results/schema/%s.json", path, schema);
}
