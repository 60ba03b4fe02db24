// SPDX-License-Identifier: GPL-2.0-or-later
/* What oomload does on orders, in failure and at its end; and what its pages contain. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <poll.h>
#include <zlib.h>

#include "base/util.h"
#include "tests/harness.h"
#include "tests/oomload.h"

#define PAGE 4096

/* --- contents --- */

/* Reads `n` pages from the start of the biggest mapping whose header has `text`. */
static void read_pages(struct oomload *o, const char *text, unsigned char *to, size_t n)
{
	char path[64], line[512];
	uint64_t start = 0, biggest = 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", o->pid);
	CLEANUP_FILE FILE *maps = fopen(path, "re");
	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to_;
		if (sscanf(line, "%lx-%lx", &from, &to_) == 2 && strstr(line, text) && to_ - from > biggest) {
			biggest = to_ - from;
			start = from;
		}
	}
	ck_assert_uint_ge(biggest, n * PAGE);
	snprintf(path, sizeof(path), "/proc/%d/mem", o->pid);
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, to, n * PAGE, (off_t)start), (ssize_t)(n * PAGE));
}

static size_t compressed(const unsigned char *data, size_t len)
{
	static unsigned char out[2 * PAGE];
	uLongf size = sizeof(out);
	ck_assert_int_eq(compress2(out, &size, data, len, 9), Z_OK);
	return size;
}

#define PAGES 512

/* No page compresses, and no two are alike. */
static void check_contents(const unsigned char *pages)
{
	for (size_t i = 0; i < PAGES; i++) {
		ck_assert_uint_ge(compressed(pages + i * PAGE, PAGE), PAGE);
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(memcmp(pages + i * PAGE, pages + k * PAGE, PAGE) != 0, "pages %zu and %zu are alike", k, i);
	}
}

static unsigned char pages[PAGES * PAGE], others[PAGES * PAGE];

START_TEST(contents_of_the_fast_fill)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "", 0);
	oomload_expect(&o, "fill 2M", "filled 2097152");
	read_pages(&o, "rw-p", pages, PAGES);
	check_contents(pages);
	oomload_quit(&o);
}
END_TEST

START_TEST(contents_of_growing)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "", 0);
	oomload_expect(&o, "grow 100K 2M", "filled 2097152");
	read_pages(&o, "rw-p", pages, PAGES);
	check_contents(pages);
	oomload_quit(&o);
}
END_TEST

START_TEST(contents_of_a_memfd)
{
	struct oomload o;
	oomload_start(&o, "load", "memfd", "", 0);
	oomload_expect(&o, "fill 2M", "filled 2097152");
	read_pages(&o, "/memfd:", pages, PAGES);
	check_contents(pages);
	oomload_quit(&o);
}
END_TEST

START_TEST(contents_differ_between_processes)
{
	struct oomload a, b;
	oomload_start(&a, "a", "anon", "", 0);
	oomload_start(&b, "b", "anon", "", 0);
	oomload_expect(&a, "fill 2M", "filled 2097152");
	oomload_expect(&b, "fill 2M", "filled 2097152");
	read_pages(&a, "rw-p", pages, PAGES);
	read_pages(&b, "rw-p", others, PAGES);
	for (size_t i = 0; i < PAGES; i++)
		ck_assert(memcmp(pages + i * PAGE, others + i * PAGE, PAGE) != 0);
	oomload_quit(&a);
	oomload_quit(&b);
}
END_TEST

START_TEST(contents_for_ksm_are_alike)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "ksm=1", 0);
	oomload_expect(&o, "fill 2M", "filled 2097152");
	read_pages(&o, "rw-p", pages, PAGES);
	for (size_t i = 1; i < PAGES; i++)
		ck_assert(memcmp(pages, pages + i * PAGE, PAGE) == 0);
	oomload_quit(&o);
}
END_TEST

START_TEST(sparse_contents_are_a_word_each)
{
	static const char zeros[PAGE];
	struct oomload o;
	oomload_start(&o, "load", "anon", "sparse=1", 0);
	oomload_expect(&o, "fill 2M", "filled 2097152");
	read_pages(&o, "rw-p", pages, PAGES);
	for (size_t i = 0; i < PAGES; i++) {
		ck_assert(memcmp(pages + i * PAGE, zeros, sizeof(uint64_t)) != 0);
		ck_assert(memcmp(pages + i * PAGE + sizeof(uint64_t), zeros, PAGE - sizeof(uint64_t)) == 0);
	}
	oomload_quit(&o);
}
END_TEST

