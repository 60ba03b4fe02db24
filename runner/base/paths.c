// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/paths.h"

#include <errno.h>
#include <limits.h>

#include "base/util.h"

static char *exe_dir(struct error *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n < 0) {
		error_set(err, errno, "can't tell where this program is (/proc/self/exe)");
		return NULL;
	}
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return xstrdup(slash ? path : ".");
}

/* The first of the paths (malloced, all are freed but the one returned) that can be accessed. */
static char *first_of(char *const paths[], int mode, const char *what, const char *variable, struct error *err)
{
	char *found = NULL, *tried = xstrdup("");
	for (size_t i = 0; paths[i]; i++) {
		if (!found && access(paths[i], mode) == 0) {
			found = paths[i];
			continue;
		}
		char *longer = xasprintf("%s%s%s", tried, i ? ", " : "", paths[i]);
		free(tried);
		tried = longer;
		free(paths[i]);
	}
	if (!found)
		error_set(err, 0, "%s not found (looked for %s): build it with make, or set %s to where it is", what,
			  tried, variable);
	free(tried);
	return found;
}

char *find_program_from(const char *exedir, const char *name, struct error *err)
{
	char *paths[5] = { NULL };
	size_t n = 0;
	const char *libdir = getenv("OOMTESTS_LIBDIR");
	if (libdir && *libdir) {
		paths[n++] = xasprintf("%s/%s", libdir, name);
	} else {
		paths[n++] = xasprintf("%s/%s", exedir, name);
		paths[n++] = xasprintf("%s/../ci/%s", exedir, name);
		paths[n++] = xasprintf("%s/../lib/oomtests/%s", exedir, name);
		paths[n++] = xasprintf("%s/lib/oomtests/%s", OOMTESTS_PREFIX, name);
	}
	return first_of(paths, X_OK, name, "OOMTESTS_LIBDIR", err);
}

char *find_cases_from(const char *exedir, struct error *err)
{
	char *paths[4] = { NULL };
	size_t n = 0;
	const char *cases = getenv("OOMTESTS_CASES");
	if (cases && *cases) {
		paths[n++] = xstrdup(cases);
	} else {
		paths[n++] = xasprintf("%s/../cases", exedir);
		paths[n++] = xasprintf("%s/../share/oomtests/cases", exedir);
		paths[n++] = xasprintf("%s/share/oomtests/cases", OOMTESTS_PREFIX);
	}
	return first_of(paths, R_OK | X_OK, "the directory of cases", "OOMTESTS_CASES", err);
}

char *find_baselines(void)
{
	CLEANUP_FREE char *dir = exe_dir(NULL);
	char *paths[4] = { NULL };
	if (!dir)
		return NULL;
	paths[0] = xasprintf("%s/../results/baseline", dir);
	paths[1] = xasprintf("%s/../share/oomtests/baseline", dir);
	paths[2] = xasprintf("%s/share/oomtests/baseline", OOMTESTS_PREFIX);
	return first_of(paths, R_OK | X_OK, "the directory of baselines", "", NULL);
}

char *find_program(const char *name, struct error *err)
{
	CLEANUP_FREE char *dir = exe_dir(err);
	return dir ? find_program_from(dir, name, err) : NULL;
}

/* A path as people write it: without "..", and relative where it is below the current directory. Malloced. */
static char *shortest(const char *path)
{
	CLEANUP_FREE char *real = realpath(path, NULL), *here = realpath(".", NULL);
	size_t n = here ? strlen(here) : 0;
	if (!real)
		return xstrdup(path);
	return xstrdup(n > 1 && starts_with(real, here) && real[n] == '/' ? real + n + 1 : real);
}

char *find_cases(struct error *err)
{
	CLEANUP_FREE char *dir = exe_dir(err);
	CLEANUP_FREE char *found = dir ? find_cases_from(dir, err) : NULL;
	return found ? shortest(found) : NULL;
}
