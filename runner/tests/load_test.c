// SPDX-License-Identifier: GPL-2.0-or-later
/* Every kind of oomload: what it says it holds is what the kernel says it holds, and it is of that kind. */
#include <check.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/oomload.h"

/* An idle workload must stay below: the program and its data, all of which are faulted in (with musl some 100 kB,
 * with glibc 840), and stacks. */
static uint64_t idle_kb(void)
{
	const char *program = getenv("OOMLOAD");
	CLEANUP_FREE char *elf = read_whole_at(AT_FDCWD, program ? program : "build/oomload", 64 << 20, NULL);
	ck_assert_ptr_nonnull(elf);
	Elf64_Ehdr head;
	memcpy(&head, elf, sizeof(head));
	uint64_t bytes = 0;
	for (size_t i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr part;
		memcpy(&part, elf + head.e_phoff + i * sizeof(part), sizeof(part));
		bytes += part.p_type == PT_LOAD ? part.p_memsz : 0;
	}
	return bytes / 1024 + 96;
}

/* How many kB the kernel says that the kind's memory is. */
typedef uint64_t held_fn(struct oomload *o);

/* start, fill 4M, grow to 6M, shrink to 2M; after each, `held` must have moved by that much, and at most `more` kB. */
static void exercise(const char *kind, const char *args, unsigned int children, held_fn *held, uint64_t more)
{
	static const struct {
		const char *order, *answer;
		uint64_t kb;
	} orders[] = {
		{ "fill 4194304", "filled 4194304", 4096 },
		{ "touch", "touched 4194304", 4096 },
		{ "grow 1048576 6291456", "filled 6291456", 6144 },
		{ "touch", "touched 6291456", 6144 },
		{ "shrink 2097152", "filled 2097152", 2048 },
		{ "ping", "pong", 2048 },
		{ "fill 0", "filled 0", 0 },
	};
	struct oomload o;
	oomload_start(&o, "load", kind, args, children);
	uint64_t idle = proc_state(o.pid) == 'Z' ? 0 : proc_field(o.pid, "status", "VmRSS:");
	ck_assert_msg(idle < idle_kb(), "%s: %ju kB are resident before anything is held", kind, (uintmax_t)idle);
	uint64_t before = held(&o);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		oomload_expect(&o, orders[i].order, orders[i].answer);
		uint64_t now = held(&o) - before;
		ck_assert_msg(now >= orders[i].kb && now <= orders[i].kb + more, "%s after %s: %ju kB, not %ju", kind,
			      orders[i].order, (uintmax_t)now, (uintmax_t)orders[i].kb);
	}
	oomload_quit(&o);
}

static uint64_t held_anonymous(struct oomload *o)
{
	return proc_field(o->pid, "smaps_rollup", "Anonymous:");
}

static uint64_t held_locked(struct oomload *o)
{
	return proc_field(o->pid, "smaps_rollup", "Locked:");
}

static uint64_t held_heap(struct oomload *o)
{
	return proc_mapping(o->pid, "[heap]", "Anonymous:");
}

static uint64_t held_stack(struct oomload *o)
{
	return proc_mapping(o->pid, "[stack]", "Anonymous:");
}

static uint64_t held_sysv(struct oomload *o)
{
	return proc_mapping(o->pid, "/SYSV", "Rss:");
}

static uint64_t held_memfd(struct oomload *o)
{
	return proc_mapping(o->pid, "/memfd:oomload", "Rss:");
}

static uint64_t held_dev_shm(struct oomload *o)
{
	return proc_mapping(o->pid, "/dev/shm/", "Rss:");
}

static uint64_t held_page_tables(struct oomload *o)
{
	return proc_field(o->pid, "status", "VmPTE:");
}