/* --- holding still --- */

/* Answering must not fault in a page: else a task that only holds could be the one that triggers an OOM. */
static void check_still(const char *kind, const char *args, unsigned int children)
{
	struct oomload o;
	oomload_start(&o, "load", kind, args, children);
	oomload_expect(&o, "fill 2M", "filled 2097152");
	oomload_expect(&o, "ping", "pong");
	uint64_t faults = proc_stat(o.pid, 10) + proc_stat(o.pid, 12), rss = proc_field(o.pid, "smaps_rollup", "Rss:");
	for (int i = 0; i < 20; i++)
		oomload_expect(&o, "ping", "pong");
	ck_assert_uint_eq(proc_stat(o.pid, 10) + proc_stat(o.pid, 12), faults);
	ck_assert_uint_eq(proc_field(o.pid, "smaps_rollup", "Rss:"), rss);
	oomload_quit(&o);
}

START_TEST(holding_still)
{
	check_still("anon", "", 0);
	check_still("children", "n=2", 2);
	check_still("threads", "n=2", 0);
	check_still("pipe", "", 0);
	check_still("vfork", "", 1);
}
END_TEST

/* The very first order answered must find everything in place, too. */
START_TEST(first_ping_faults_nothing)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "", 0);
	uint64_t faults = proc_stat(o.pid, 10) + proc_stat(o.pid, 12);
	oomload_expect(&o, "ping", "pong");
	ck_assert_uint_eq(proc_stat(o.pid, 10) + proc_stat(o.pid, 12), faults);
	/* All of the program, and more stack than the kernel itself has touched. */
	ck_assert_uint_eq(proc_mapping(o.pid, "/oomload", "Rss:"), proc_mapping(o.pid, "/oomload", "Size:"));
	ck_assert_uint_ge(proc_mapping(o.pid, "[stack]", "Rss:"), 12);
	oomload_quit(&o);
}
END_TEST

/* --- orders --- */

START_TEST(sizes_are_rounded_up)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "", 0);
	oomload_expect(&o, "fill 1", "filled 4096");
	oomload_expect(&o, "fill 8193", "filled 12288");
	oomload_expect(&o, "fill 0", "filled 0");
	oomload_expect(&o, "fill 18446744073709551615", "failed ENOMEM 0");
	oomload_expect(&o, "grow 4096 8192", "filled 8192");
	oomload_expect(&o, "grow 4096 4096", "filled 8192");
	oomload_quit(&o);
}
END_TEST

START_TEST(growing_without_end)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "", 0);
	oomload_order(&o, "grow 4096 0");
	oomload_expect(&o, "ping", "pong");
	oomload_expect(&o, "touch", "error touch: not while growing; stop first");
	oomload_order(&o, "stop");
	char *line = oomload_line(&o);
	ck_assert(line && starts_with(line, "filled "));
	uint64_t total = strtoull(line + 7, NULL, 10);
	char wanted[64];
	snprintf(wanted, sizeof(wanted), "touched %ju", (uintmax_t)total);
	oomload_expect(&o, "touch", wanted);
	oomload_quit(&o);
}
END_TEST

START_TEST(bad_orders)
{
	struct oomload o;
	char longer[1500];
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	static const char *const bad[] = { "fill", "fill x", "fill 1 2", "fill -1", "fill 1.5M", "grow 1", "grow 0 1", "grow 1M 2M 3M",
					   "shrink", "hello", "call", "call nothing", "call mmap", "call mmap 1M upside-down",
					   "call setadj", "call getadj 0", "call cpu 1-0", "call set_mempolicy best 0", "call dropcap all" };
	oomload_start(&o, "load", "anon", "", 0);
	for (size_t i = 0; i <= ARRAY_SIZE(bad); i++) {
		oomload_order(&o, i < ARRAY_SIZE(bad) ? bad[i] : longer);
		char *line = oomload_line(&o);
		ck_assert_msg(line && starts_with(line, "error "), "%s: %s", i < ARRAY_SIZE(bad) ? bad[i] : "long", line ? line : "");
	}
	oomload_expect(&o, "ping", "pong");
	oomload_quit(&o);
}
END_TEST

