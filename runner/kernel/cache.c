// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/util.h"

/* A directory of ours below the user's cache. Malloced. */
static char *below_cache(const char *name, struct error *err)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (xdg && *xdg == '/')		/* a relative one is to be ignored, says the specification */
		return xasprintf("%s/oomtests/%s", xdg, name);
	if (home && *home == '/')
		return xasprintf("%s/.cache/oomtests/%s", home, name);
	error_set(err, 0, "no place for the cache of kernels: neither XDG_CACHE_HOME nor HOME is set to a directory");
	return NULL;
}

char *cache_dir(struct error *err)
{
	return below_cache("kernels", err);
}

char *lab_dir(struct error *err)
{
	const char *lab = getenv("LAB_DIR");
	return lab && *lab ? xasprintf("%s/kernel", lab) : below_cache("lab/kernel", err);
}

char *cache_path(const char *cache, const char *name)
{
	char *path = xasprintf("%s/%s", cache, name);
	for (char *p = path + strlen(cache) + 1; *p; p++)
		if (*p == ':' || *p == '/')
			*p = '_';
	return path;
}

/* The value of "key: value" in the text of a `source` file, or NULL. */
static char *value_of(const char *text, const char *key)
{
	size_t n = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) == 0 && line[n] == ':' && line[n + 1] == ' ')
			return strndup(line + n + 2, strcspn(line + n + 2, "\n"));
	}
	return NULL;
}

static uint64_t disk_usage(int at, const char *path)
{
	uint64_t bytes = 0;
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (struct dirent *e; (e = readdir(d));) {
		struct stat st;
		if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		bytes += (uint64_t)st.st_blocks * 512;
		if (S_ISDIR(st.st_mode))
			bytes += disk_usage(fd, e->d_name);
	}
	closedir(d);
	return bytes;
}

bool cache_read(const char *dir, struct kernel_entry *e)
{
	CLEANUP_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || faccessat(fd, "vmlinuz", R_OK, 0) < 0)
		return false;
	CLEANUP_FREE char *source = read_whole_at(fd, "source", 1 << 16, NULL);
	char *release = read_whole_at(fd, "release", 256, NULL);
	CLEANUP_FREE char *name = source ? value_of(source, "name") : NULL;
	if (!name || !release) {
		free(release);
		return false;
	}
	release[strcspn(release, "\n")] = '\0';
	*e = (struct kernel_entry){
		.name = TAKE_PTR(name),
		.dir = xstrdup(dir),
		.release = release,
		.version = value_of(source, "version"),
		.fetched = value_of(source, "fetched"),
		.bytes = disk_usage(AT_FDCWD, dir),
	};
	return true;
}

void cache_entry_clear(struct kernel_entry *e)
{
	free(e->name);
	free(e->about);
	free(e->dir);
	free(e->release);
	free(e->version);
	free(e->fetched);
	*e = (struct kernel_entry){ 0 };
}

static int newest_first(const void *a, const void *b)
{
	const struct kernel_entry *x = a, *y = b;
	int order = strverscmp(y->release, x->release);
	if (!order && x->version && y->version)
		order = strverscmp(y->version, x->version);
	return order ? order : strcmp(x->name, y->name);
}

int cache_list(struct kernel_entry **entries, size_t *n, struct error *err)
{
	CLEANUP_FREE char *cache = cache_dir(err);
	if (!cache)
		return -1;
	struct kernel_entry *list = NULL;
	size_t count = 0;
	DIR *d = opendir(cache);
	if (!d && errno != ENOENT)
		return error_set(err, errno, "can't read the cache of kernels, %s", cache);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		CLEANUP_FREE char *dir = xasprintf("%s/%s", cache, e->d_name);
		list = xrealloc(list, count + 1, sizeof(*list));
		count += cache_read(dir, &list[count]);
	}
	if (d)
		closedir(d);
	if (count)
		qsort(list, count, sizeof(*list), newest_first);
	*entries = list;
	*n = count;
	return 0;
}
