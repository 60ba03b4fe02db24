// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/kvm may open, and even run a few instructions, on hosts where no kernel boots under it (nested and paravirtual
 * ones). Only a boot that reached the agent counts. What was learnt is kept per (boot of this host, QEMU, kernel).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/util.h"
#include "target/vm.h"

/* "$XDG_CACHE_HOME/oomtests/kvm", made if need be; NULL: nowhere to keep it. Malloced. */
static char *memory_path(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	CLEANUP_FREE char *dir = NULL;
	if (cache && *cache == '/')
		dir = xasprintf("%s", cache);
	else if (home && *home == '/')
		dir = xasprintf("%s/.cache", home);
	else
		return NULL;
	CLEANUP_FREE char *own = xasprintf("%s/oomtests", dir);
	if ((mkdir(dir, 0700) < 0 && errno != EEXIST) || (mkdir(own, 0755) < 0 && errno != EEXIST))
		return NULL;
	return xasprintf("%s/kvm", own);
}

/* A file's identity without reading it: replaced or rebuilt files differ. */
static char *file_key(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return xstrdup("-");
	return xasprintf("%llx:%llx:%llx:%llx.%lx", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
			 (unsigned long long)st.st_size, (unsigned long long)st.st_mtim.tv_sec,
			 (unsigned long)st.st_mtim.tv_nsec);
}

/* One line per fact: this text, a blank, "yes" or "no". */
static char *fact_key(const char *image)
{
	char qemu[PATH_MAX] = "-";
	CLEANUP_FREE char *boot = read_whole_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 128, NULL);
	if (boot)
		boot[strcspn(boot, "\n")] = '\0';
	process_find(VM_PROGRAM, qemu);
	CLEANUP_FREE char *qemu_key = file_key(qemu), *image_key = file_key(image);
	return xasprintf("%s %s %s", boot ? boot : "-", qemu_key, image_key);
}

/* 1 works, 0 does not, -1 unknown. */
static int recall(const char *image)
{
	CLEANUP_FREE char *path = memory_path(), *key = fact_key(image);
	CLEANUP_FREE char *all = path ? read_whole_at(AT_FDCWD, path, 1 << 20, NULL) : NULL;
	int found = -1;
	size_t n = strlen(key);
	for (char *save = NULL, *line = all ? strtok_r(all, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			found = streq(line + n + 1, "yes");
	return found;
}

bool kvm_try(const char *image)
{
	const char *accel = getenv("OOMTESTS_ACCEL");
	if (accel && *accel)
		return streq(accel, "kvm");
	if (access("/dev/kvm", R_OK | W_OK) < 0)
		return false;
	return recall(image) != 0;
}

void kvm_remember(const char *image, bool works)
{
	if (recall(image) == works)
		return;
	CLEANUP_FREE char *path = memory_path(), *key = fact_key(image);
	CLEANUP_FREE char *line = xasprintf("%s %s\n", key, works ? "yes" : "no");
	/* Facts of earlier boots of the host are worthless: a file that grew is started afresh. */
	struct stat st;
	bool fresh = path && stat(path, &st) == 0 && st.st_size > 65536;
	CLEANUP_FD int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (fresh ? O_TRUNC : 0), 0644) : -1;
	if (fd >= 0)
		(void)!write(fd, line, strlen(line));
}