START_TEST(bad_arguments)
{
	static const char *const bad[][3] = {
		{ "x", "bnon", "" },	{ "x", "anon", "thp=2" },	{ "x", "anon", "x=1" },	{ "x", "anon", "thp" },
		{ "sixteen bytes are", "anon", "" },	{ "x", "children", "n=0" },	{ "x", "children", "weights=0:0" },
		{ "x", "children", "mem=vfork" },	{ "x", "tmpfs", "dir=/proc" },	{ "x", "file", "dir=/dev/shm" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP_FREE char *command = xasprintf("\"${OOMLOAD:-build/oomload}\" '%s' %s %s </dev/null 3>&-", bad[i][0], bad[i][1], bad[i][2]);
		FILE *out = popen(command, "re");
		char line[512] = "";
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), out));
		int status = pclose(out);
		ck_assert_msg(starts_with(line, "error "), "%s: %s", command, line);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	}
}
END_TEST

START_TEST(hostile_names)
{
	static const char *const names[] = { "a) R 1 (b", "two\nlines", "\xff\xfe\x80", "exactly 15 byte", "%s%n", "" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct oomload o;
		oomload_start(&o, names[i], "children", "n=1", 1);
		ck_assert_str_eq(proc_comm(o.pid), names[i]);
		char wanted[32];
		snprintf(wanted, sizeof(wanted), "%s/1", names[i]);
		wanted[15] = '\0';
		ck_assert_str_eq(proc_comm(o.child[1]), wanted);
		oomload_expect(&o, "ping", "pong");
		oomload_quit(&o);
	}
}
END_TEST

/* --- failure is an answer --- */

START_TEST(failed_allocations)
{
	struct oomload o;
	static const char *const kinds[] = { "anon", "mlock", "brk", "memfd", "shm", "tmpfs-mapped", "pgtables", "threads", "zombie-leader" };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		oomload_start(&o, "load", kinds[i], "", 0);
		oomload_expect(&o, "fill 1M", "filled 1048576");
		oomload_expect(&o, "call rlimit_as 1M", "called rlimit_as 0 ok");
		oomload_expect(&o, "fill 64M", "failed ENOMEM 1048576");
		oomload_expect(&o, "touch", "touched 1048576");
		oomload_expect(&o, "grow 1M 0", "failed ENOMEM 1048576");
		oomload_expect(&o, "ping", "pong");
		oomload_expect(&o, "shrink 0", "filled 0");
		oomload_quit(&o);
	}
}
END_TEST

/* --- ends --- */

START_TEST(end_of_input)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "", 0);
	oomload_expect(&o, "fill 1M", "filled 1048576");
	close(o.fd);
	ck_assert_int_eq(oomload_wait(&o), 0);
}
END_TEST

static int pidfd_of(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static bool ends(int pidfd, int timeout_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	return poll(&p, 1, timeout_ms) == 1;
}

/* A parent's death is not its children's; the end of the control stream is. */
START_TEST(children_outlive_their_parent)
{
	static const char *const kinds[][2] = { { "children", "n=1" }, { "sharer", "n=1" }, { "vfork", "" } };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct oomload o;
		oomload_start(&o, "load", kinds[i][0], kinds[i][1], 1);
		oomload_expect(&o, "fill 1M", "filled 1048576");
		CLEANUP_FD int child = pidfd_of(o.child[1]);
		kill(o.pid, SIGKILL);
		ck_assert(WIFSIGNALED(oomload_wait(&o)));
		ck_assert_msg(!ends(child, 50), "%s: the child died with its parent", kinds[i][0]);
		ck_assert_uint_ge(proc_field(o.child[1], "smaps_rollup", "Anonymous:"), 1024);
		close(o.fd);
		ck_assert_msg(ends(child, 10000), "%s: the child was left over", kinds[i][0]);
	}
}
END_TEST

START_TEST(children_that_die_are_said)
{
	struct oomload o;
	oomload_start(&o, "load", "children", "n=2", 2);
	oomload_expect(&o, "fill 2M", "filled 2097152");
	kill(o.child[1], SIGKILL);
	ck_assert_str_eq(oomload_line(&o), "childexit 1 9 0");
	oomload_expect(&o, "ping", "pong");
	oomload_expect(&o, "fill 4M", "failed ECHILD 2097152");
	oomload_expect(&o, "grow 1M 6M", "failed ECHILD 3145728");
	kill(o.child[2], SIGTERM);
	ck_assert_str_eq(oomload_line(&o), "childexit 2 15 0");
	oomload_expect(&o, "grow 1M 0", "failed ECHILD 0");
	oomload_quit(&o);
}
END_TEST

/* --- calls --- */