/* The file that the process holds open, and the kind of its file system. */
static int open_file_of(pid_t pid, bool *in_memory)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	int fd = -1;
	for (struct dirent *e; fd < 0 && (e = readdir(dir));) {
		struct stat st;
		if (fstatat(dirfd(dir), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode) && atoi(e->d_name) > 3)
			fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC);
	}
	closedir(dir);
	ck_assert_msg(fd >= 0, "no file is open");
	struct statfs fs;
	ck_assert_int_eq(fstatfs(fd, &fs), 0);
	*in_memory = fs.f_type == TMPFS_MAGIC;
	return fd;
}

/* Pages of the file that are in the page cache. */
static uint64_t cached_kb(int fd)
{
	struct stat st;
	ck_assert_int_eq(fstat(fd, &st), 0);
	if (!st.st_size)
		return 0;
	size_t pages = ((size_t)st.st_size + 4095) / 4096, cached = 0;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(p, MAP_FAILED);
	unsigned char *resident = xcalloc(pages, 1);
	ck_assert_int_eq(mincore(p, (size_t)st.st_size, resident), 0);
	for (size_t i = 0; i < pages; i++)
		cached += resident[i] & 1;
	free(resident);
	munmap(p, (size_t)st.st_size);
	return cached * 4;
}

static uint64_t held_cache(struct oomload *o, bool wanted_in_memory)
{
	bool in_memory;
	CLEANUP_FD int fd = open_file_of(o->pid, &in_memory);
	ck_assert_int_eq(in_memory, wanted_in_memory);
	ck_assert_uint_lt(proc_field(o->pid, "status", "VmRSS:"), idle_kb());
	return cached_kb(fd);
}

static uint64_t held_disk_cache(struct oomload *o)
{
	return held_cache(o, false);
}

static uint64_t held_tmpfs(struct oomload *o)
{
	return held_cache(o, true);
}

static uint64_t held_mapped_file(struct oomload *o)
{
	bool in_memory;
	CLEANUP_FD int fd = open_file_of(o->pid, &in_memory);
	ck_assert(!in_memory);
	return proc_mapping(o->pid, "(deleted)", "Rss:");
}

static uint64_t held_by_children(struct oomload *o)
{
	uint64_t sum = 0, most = 0, least = UINT64_MAX;
	for (unsigned int i = 1; i <= o->n_children; i++) {
		uint64_t kb = proc_field(o->child[i], "smaps_rollup", "Anonymous:");
		sum += kb;
		most = kb > most ? kb : most;
		least = kb < least ? kb : least;
	}
	ck_assert_uint_le(most - least, 16);	/* equal shares; and small differences of start-up */
	ck_assert_uint_lt(proc_field(o->pid, "status", "VmRSS:"), idle_kb());
	return sum;
}

/* Each of them must have all of it. */
static uint64_t held_by_each(struct oomload *o)
{
	uint64_t first = proc_mapping(o->child[1], "/memfd:oomload", "Rss:");
	for (unsigned int i = 1; i <= o->n_children; i++) {
		ck_assert_uint_eq(proc_mapping(o->child[i], "/memfd:oomload", "Rss:"), first);
		/* Pss divides a page among those who map it. */
		ck_assert_uint_le(proc_mapping(o->child[i], "/memfd:oomload", "Pss:"), first / o->n_children + 4);
	}
	return first;
}

static uint64_t held_shared_mm(struct oomload *o)
{
	uint64_t own = held_anonymous(o);
	for (unsigned int i = 1; i <= o->n_children; i++)
		ck_assert_uint_eq(proc_field(o->child[i], "smaps_rollup", "Anonymous:"), own);
	return own;
}

/* The leader has no memory any more; the other thread has. */
static uint64_t held_by_worker(struct oomload *o)
{
	char path[64];
	pid_t worker = 0;
	ck_assert_int_eq(proc_state(o->pid), 'Z');
	snprintf(path, sizeof(path), "/proc/%d/task", o->pid);
	DIR *dir = opendir(path);
	for (struct dirent *e; (e = readdir(dir));)
		if (atoi(e->d_name) > 0 && atoi(e->d_name) != o->pid)
			worker = atoi(e->d_name);
	closedir(dir);
	ck_assert_int_ne(worker, 0);
	return proc_field(worker, "smaps_rollup", "Anonymous:");	/* /proc has threads too, unlisted */
}

