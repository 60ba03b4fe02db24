// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake_root.h"

#include <check.h>
#include <ftw.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/util.h"

static char root[64];

void fake_file(const char *path, const char *format, ...)
{
	CLEANUP_FREE char *whole = xasprintf("%s%s", root, path);
	for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(whole, 0755);
		*slash = '/';
	}
	CLEANUP_FILE FILE *f = fopen(whole, "we");
	ck_assert_msg(f != NULL, "%s", whole);
	va_list ap;
	va_start(ap, format);
	vfprintf(f, format, ap);
	va_end(ap);
}

const char *fake_root(void)
{
	snprintf(root, sizeof(root), "/tmp/oomtests-root-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	fake_file("/proc/meminfo", "MemTotal: 4194304 kB\nMemFree: 1000 kB\nSwapTotal: 1048576 kB\nSwapFree: 1048576 kB\n");
	fake_file("/proc/sys/kernel/osrelease", "6.1.0-40-amd64\n");
	fake_file("/proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)\n");
	fake_file("/proc/sys/kernel/panic", "0\n");
	fake_file("/proc/sys/vm/panic_on_oom", "0\n");
	fake_file("/proc/sys/vm/oom_dump_tasks", "1\n");
	fake_file("/proc/sys/vm/oom_kill_allocating_task", "0\n");
	fake_file("/proc/sys/vm/swappiness", "60\n");
	fake_file("/proc/self/mountinfo", "%s", "22 27 0:21 / /proc rw - proc proc rw\n"
						"30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
	fake_file("/sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
	fake_file("/sys/devices/system/cpu/online", "0-3\n");
	return root;
}

static void member(const struct fake_process *p, const char *file, const char *text)
{
	CLEANUP_FREE char *path = xasprintf("/proc/%d/%s", p->pid, file);
	fake_file(path, "%s", text);
}

void fake_process(const struct fake_process *p)
{
	int threads = p->threads ? p->threads : 1, start = p->start ? p->start : p->pid;
	const char *comm = p->comm ? p->comm : "task";
	CLEANUP_FREE char *stat = xasprintf("%d (%s) S %d 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 %d 0 %d 1000 10 0 1 1 0 0 0\n",
					    p->pid, comm, p->ppid, threads, start);
	CLEANUP_FREE char *status = xasprintf(
		"Name:\t%s\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nUid:\t0\t0\t0\t0\nNSpid:\t%s\n"
		"VmPeak:\t%d kB\nVmSize:\t   99999 kB\nVmLck:\t       0 kB\nRssAnon:\t%8ld kB\nRssFile:\t%8ld kB\n"
		"RssShmem:\t       0 kB\nVmData:\t     100 kB\nVmPTE:\t%8ld kB\nVmSwap:\t%8ld kB\nThreads:\t%d\n"
		"CapEff:\t000001ffffffffff\nMems_allowed_list:\t%s\n",
		comm, p->pid, p->pid, p->ppid, p->nspid ? p->nspid : "1", 99999, (long)p->anon_kb, (long)p->file_kb,
		(long)p->pte_kb, (long)p->swap_kb, threads, p->mems ? p->mems : "0");
	CLEANUP_FREE char *adj = xasprintf("%d\n", p->adj), *score = xasprintf("%d\n", p->score);
	CLEANUP_FREE char *cgroup = xasprintf("0::%s\n", p->cgroup ? p->cgroup : "/");
	member(p, "stat", stat);
	member(p, "status", status);
	member(p, "oom_score_adj", adj);
	if (p->score >= 0)
		member(p, "oom_score", score);
	member(p, "cgroup", cgroup);
	if (p->policy) {
		CLEANUP_FREE char *maps = xasprintf("00400000 %s file=/bin/x mapped=9 N0=9\n00600000 default anon=1\n", p->policy);
		member(p, "numa_maps", maps);
	}
}

void fake_cgroup(const char *path, const char *limit, const char *current, int group)
{
	const struct {
		const char *file, *text;
	} files[] = {
		{ "memory.max", limit }, { "memory.current", current }, { "memory.high", "max" }, { "memory.low", "0" },
		{ "memory.min", "0" }, { "memory.swap.max", "max" }, { "memory.swap.current", "0" },
		{ "memory.oom.group", group ? "1" : "0" }, { "memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP_FREE char *file = xasprintf("/sys/fs/cgroup%s/%s", path, files[i].file);
		fake_file(file, "%s\n", files[i].text);
	}
}

static int unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fake_end(void)
{
	nftw(root, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}