START_TEST(calls_about_memory)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "", 0);
	uint64_t size = proc_field(o.pid, "status", "VmSize:"), rss = proc_field(o.pid, "smaps_rollup", "Rss:");
	oomload_expect(&o, "call mmap 64M noreserve", "called mmap 0 ok");
	oomload_expect(&o, "call mprotect 32M", "called mprotect 0 ok");
	ck_assert_uint_eq(proc_field(o.pid, "status", "VmSize:"), size + 96 * 1024);
	ck_assert_uint_eq(proc_field(o.pid, "smaps_rollup", "Rss:"), rss);
	oomload_expect(&o, "call fault 1M", "called fault 1048576 ok");
	ck_assert_uint_eq(proc_field(o.pid, "smaps_rollup", "Rss:"), rss + 1024);
	oomload_expect(&o, "call munmap", "called munmap 0 ok");
	oomload_expect(&o, "call munmap", "called munmap 0 ok");
	oomload_expect(&o, "call munmap", "called munmap -1 ENOENT");
	ck_assert_uint_eq(proc_field(o.pid, "status", "VmSize:"), size);
	oomload_expect(&o, "call sbrk 1M", "called sbrk 0 ok");
	ck_assert_uint_eq(proc_field(o.pid, "status", "VmSize:"), size + 1024);
	oomload_expect(&o, "call rlimit_as 1M", "called rlimit_as 0 ok");
	oomload_expect(&o, "call mmap 16M", "called mmap -1 ENOMEM");
	oomload_expect(&o, "call mprotect 16M", "called mprotect -1 ENOMEM");
	oomload_expect(&o, "call sbrk 16M", "called sbrk -1 ENOMEM");
	oomload_expect(&o, "call mmap 0", "called mmap -1 EINVAL");
	oomload_quit(&o);
	oomload_start(&o, "load", "anon", "", 0);
	oomload_expect(&o, "call touch", "called touch 0 ok");
	oomload_expect(&o, "fill 1M", "filled 1048576");
	oomload_expect(&o, "call touch", "called touch 1048576 ok");
	oomload_quit(&o);
}
END_TEST

/* The last that can be is one more than oomload keeps account of; nothing of it is left. */
START_TEST(as_many_children_as_can_be)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "", 0);
	oomload_order(&o, "call forkmax");
	for (int i = 1, n; i <= 512; i++) {
		ck_assert_int_eq(sscanf(oomload_line(&o), "child %d", &n), 1);
		ck_assert_int_eq(n, i);
	}
	ck_assert_str_eq(oomload_line(&o), "called forkmax 512 ENOSPC");
	oomload_expect(&o, "call forks 3", "called forks 0 ok");
	oomload_expect(&o, "call again fork keep", "called again 0 ENOSPC");	/* it is full at once */
	oomload_expect(&o, "call again again fork", "error call again: it takes: CALL [ARGS]");
	oomload_expect(&o, "call forks", "error call forks: it takes: N");
	oomload_expect(&o, "call forkmax some", "error call forkmax: it takes: [SIZE]");
	oomload_expect(&o, "ping", "pong");
	oomload_quit(&o);
}
END_TEST

START_TEST(calls_about_adj)
{
	struct oomload o;
	oomload_start(&o, "load", "anon", "", 0);
	oomload_expect(&o, "call setadj 500", "called setadj 0 ok");
	ck_assert_uint_eq(proc_field(o.pid, "oom_score_adj", ""), 500);
	oomload_expect(&o, "call getadj", "called getadj 500 ok");
	oomload_expect(&o, "call setadj 1001", "called setadj -1 EINVAL");
	oomload_expect(&o, "call setadj x", "called setadj -1 EINVAL");
	oomload_order(&o, "call fork keep");
	pid_t child;
	ck_assert_int_eq(sscanf(oomload_line(&o), "child 1 %d", &child), 1);
	ck_assert_str_eq(oomload_line(&o), "called fork 1 ok");
	oomload_expect(&o, "call setadj 600", "called setadj 0 ok");
	oomload_expect(&o, "call getadj 1", "called getadj 500 ok");
	oomload_expect(&o, "call setadj 700 1", "called setadj 0 ok");
	ck_assert_uint_eq(proc_field(child, "oom_score_adj", ""), 700);
	oomload_expect(&o, "call getadj 2", "called getadj -1 ESRCH");
	oomload_expect(&o, "call setoldadj 15", "called setoldadj 0 ok");
	oomload_expect(&o, "call getadj", "called getadj 1000 ok");
	char wanted[64];
	snprintf(wanted, sizeof(wanted), "called getscore %ju ok", (uintmax_t)proc_field(o.pid, "oom_score", ""));
	oomload_expect(&o, "call getscore", wanted);
	oomload_expect(&o, "call kill 1 9", "called kill 0 ok");
	ck_assert_str_eq(oomload_line(&o), "childexit 1 9 0");
	oomload_expect(&o, "call fork", "called fork 0 ok");
	oomload_quit(&o);
}
END_TEST