#define KIND_TEST(test, kind, args, children, held, more)       \
	START_TEST(test)                                        \
	{                                                       \
		exercise(kind, args, children, held, more);     \
	}                                                       \
	END_TEST

KIND_TEST(anon, "anon", "", 0, held_anonymous, 0)
KIND_TEST(anon_faults, "anon", "fault=user", 0, held_anonymous, 0)
KIND_TEST(anon_ksm, "anon", "ksm=1", 0, held_anonymous, 0)
KIND_TEST(anon_sparse, "anon", "sparse=1", 0, held_anonymous, 0)
KIND_TEST(mlock_, "mlock", "", 0, held_locked, 0)
KIND_TEST(brk_, "brk", "", 0, held_heap, 0)
KIND_TEST(stack, "stack", "", 0, held_stack, 16)
KIND_TEST(file, "file", "", 0, held_disk_cache, 0)
KIND_TEST(mapfile, "mapfile", "", 0, held_mapped_file, 0)
KIND_TEST(tmpfs, "tmpfs", "", 0, held_tmpfs, 0)
KIND_TEST(tmpfs_mapped, "tmpfs-mapped", "dir=/dev/shm", 0, held_dev_shm, 0)
KIND_TEST(posixshm, "posixshm", "", 0, held_dev_shm, 0)
KIND_TEST(shm, "shm", "", 0, held_sysv, 0)
KIND_TEST(memfd, "memfd", "", 0, held_memfd, 0)
KIND_TEST(memfd_unmapped, "memfd-unmapped", "", 0, held_tmpfs, 0)
KIND_TEST(cow, "cow", "", 0, held_anonymous, 0)
KIND_TEST(pgtables, "pgtables", "", 0, held_page_tables, 64)
KIND_TEST(children, "children", "n=4", 4, held_by_children, 64)
KIND_TEST(children_shared, "children", "shared=1 n=3", 3, held_by_each, 0)
KIND_TEST(threads, "threads", "n=4", 0, held_anonymous, 16)
KIND_TEST(zombie_leader, "zombie-leader", "", 0, held_by_worker, 0)
KIND_TEST(sharer, "sharer", "n=2", 2, held_shared_mm, 0)
KIND_TEST(vfork_, "vfork", "", 1, held_shared_mm, 0)

/* A huge page that can't be had is an answer, and no end. With a pool, it is held. */
START_TEST(hugetlb)
{
	struct oomload o;
	uint64_t free_pages = 0;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, "/proc/meminfo", 65536, NULL);
	const char *field = text ? strstr(text, "HugePages_Free:") : NULL;
	if (field)
		free_pages = strtoull(field + 15, NULL, 10);
	oomload_start(&o, "huge", "hugetlb", "noreserve=1", 0);
	if (free_pages >= 3) {
		oomload_expect(&o, "fill 5000000", "filled 6291456");
		ck_assert_uint_eq(proc_mapping(o.pid, "anon_hugepage", "Private_Hugetlb:"), 6144);
		oomload_expect(&o, "fill 0", "filled 0");
	} else if (free_pages == 0) {
		oomload_expect(&o, "fill 2M", "failed SIGBUS 0");
		oomload_quit(&o);
		oomload_start(&o, "huge", "hugetlb", "", 0);
		oomload_expect(&o, "fill 2M", "failed ENOMEM 0");
	}
	oomload_expect(&o, "ping", "pong");
	oomload_quit(&o);
}
END_TEST

/* --- kernel memory: only a cgroup says whose it is --- */

static char box_path[96], box_usage[128];

