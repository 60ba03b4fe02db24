// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/config.h"

#include <fcntl.h>
#include <sys/utsname.h>

#include "base/util.h"

#define CONFIG_MAX (4u << 20)

/* arch/x86/boot/bzImage of a build tree is three directories below its .config. */
static char *of_tree(const char *dir)
{
	CLEANUP_FREE char *path = xasprintf("%s/../../../.config", dir);
	return read_whole_at(AT_FDCWD, path, CONFIG_MAX, NULL);
}

static char *beside(const char *dir, const char *release)
{
	CLEANUP_FREE char *path = xasprintf("%s/config-%s", dir, release);
	return read_whole_at(AT_FDCWD, path, CONFIG_MAX, NULL);
}

char *kernel_config_read(const struct kernel *k)
{
	struct utsname running;
	const char *slash = k->image ? strrchr(k->image, '/') : NULL;
	if (!k->image)
		return uname(&running) == 0 ? beside("/boot", running.release) : NULL;
	CLEANUP_FREE char *dir = slash ? strndup(k->image, (size_t)(slash - k->image)) : xstrdup(".");
	char *config = k->release ? beside(dir, k->release) : NULL;
	return config || !strstr(dir, "arch/") ? config : of_tree(dir);
}

char *kernel_config_value(const char *config, const char *name)
{
	CLEANUP_FREE char *wanted = xasprintf("CONFIG_%s=", name);
	size_t n = strlen(wanted);
	for (const char *line = config; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, wanted, n) != 0)
			continue;
		const char *value = line + n;
		size_t len = strcspn(value, "\n");
		if (len >= 2 && value[0] == '"' && value[len - 1] == '"')
			return strndup(value + 1, len - 2);
		return strndup(value, len);
	}
	return NULL;
}