START_TEST(call_exec)
{
	struct oomload o;
	char wanted[32];
	oomload_start(&o, "a b", "anon", "", 0);
	oomload_expect(&o, "fill 4M", "filled 4194304");
	oomload_expect(&o, "call setadj 321", "called setadj 0 ok");
	snprintf(wanted, sizeof(wanted), "ready %d", o.pid);
	oomload_expect(&o, "call exec", wanted);
	ck_assert_str_eq(proc_comm(o.pid), "a b");
	ck_assert_uint_lt(proc_field(o.pid, "smaps_rollup", "Anonymous:"), 200);
	oomload_expect(&o, "call getadj", "called getadj 321 ok");
	oomload_expect(&o, "fill 1M", "filled 1048576");
	/* with an environment, which is all that it has then */
	oomload_expect(&o, "call exec 3M", wanted);
	ck_assert_uint_ge(proc_field(o.pid, "smaps_rollup", "Anonymous:"), 3 << 10);
	ck_assert_uint_lt(proc_field(o.pid, "smaps_rollup", "Anonymous:"), (3 << 10) + 200);
	oomload_expect(&o, "call exec 6M", "called exec -1 E2BIG");	/* with the arguments it is more */
	oomload_expect(&o, "call exec 7M", "error call exec: it takes: [SIZE [held]]");
	oomload_quit(&o);
}
END_TEST

/* Held up, it has copied its environment, which counts for it though the program to come has it; and it can be killed. */
START_TEST(call_exec_held)
{
	struct oomload o;
	if (geteuid() != 0)
		return;
	oomload_start(&o, "load", "anon", "", 0);
	oomload_order(&o, "call exec 2M held");
	while (proc_field(o.pid, "status", "RssAnon:") < 2 << 10)
		usleep(1000);	/* nobody tells how far it has come: a look each millisecond */
	ck_assert_int_eq(kill(o.pid, SIGKILL), 0);
	ck_assert(WIFSIGNALED(oomload_wait(&o)));
}
END_TEST

/* What an unprivileged process may: raise its adj, not lower it. Needs root to begin with. */
START_TEST(calls_about_credentials)
{
	struct oomload o;
	if (geteuid() != 0)
		return;
	oomload_start(&o, "load", "zombie-leader", "", 0);
	oomload_expect(&o, "call setuid 65534", "called setuid 0 ok");
	oomload_quit(&o);
	oomload_start(&o, "load", "anon", "", 0);
	oomload_expect(&o, "call dropcap sys_resource", "called dropcap 0 ok");
	oomload_expect(&o, "call setadj 300", "called setadj 0 ok");
	oomload_expect(&o, "call setadj -1", "called setadj -1 EACCES");
	oomload_expect(&o, "call setuid 65534", "called setuid 0 ok");
	ck_assert_uint_eq(proc_field(o.pid, "status", "Uid:"), 65534);
	oomload_expect(&o, "call setadj 400", "called setadj 0 ok");
	oomload_expect(&o, "call setadj 0", "called setadj 0 ok");
	oomload_expect(&o, "call setadj -1", "called setadj -1 EACCES");
	oomload_expect(&o, "call setuid 0", "called setuid -1 EPERM");
	oomload_quit(&o);
}
END_TEST

START_TEST(calls_about_files)
{
	struct oomload o;
	char path[64], order[160], wanted[64], text[32] = "";
	snprintf(path, sizeof(path), "/tmp/oomtests-load-%d", getpid());
	FILE *f = fopen(path, "we");
	fclose(f);
	oomload_start(&o, "load", "anon", "", 0);
	snprintf(order, sizeof(order), "call write %s -17 and more", path);
	oomload_expect(&o, order, "called write 12 ok");
	snprintf(order, sizeof(order), "call read %s", path);
	snprintf(wanted, sizeof(wanted), "called read -17 ok");
	oomload_expect(&o, order, wanted);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	fclose(f);
	unlink(path);
	ck_assert_str_eq(text, "-17 and more");
	oomload_expect(&o, order, "called read -1 ENOENT");
	oomload_quit(&o);
}
END_TEST