/* A memory cgroup of our own, or false where there is none to be had. */
static bool box_make(void)
{
	static const struct {
		const char *dir, *usage;
	} places[] = { { "/sys/fs/cgroup/memory", "memory.usage_in_bytes" }, { "/sys/fs/cgroup", "memory.current" } };
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(box_path, sizeof(box_path), "%s/oomtests-load-%d", places[i].dir, getpid());
		snprintf(box_usage, sizeof(box_usage), "%s/%s", box_path, places[i].usage);
		if (mkdir(box_path, 0755) < 0)
			continue;
		if (access(box_usage, R_OK) == 0)
			return true;
		rmdir(box_path);
	}
	return false;
}

static uint64_t held_in_box(struct oomload *o)
{
	(void)o;
	CLEANUP_FREE char *text = read_whole_at(AT_FDCWD, box_usage, 64, NULL);
	ck_assert_ptr_nonnull(text);
	return strtoull(text, NULL, 10) / 1024;
}

/* fill 8M must be charged between `least` and `most` kB, and no process be bigger for it. */
static void exercise_kernel_memory(const char *kind, uint64_t least, uint64_t most)
{
	struct oomload o;
	char procs[128], pid[16];
	if (!box_make()) {
		printf("%s: no memory cgroup can be made: not measured\n", kind);
		return;
	}
	oomload_start(&o, "load", kind, "", 0);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", box_path);
	int n = snprintf(pid, sizeof(pid), "%d", o.pid);
	CLEANUP_FD int fd = open(procs, O_WRONLY | O_CLOEXEC);
	bool inside = write(fd, pid, (size_t)n) == n;
	uint64_t before = held_in_box(&o), rss = proc_field(o.pid, "status", "VmRSS:");
	oomload_expect(&o, "fill 8M", "filled 8388608");
	uint64_t after = held_in_box(&o), rss_after = proc_field(o.pid, "status", "VmRSS:");
	oomload_expect(&o, "touch", "touched 8388608");
	oomload_expect(&o, "grow 1M 9M", "filled 9437184");
	oomload_expect(&o, "shrink 1M", "filled 1048576");
	oomload_expect(&o, "touch", "touched 1048576");
	oomload_quit(&o);
	for (int tries = 0; rmdir(box_path) < 0 && errno == EBUSY && tries < 1000; tries++)
		sched_yield();
	ck_assert(inside);
	ck_assert_msg(after - before >= least && after - before <= most, "%s: %ju kB are charged for 8192", kind,
		      (uintmax_t)(after - before));
	ck_assert_uint_le(rss_after, rss + 64);
}

START_TEST(pipe_)
{
	exercise_kernel_memory("pipe", 8192, 8192 + 1024);
}
END_TEST

START_TEST(sockets)
{
	exercise_kernel_memory("sockets", 8192, 8192 * 3 / 2);
}
END_TEST

START_TEST(slab)
{
	exercise_kernel_memory("slab", 8192 * 3 / 4, 8192 * 5 / 4);
}
END_TEST

START_TEST(inodes)
{
	exercise_kernel_memory("inodes", 8192 * 3 / 4, 8192 * 5 / 4);
}
END_TEST

/* Kinds that only grow. */
START_TEST(only_grow)
{
	static const char *const kinds[][3] = {
		{ "stacks", "each=16K", "fill 1M" }, { "tcp", "n=4", "fill 1M" }, { "udp", "n=4", "fill 1M" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct oomload o;
		oomload_start(&o, "load", kinds[i][0], kinds[i][1], 0);
		oomload_expect(&o, kinds[i][2], "filled 1048576");
		oomload_expect(&o, "touch", "touched 1048576");
		oomload_expect(&o, "shrink 512K", "failed EOPNOTSUPP 1048576");
		oomload_quit(&o);
	}
}
END_TEST

TESTS("load", anon, anon_faults, anon_ksm, anon_sparse, mlock_, brk_, stack, file, mapfile, tmpfs, tmpfs_mapped, posixshm, shm,
      memfd, memfd_unmapped, cow, pgtables, children, children_shared, threads, zombie_leader, sharer, vfork_, hugetlb,
      pipe_, sockets, slab, inodes, only_grow)
