// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>

#include "base/util.h"

#define RETRY_MS 5	/* between looks at a cgroup that empties: v1 sends no event for it */

int write_file(const char *path, const char *value, struct error *err)
{
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return error_set(err, errno, "writing \"%s\" to %s", value, path);
	return 0;
}

/* Kills what is in the cgroup now. Returns how many processes it listed. */
static int kill_members(const char *path)
{
	CLEANUP_FREE char *procs = xasprintf("%s/cgroup.procs", path);
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, procs, 1 << 20, NULL);
	int n = 0;
	for (char *p = text; p && *p; n++) {
		pid_t pid = (pid_t)strtol(p, &p, 10);
		/* 0: a member of another PID namespace, which can't be named from here */
		if (pid > 0 && pid != getpid())
			kill(pid, SIGKILL);
		p += *p == '\n';
	}
	return n;
}

/* A frozen v1 cgroup holds its members' deaths back (v2 lets SIGKILL through). */
static void thaw(const char *path)
{
	CLEANUP_FREE char *state = xasprintf("%s/freezer.state", path);
	if (access(state, F_OK) == 0)
		write_file(state, "THAWED", NULL);
}

static int remove_cgroup(const char *path, int64_t deadline, struct error *err)
{
	/* The journal is a file that someone may have edited: never kill beyond what an agent can have made. */
	if (!strstr(path, "/oomtests-"))
		return error_set(err, 0, "%s is not a cgroup of oomtests: left alone", path);
	for (;;) {
		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		int why = errno;
		if (why != EBUSY)
			return error_set(err, why, "removing cgroup %s", path);
		thaw(path);
		int members = kill_members(path);
		if (now_ns() > deadline)
			return error_set(err, why, "removing cgroup %s (%d processes in it)", path, members);
		poll(NULL, 0, RETRY_MS);
	}
}

static int remove_swap(const char *path, struct error *err)
{
	if (swapoff(path) < 0 && errno != EINVAL && errno != ENOENT)
		return error_set(err, errno, "swapoff %s", path);
	return 0;
}

/* /sys/block/zramN */
static int reset_zram(const char *path, bool hot_added, struct error *err)
{
	CLEANUP_FREE char *reset = xasprintf("%s/reset", path);
	if (access(path, F_OK) < 0)
		return 0;
	if (write_file(reset, "1", err) < 0)
		return -1;
	return hot_added ? write_file("/sys/class/zram-control/hot_remove", path + strlen("/sys/block/zram"), err) : 0;
}

static int unmount(const char *path, bool remove_point, struct error *err)
{
	if (umount2(path, UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return error_set(err, errno, "unmounting %s", path);
	if (remove_point)
		rmdir(path);
	return 0;
}

int undo_change(const json_t *entry, int64_t deadline, struct error *err)
{
	const char *path, *value = json_string_value(json_object_get(entry, "value"));
	if ((path = json_string_value(json_object_get(entry, "cgroup"))))
		return remove_cgroup(path, deadline, err);
	if ((path = json_string_value(json_object_get(entry, "file"))))
		return write_file(path, value ? value : "", err);
	if ((path = json_string_value(json_object_get(entry, "swap"))))
		return remove_swap(path, err);
	if ((path = json_string_value(json_object_get(entry, "zram"))))
		return reset_zram(path, streq(value, "remove"), err);
	if ((path = json_string_value(json_object_get(entry, "mount"))))
		return unmount(path, streq(value, "rmdir"), err);
	return error_set(err, 0, "unknown change in the journal");
}