/* A child that is held, and one whose memory is taken while it dies; on a kernel without either call that is said. */
START_TEST(calls_that_hold)
{
	struct oomload o;
	pid_t child;
	oomload_start(&o, "holder", "anon", "", 0);
	oomload_expect(&o, "call pin 1", "called pin -1 ESRCH");
	oomload_expect(&o, "call notified", "called notified -1 ENOENT");
	oomload_order(&o, "call fork keep");
	ck_assert_int_eq(sscanf(oomload_line(&o), "child 1 %d", &child), 1);
	ck_assert_str_eq(oomload_line(&o), "called fork 1 ok");
	oomload_order(&o, "call pin 1");
	const char *line = oomload_line(&o);
	if (starts_with(line, "child 2 ")) {
		pid_t holder;
		ck_assert_int_eq(sscanf(line, "child 2 %d", &holder), 1);
		line = oomload_line(&o);
		/* without a userfaultfd the holder ends at once */
		ck_assert_msg(streq(line, "called pin 2 ok") || starts_with(line, "called pin -1 E"), "%s", line);
	}
	oomload_quit(&o);
}
END_TEST

START_TEST(rings_of_pipes)
{
	struct oomload o;
	oomload_start(&o, "rings", "rings", "order=2 pipes=4", 0);
	oomload_expect(&o, "fill 32768", "filled 32768");
	oomload_expect(&o, "fill 32769", "filled 49152");	/* pieces of 4 pages */
	oomload_expect(&o, "touch", "touched 49152");
	oomload_expect(&o, "shrink 16384", "filled 16384");
	oomload_expect(&o, "touch", "touched 16384");
	oomload_quit(&o);
}
END_TEST

/* What is pinned is not mapped, in nobody's RSS, and there. */
START_TEST(pinned_and_unmapped)
{
	struct oomload o;
	if (access("/sys/kernel/slab/io_kiocb", F_OK) < 0)
		return;
	oomload_start(&o, "load", "pinned", "", 0);
	uint64_t rss = proc_field(o.pid, "smaps_rollup", "Rss:"), pinned = proc_field(o.pid, "status", "VmPin:");
	oomload_expect(&o, "fill 2M", "filled 2097152");
	ck_assert_uint_eq(proc_field(o.pid, "status", "VmPin:"), pinned + 2048);
	oomload_expect(&o, "fill 3M", "filled 3145728");
	ck_assert_uint_eq(proc_field(o.pid, "status", "VmPin:"), pinned + 3072);
	oomload_expect(&o, "shrink 1M", "filled 1048576");
	ck_assert_uint_lt(proc_field(o.pid, "smaps_rollup", "Rss:"), rss + 64);
	oomload_quit(&o);
}
END_TEST

/* memfd_secret() is switched on for the machine, or it is not. */
START_TEST(secret_memory)
{
	struct oomload o;
	int fd = (int)syscall(447, 0);
	if (fd < 0)
		return;
	close(fd);
	oomload_start(&o, "load", "secret", "", 0);
	oomload_expect(&o, "fill 2M", "filled 2097152");
	oomload_expect(&o, "grow 256K 3M", "filled 3145728");
	ck_assert_uint_eq(proc_mapping(o.pid, "secretmem", "Rss:"), 3072);
	oomload_expect(&o, "touch", "touched 3145728");
	oomload_expect(&o, "shrink 1M", "filled 1048576");
	ck_assert_uint_eq(proc_mapping(o.pid, "secretmem", "Rss:"), 1024);
	oomload_quit(&o);
}
END_TEST

TESTS("load_orders", contents_of_the_fast_fill, contents_of_growing, contents_of_a_memfd, contents_differ_between_processes,
      contents_for_ksm_are_alike, sparse_contents_are_a_word_each, holding_still, first_ping_faults_nothing,
      sizes_are_rounded_up, growing_without_end, bad_orders, bad_arguments, hostile_names, failed_allocations, end_of_input, children_outlive_their_parent, children_that_die_are_said,
      calls_about_memory, as_many_children_as_can_be, calls_about_adj, call_exec, call_exec_held,
      calls_about_credentials, calls_about_files, calls_that_hold, rings_of_pipes, pinned_and_unmapped, secret_memory)
