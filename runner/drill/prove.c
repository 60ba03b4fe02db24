// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is there room, and a limit that holds? A scratch cgroup gets the drill's limit, which is read back, is seen to be empty, and is
 * taken away again. That the OOM stays within is then the kernel's first promise of a limit.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/util.h"
#include "drill/drill.h"

static int write_text(const char *dir, const char *file, const char *text)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", dir, file);
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -1 : write_all(fd, text, strlen(text));
}

static char *read_text(const char *dir, const char *file)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s", dir, file);
	char *text = read_whole_at(AT_FDCWD, path, 1 << 16, NULL);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static int headroom(const struct drill *d, struct error *err)
{
	int64_t available = machine_value(&d->audit->machine->meminfo, "MemAvailable");
	uint64_t total = d->audit->scene.machine.totalram * (uint64_t)d->audit->machine->page_size,
		 need = 2 * d->memory + total / 20;
	char have[32], want[32];
	if (available < 0 || (uint64_t)available * 1024 < need)
		return error_set(err, 0, "%s are available, and %s are wanted (twice the drill's limit, and a twentieth of all memory)",
				 format_size(available < 0 ? 0 : (uint64_t)available * 1024, have), format_size(need, want));
	return 0;
}

static int limit_holds(const struct drill *d, const char *dir, struct error *err)
{
	const char *file = d->v1 ? "memory.limit_in_bytes" : "memory.max";
	CLEANUP_FREE char *limit = xasprintf("%" PRIu64, d->memory);
	if (write_text(dir, file, limit) < 0)
		return error_set(err, errno, "writing %s to %s/%s", limit, dir, file);
	CLEANUP_FREE char *back = read_text(dir, file), *procs = read_text(dir, "cgroup.procs");
	if (!streq(back, limit))
		return error_set(err, 0, "%s/%s was set to %s and reads %s", dir, file, limit, back ? back : "nothing");
	if (!procs || *procs)
		return error_set(err, 0, "%s is not empty", dir);
	return 0;
}

/* A drill that was killed right here has left an empty cgroup. */
static void clear_proofs(const char *mount)
{
	DIR *top = opendir(mount);
	for (struct dirent *e; top && (e = readdir(top));) {
		if (!starts_with(e->d_name, "oomtests-proof-") || kill(atoi(e->d_name + strlen("oomtests-proof-")), 0) == 0)
			continue;
		CLEANUP_FREE char *dir = xasprintf("%s/%s", mount, e->d_name);
		rmdir(dir);
	}
	if (top)
		closedir(top);
}

int drill_prove(const struct drill *d, struct error *err)
{
	const struct machine *m = d->audit->machine;
	if (geteuid() != 0)
		return error_set(err, 0, "root is needed to make a cgroup; --dry-run and --in vm do without");
	if (!m->mount)
		return error_set(err, 0, "no cgroup tree with a memory controller is mounted; --in vm needs none");
	if (machine_value(&m->sysctl, "vm.panic_on_oom") == 2)
		return error_set(err, 0, "vm.panic_on_oom is 2: the OOM in the box would panic this machine");
	if (headroom(d, err) < 0)
		return -1;
	clear_proofs(m->mount);
	CLEANUP_FREE char *dir = xasprintf("%s/oomtests-proof-%d", m->mount, (int)getpid());
	if (mkdir(dir, 0700) < 0)
		return error_set(err, errno, "making the cgroup %s", dir);
	int ret = limit_holds(d, dir, err);
	if (rmdir(dir) < 0 && ret == 0)
		ret = error_set(err, errno, "removing the cgroup %s", dir);
	return ret;
}
